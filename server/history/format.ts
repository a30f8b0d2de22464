// The format of a history file: JSON Lines, each line a header, the group, a task before its first event,
// an event, or the end with a checksum over all before it. Names are spelled as in the columns of a store.
import { createHash } from 'node:crypto'
import type { Group, HistoryEvent, Json, Task } from '../../machines/index.ts'
import { FINAL_STATES, OPERATIONS, TASK_STATES } from '../../machines/index.ts'
import { type Static, Type } from '../typebox.ts'

export const FORMAT = 'rollcall.history'
/** Raised when a reader of the last version could misread a file. */
export const FORMAT_VERSION = 1

const Id = Type.String({ minLength: 1 })
const Count = Type.Integer({ minimum: 0 })
const Ms = Type.Integer()
const anyOf = (values: readonly string[]) => Type.Enum([...values])
const orNull = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()])
const list = <T extends Type.TSchema>(schema: T) => Type.Array(schema)

/** Read before anything else, so that a file of another version is named as such. */
export const Header = Type.Object({
  format: Type.Literal(FORMAT),
  version: Type.Integer({ minimum: 1 }),
  /** Of the package that wrote it. */
  rollcall: Type.String(),
  group_id: Id,
  exported_at: Type.String(),
  /** What happened in the store after this event is not in the file. */
  last_event_id: Count,
})
export type Header = Static<typeof Header>

const Use = Type.Object({
  resource_type: Type.String(),
  resource_id: Type.String(),
  operation: anyOf(OPERATIONS),
})
const States = list(anyOf(FINAL_STATES))
const Failure = Type.Object({
  error: Type.Object({
    code: Type.String(),
    description: Type.String(),
    data: Type.Unknown(),
    sub_errors: list(Type.Unknown()),
  }),
  exception: orNull(Type.String()),
  traceback: orNull(Type.String()),
  status: orNull(Type.Integer()),
})

const GroupLine = Type.Object({
  group: Type.Object({
    group_id: Id,
    value: Type.String(),
    seq: Count,
    tags: list(Type.String()),
    on_failure: anyOf(['continue', 'cancel']),
    counts: Type.Object(Object.fromEntries(TASK_STATES.map(state => [state, Count]))),
    canceled: Type.Boolean(),
    submit_ms: Ms,
    finish_ms: orNull(Ms),
    rev: Count,
  }),
})

const TaskLine = Type.Object({
  task: Type.Object({
    task_id: Id,
    value: Type.String(),
    seq: Count,
    place: orNull(Count),
    group_id: Id,
    parent_id: orNull(Id),
    call: Type.String(),
    args: Type.Object({}),
    tags: list(Type.String()),
    resources: list(Use),
    dependencies: list(Type.Object({ task_id: Id, states: States })),
    dependency_failures: Type.Record(
      Type.String(),
      Type.Object({ expected: States, actual: anyOf(FINAL_STATES) }),
    ),
    priority: Type.Number(),
    cancellable: Type.Boolean(),
    principal: orNull(Type.String()),
    response: anyOf(['accepted', 'postponed']),
    reasons: list(Use),
    blockers: Type.Integer(),
    unplaced: Type.Integer(),
    wake_at_ms: orNull(Ms),
    attempt: Count,
    interruptions: Count,
    failed_attempts: Count,
    stop_cause: orNull(anyOf(['cancel', 'timeout'])),
    progress: Type.Object({}),
    result: Type.Unknown(),
    location: orNull(Type.String()),
    failure: orNull(Failure),
    spawned: list(Id),
    worker: orNull(Type.String()),
    submit_ms: Ms,
    start_ms: orNull(Ms),
    finish_ms: orNull(Ms),
    rev: Count,
  }),
})

const EventLine = Type.Object({
  event: Type.Object({
    event_id: Count,
    at_ms: Ms,
    task_id: orNull(Id),
    group_id: Id,
    type: Type.String(),
    attempt: orNull(Count),
    value: Type.String(),
    data: Type.Unknown(),
  }),
})

const End = Type.Object({
  tasks: Count,
  events: Count,
  /** Of all lines before it, each with its line feed, in UTF-8. */
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
})
const EndLine = Type.Object({ end: End })
export type End = Static<typeof End>

/** Every line but the header, by the one key that it has. */
export const LINES = { group: GroupLine, task: TaskLine, event: EventLine, end: EndLine }
export type LineKind = keyof typeof LINES

/** A row in the file's names: `taskId` becomes `task_id`. */
export function wireOf(row: Task | Group | HistoryEvent): Record<string, unknown> {
  const wire = renamed(row, name => name.replace(/[A-Z]/g, upper => `_${upper.toLowerCase()}`))
  if (!('dependencies' in row)) return wire
  const dependencies = row.dependencies.map(({ taskId, states }) => ({ task_id: taskId, states }))
  return { ...wire, dependencies }
}

/** A row from the file's names. Its line must have passed the check of its kind. */
export function rowOf<Row extends Task | Group | HistoryEvent>(wire: Record<string, unknown>): Row {
  const row = renamed(wire, name => name.replace(/_[a-z]/g, part => part.slice(1).toUpperCase()))
  if (!Array.isArray(row.dependencies)) return row as unknown as Row
  const dependencies = (row.dependencies as { task_id: string; states: Json }[]).map(
    ({ task_id, states }) => ({ taskId: task_id, states }),
  )
  return { ...row, dependencies } as unknown as Row
}

function renamed(fields: object, rename: (name: string) => string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [rename(name), value]))
}

/** The checksum of the lines so far. */
export class Checksum {
  readonly #hash = createHash('sha256')

  /** @param line Without its line feed. */
  add(line: string): void {
    this.#hash.update(`${line}\n`)
  }

  /** In hexadecimal digits; nothing can be added after it. */
  end(): string {
    return this.#hash.digest('hex')
  }
}
