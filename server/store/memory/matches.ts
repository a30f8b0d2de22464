// Whether a task satisfies a search's condition, and how tasks are sorted: the semantics of condition.ts,
// on a task as its report shows it.
import { isoTime, type Json, stateOf, type Task } from '../../../machines/index.ts'
import { type Condition, isoTimeMs, type Operand, type Test } from '../condition.ts'
import { type Field, parsePath } from '../fields.ts'
import { regExpOf } from '../pattern.ts'
import type { Search } from '../store.ts'

type Read = (task: Task) => Json

/** What reports show in each searchable field. */
const READ: Record<Field, Read> = {
  id: task => task.taskId,
  task_id: task => task.taskId,
  task_group_id: task => task.groupId,
  schedule_id: () => null,
  task_type: task => task.call,
  state: task => stateOf(task.value),
  response: task => task.response,
  reasons: task => task.reasons as unknown as Json,
  tags: task => task.tags,
  args: task => task.args,
  progress: task => task.progress,
  progress_report: task => task.progress,
  result: task => task.result,
  error: task => task.failure?.error ?? null,
  exception: task => task.failure?.exception ?? null,
  traceback: task => task.failure?.traceback ?? null,
  submit_time: task => isoTime(task.submitMs),
  start_time: task => (task.startMs === null ? null : isoTime(task.startMs)),
  finish_time: task => (task.finishMs === null ? null : isoTime(task.finishMs)),
  spawned_tasks: task => task.spawned.map(taskId => ({ task_id: taskId })),
  worker_name: task => task.worker,
  queue: () => null,
  attempt: task => task.attempt,
  priority: task => task.priority,
  dependencies: task =>
    task.dependencies.map(({ taskId, states }) => ({ task_id: taskId, states })),
  dependency_failures: task => task.dependencyFailures as unknown as Json,
  principal_login: task => task.principal,
}

/** Makes a function of the condition; a pattern in it is compiled once. */
export function matcher(condition: Condition): (task: Task) => boolean {
  switch (condition.op) {
    case 'and': {
      const parts = condition.parts.map(matcher)
      return task => parts.every(holds => holds(task))
    }
    case 'or': {
      const parts = condition.parts.map(matcher)
      return task => parts.some(holds => holds(task))
    }
    case 'not': {
      const part = matcher(condition.part)
      return task => !part(task)
    }
    case 'test': {
      const { field, path, test } = condition
      const holds = tester(test)
      return task => holds(valuesAt(READ[field](task), path))
    }
  }
}

/** Orders tasks as a search asks, ties by submission. */
export function comparer(sort: Search['sort']): (a: Task, b: Task) => number {
  const keys = sort.map(({ field: name, direction }) => {
    const { field, path } = parsePath(name)
    return { value: sortValue(field, path), sign: direction === 'ascending' ? 1 : -1 }
  })
  return (a, b) => {
    for (const { value, sign } of keys) {
      const order = compareJson(value(a), value(b))
      if (order !== 0) return order * sign
    }
    return a.seq - b.seq
  }
}

/** Times sort by the millisecond, everything else as it is shown. */
function sortValue(field: Field, path: string[]): Read {
  if (field === 'submit_time') return task => task.submitMs
  if (field === 'start_time') return task => task.startMs
  if (field === 'finish_time') return task => task.finishMs
  return task => valuesAt(READ[field](task), path)[0] ?? null
}

/** The values at a path: a name leads into an object, into each object of an array, and a number to an array's element. */
function valuesAt(root: Json, path: string[]): Json[] {
  return path.reduce((values, name) => values.flatMap(value => step(value, name)), [root])
}

function step(value: Json, name: string): Json[] {
  if (!Array.isArray(value)) return property(value, name)
  const inElements = value.flatMap(element =>
    Array.isArray(element) ? [] : property(element, name),
  )
  const element = /^(0|[1-9]\d{0,8})$/.test(name) ? value[Number(name)] : undefined
  return element === undefined ? inElements : [...inElements, element]
}

function property(value: Json, name: string): Json[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  return Object.hasOwn(value, name) ? [value[name] as Json] : []
}

/** Whether one of the values at a path satisfies a test, as a whole or with an element. */
function tester(test: Test): (values: Json[]) => boolean {
  if (test.is === 'exists') return values => values.length > 0
  const holds = valueTester(test)
  const nullHolds = test.is === 'in' && holds(null)
  return values =>
    values.some(value => holds(value) || (Array.isArray(value) && value.some(holds))) ||
    (nullHolds && values.length === 0)
}

function valueTester(test: Exclude<Test, { is: 'exists' }>): (value: Json) => boolean {
  switch (test.is) {
    case 'in': {
      const texts = new Set(
        test.operands.flatMap(operand => ('json' in operand ? [JSON.stringify(operand.json)] : [])),
      )
      const times = new Set(
        test.operands.flatMap(operand => ('timeMs' in operand ? [operand.timeMs] : [])),
      )
      return value =>
        texts.has(JSON.stringify(value)) ||
        (times.size > 0 && typeof value === 'string' && times.has(isoTimeMs(value) ?? Number.NaN))
    }
    case 'compare': {
      const { relation, operand } = test
      return value => {
        const order = orderAgainst(value, operand)
        if (order === null) return false
        if (order === 0) return relation === '<=' || relation === '>='
        return order < 0 ? relation.startsWith('<') : relation.startsWith('>')
      }
    }
    case 'match': {
      const pattern = regExpOf(test.pattern)
      return value => typeof value === 'string' && pattern.test(value)
    }
  }
}

/** How a value stands to an operand of its own type; null when the types differ. */
function orderAgainst(value: Json, operand: Operand): number | null {
  if ('timeMs' in operand) {
    const timeMs = typeof value === 'string' ? isoTimeMs(value) : null
    return timeMs === null ? null : timeMs - operand.timeMs
  }
  const { json } = operand
  if (typeof value === 'number' && typeof json === 'number') return value - json
  if (typeof value === 'string' && typeof json === 'string') return compareText(value, json)
  return null
}

/** Missing and null, numbers, strings, objects, arrays, false, true. */
function compareJson(a: Json, b: Json): number {
  const rank = rankOf(a) - rankOf(b)
  if (rank !== 0) return rank
  if (typeof a === 'number') return a - (b as number)
  if (typeof a === 'string') return compareText(a, b as string)
  return typeof a === 'object' && a !== null ? compareText(JSON.stringify(a), JSON.stringify(b)) : 0
}

function rankOf(value: Json): number {
  if (value === null) return 0
  if (typeof value === 'number') return 1
  if (typeof value === 'string') return 2
  if (typeof value === 'boolean') return value ? 6 : 5
  return Array.isArray(value) ? 4 : 3
}

/** By code point, as databases compare UTF-8; JavaScript's own order puts surrogate pairs before U+E000. */
function compareText(a: string, b: string): number {
  if (a === b) return 0
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
