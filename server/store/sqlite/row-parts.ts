// The columns of a task's row, in parts that change as one: what the journal says of a row are some of its parts.

/** A part by its bit. Values of several come in the order of these. */
export const PART = {
  state: 1 << 0,
  place: 1 << 1,
  response: 1 << 2,
  blockers: 1 << 3,
  unplaced: 1 << 4,
  rev: 1 << 5,
  reasons: 1 << 6,
  wake: 1 << 7,
  dependencyFailures: 1 << 8,
  attempt: 1 << 9,
  interruptions: 1 << 10,
  failedAttempts: 1 << 11,
  stopCause: 1 << 12,
  progress: 1 << 13,
  result: 1 << 14,
  location: 1 << 15,
  failure: 1 << 16,
  spawned: 1 << 17,
  worker: 1 << 18,
  start: 1 << 19,
  finish: 1 << 20,
  history: 1 << 21,
  /** What a task is submitted with, and keeps: what many of a submission have in common, */
  origin: 1 << 22,
  /** and what each has for itself, which makes a row. */
  submitted: 1 << 23,
  /** No columns but the tags of a row that goes. */
  removed: 1 << 24,
} as const

const COLUMNS: Record<keyof typeof PART, readonly string[]> = {
  state: ['value', 'state', 'unfinished'],
  place: ['place'],
  response: ['response'],
  blockers: ['blockers'],
  unplaced: ['unplaced'],
  rev: ['rev'],
  reasons: ['reasons'],
  wake: ['wake_at_ms'],
  dependencyFailures: ['dependency_failures'],
  attempt: ['attempt'],
  interruptions: ['interruptions'],
  failedAttempts: ['failed_attempts'],
  stopCause: ['stop_cause'],
  progress: ['progress'],
  result: ['result'],
  location: ['location'],
  failure: ['error', 'exception', 'traceback', 'error_status'],
  spawned: ['spawned_tasks'],
  worker: ['worker'],
  start: ['start_ms'],
  finish: ['finish_ms'],
  history: ['history'],
  origin: ['group_id', 'parent_id', 'call', 'priority', 'cancellable', 'principal', 'submit_ms'],
  submitted: ['task_id', 'args', 'tags', 'resources', 'dependencies'],
  removed: [],
}

/**
 * Columns whose values are JSON, which the journal has as they are, and not as a text in a text. An error, which most
 * tasks have none of, it has as a text.
 */
const JSON_COLUMNS = new Set([
  ...['args', 'tags', 'resources', 'dependencies', 'reasons', 'dependency_failures'],
  ...['progress', 'result', 'spawned_tasks'],
])

/** All columns but `seq`, by which a row is found. */
export const ROW_COLUMNS: readonly string[] = Object.values(COLUMNS).flat()

/** Where a column stands among them. */
export const TAGS_AT: number = ROW_COLUMNS.indexOf('tags')

/** The values of some parts. */
export interface Layout {
  /** Where each value belongs among `ROW_COLUMNS`. */
  places: readonly number[]
  /** Whether it is JSON. */
  isJson: readonly boolean[]
  /** Statements that take the values, and the seq behind them. */
  insert: string
  update: string
}

const layouts = new Map<number, Layout>()

/** What the values of these parts are, in their order. */
export function layoutOf(parts: number): Layout {
  let layout = layouts.get(parts)
  if (layout === undefined) {
    layout = layOut(parts)
    layouts.set(parts, layout)
  }
  return layout
}

function layOut(parts: number): Layout {
  const names = Object.keys(PART) as (keyof typeof PART)[]
  const columns = names.flatMap(name => ((parts & PART[name]) === 0 ? [] : COLUMNS[name]))
  const all = [...columns, 'seq']
  return {
    places: columns.map(column => ROW_COLUMNS.indexOf(column)),
    isJson: columns.map(column => JSON_COLUMNS.has(column)),
    insert: `INSERT INTO tasks (${all.join(', ')}) VALUES (${all.map(() => '?').join(', ')})`,
    update: `UPDATE tasks SET ${columns.map(column => `${column} = ?`).join(', ')} WHERE seq = ?`,
  }
}
