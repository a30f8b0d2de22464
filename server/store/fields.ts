// What a search can name: the fields of a task, paths inside those that hold JSON, and the lists of names
// that a search sorts by and answers with.
import { inspect } from 'node:util'
import { BadSearchError } from '../errors.ts'

/** What a field holds. Fields of JSON can be followed into: `result.added`. */
export type FieldKind = 'text' | 'number' | 'time' | 'json' | 'null'

/** The searchable fields: the call report's names, and `args`. */
export const FIELDS = {
  id: 'text',
  task_id: 'text',
  task_group_id: 'text',
  schedule_id: 'null',
  task_type: 'text',
  state: 'text',
  response: 'text',
  reasons: 'json',
  tags: 'json',
  args: 'json',
  progress: 'json',
  progress_report: 'json',
  result: 'json',
  error: 'json',
  exception: 'text',
  traceback: 'text',
  submit_time: 'time',
  start_time: 'time',
  finish_time: 'time',
  spawned_tasks: 'json',
  worker_name: 'text',
  queue: 'null',
  attempt: 'number',
  priority: 'number',
  dependencies: 'json',
  dependency_failures: 'json',
  principal_login: 'text',
} as const satisfies Record<string, FieldKind>

export type Field = keyof typeof FIELDS

const SEGMENTS_MAX = 16
const SORTS_MAX = 16

/**
 * Reads a sort: `[["field", "ascending" | "descending"], …]`.
 *
 * @throws {BadSearchError} says what was found and what holds.
 */
export function parseSort(
  sort: unknown,
): { field: string; direction: 'ascending' | 'descending' }[] {
  if (sort === undefined || sort === null) return []
  if (!Array.isArray(sort) || sort.length > SORTS_MAX) {
    throw new BadSearchError(
      `sort is ${shown(sort)}; it is a list of at most ${SORTS_MAX} [field, direction]`,
    )
  }
  return sort.map((entry: unknown) => {
    const [field, direction] = Array.isArray(entry) && entry.length === 2 ? entry : []
    if (typeof field !== 'string' || (direction !== 'ascending' && direction !== 'descending')) {
      throw new BadSearchError(
        `sort holds ${shown(entry)}; an entry is ["field", "ascending"] or ["field", "descending"]`,
      )
    }
    parsePath(field)
    return { field, direction }
  })
}

/**
 * Reads the names of the fields that an answer's rows keep; `task_id` is always among them. Null: all.
 *
 * @throws {BadSearchError} says what was found and what holds.
 */
export function parseFields(fields: unknown): string[] | null {
  if (fields === undefined || fields === null) return null
  if (!Array.isArray(fields))
    throw new BadSearchError(`fields is ${shown(fields)}; it is a list of names`)
  const names = fields.map((field: unknown) => {
    if (typeof field !== 'string')
      throw new BadSearchError(`fields holds ${shown(field)}; a name is a string`)
    if (field !== '_href' && !isField(field)) throw unknownField(field)
    return field
  })
  return [...new Set(['task_id', ...names])]
}

/**
 * Splits `result.added` into the field and the path inside it.
 *
 * @throws {BadSearchError} when there is no such field, or nothing inside it.
 */
export function parsePath(name: string): { field: Field; path: string[] } {
  const [field = '', ...path] = name.split('.')
  if (!isField(field)) throw unknownField(field)
  if (path.length > 0 && FIELDS[field] !== 'json') {
    throw new BadSearchError(`${shown(name)}: ${field} is a plain value with nothing inside it`)
  }
  if (path.length > SEGMENTS_MAX || path.includes('') || !name.isWellFormed()) {
    throw new BadSearchError(
      `${shown(name)} is not a path; it has 1 to ${SEGMENTS_MAX} names behind the field, with a dot before each`,
    )
  }
  return { field, path }
}

function isField(name: string): name is Field {
  return Object.hasOwn(FIELDS, name)
}

function unknownField(name: string): BadSearchError {
  return new BadSearchError(
    `${shown(name)} is not a field of a task; known are ${Object.keys(FIELDS).join(', ')}`,
  )
}

/** A value from outside, short enough for a message. */
export function shown(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value)
  return inspect(value, {
    depth: 2,
    breakLength: Number.POSITIVE_INFINITY,
    maxArrayLength: 3,
    maxStringLength: 40,
  })
}
