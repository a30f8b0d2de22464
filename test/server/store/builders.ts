// Tasks, groups and reservations in a word each, for tests of stores.
import {
  type Change,
  type Group,
  type HistoryEvent,
  isFinal,
  type Need,
  type Operation,
  type Reservation,
  type Resource,
  type Slice,
  type Task,
  type TaskValue,
} from '../../../machines/index.ts'
import type { Store, TaskQuery } from '../../../server/store/store.ts'

/** A ready task `t<seq>` at the place of its seq; a final one has its end. */
export function task(seq: number, value: TaskValue = 'waiting', parts: Partial<Task> = {}): Task {
  return {
    taskId: `t${seq}`,
    seq,
    place: seq,
    groupId: null,
    parentId: null,
    call: 'copy',
    args: {},
    tags: [],
    resources: [],
    dependencies: [],
    dependencyFailures: {},
    priority: 0,
    cancellable: true,
    principal: null,
    response: 'accepted',
    reasons: [],
    blockers: 0,
    unplaced: 0,
    wakeAtMs: null,
    attempt: 1,
    interruptions: 0,
    failedAttempts: 0,
    stopCause: null,
    progress: {},
    result: null,
    location: null,
    failure: null,
    spawned: [],
    worker: null,
    submitMs: 1_000 * seq,
    startMs: null,
    finishMs: isFinal(value) ? 2_000 * seq : null,
    rev: seq,
    value,
    ...parts,
  }
}

/** A group `g<seq>`, closed, that counts what it is told. */
export function group(
  seq: number,
  counts: Partial<Group['counts']> = {},
  parts: Partial<Group> = {},
): Group {
  const none = {
    waiting: 0,
    suspended: 0,
    running: 0,
    finished: 0,
    error: 0,
    canceled: 0,
    skipped: 0,
  }
  return {
    groupId: `g${seq}`,
    value: 'active.closed',
    seq,
    tags: [],
    onFailure: 'continue',
    counts: { ...none, ...counts },
    canceled: false,
    submitMs: 1_000 * seq,
    finishMs: null,
    rev: seq,
    ...parts,
  }
}

export function resource(id: string): Resource {
  return { resource_type: 'repository', resource_id: id }
}

/** A reservation on the repository `r` by the task of that place. */
export function reservation(
  place: number,
  operation: Operation,
  granted = false,
  id = 'r',
): Reservation {
  return { ...resource(id), operation, place, taskId: `t${place}`, granted }
}

export function event(eventId: number, parts: Partial<HistoryEvent> = {}): HistoryEvent {
  return {
    eventId,
    atMs: eventId,
    taskId: null,
    groupId: null,
    type: 'x',
    attempt: null,
    value: 'y',
    data: null,
    ...parts,
  }
}

export function puts(...rows: (Task | Group | Reservation)[]): Change[] {
  return rows.map(row => {
    if ('counts' in row) return { type: 'group.put', group: row }
    return 'operation' in row
      ? { type: 'reservation.put', reservation: row }
      : { type: 'task.put', task: row }
  })
}

export function edge(dependencyId: string, dependantId: string): Change {
  return { type: 'edge.put', dependencyId, dependantId, states: ['finished'] }
}

export async function commit(store: Store, ...changes: Change[]): Promise<void> {
  await store.transaction(tx => tx.apply(changes))
}

export function load(store: Store, need: Need, nowMs = 0): Promise<Slice> {
  return store.transaction(tx => tx.load(need, nowMs))
}

/** The ids of what a listing gives, in its order. */
export async function ids(store: Store, query: TaskQuery): Promise<string> {
  const found: string[] = []
  for await (const { taskId } of store.tasks(query)) found.push(taskId)
  return found.join(' ')
}
