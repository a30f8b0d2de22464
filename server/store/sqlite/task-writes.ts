// Tasks → rows: the statement that writes just what differs, from nothing or from how the row is.
import type { SQLInputValue } from 'node:sqlite'
import { isFinal, stateOf, type Task } from '../../../machines/index.ts'

/** A statement with the values of one row. */
export interface Write {
  sql: string
  values: SQLInputValue[]
}

/** What a task is submitted with, and keeps. */
const FIXED = [
  ...['seq', 'task_id', 'group_id', 'parent_id', 'call', 'args', 'tags', 'resources'],
  ...['dependencies', 'priority', 'cancellable', 'principal', 'submit_ms'],
]

/** A part of what a task's life changes. */
interface Part {
  field: keyof Task
  columns: readonly string[]
  push(values: SQLInputValue[], task: Task): void
  /** Whether it is as the table has it by itself; absent: the table has no such default. */
  isDefault?(task: Task): boolean
}

/** One column that holds the field as it is. */
function plain(field: keyof Task, column: string, byDefault?: unknown): Part {
  return {
    field,
    columns: [column],
    push: (values, task) => values.push(task[field] as SQLInputValue),
    ...(byDefault !== undefined && { isDefault: task => task[field] === byDefault }),
  }
}

/** One column that holds the field as JSON, by default an empty list or object, or null. */
function json(
  field: 'reasons' | 'dependencyFailures' | 'progress' | 'result',
  column: string,
): Part {
  return {
    field,
    columns: [column],
    push: (values, task) => values.push(jsonText(task[field])),
    isDefault: task => {
      const value = task[field]
      if (value === null) return true
      return field !== 'result' && isEmpty(value as object)
    },
  }
}

const PARTS: readonly Part[] = [
  {
    field: 'value',
    columns: ['value', 'state', 'unfinished'],
    push: (values, { value }) => values.push(value, stateOf(value), isFinal(value) ? 0 : 1),
  },
  plain('place', 'place'),
  plain('response', 'response'),
  plain('blockers', 'blockers'),
  plain('unplaced', 'unplaced'),
  plain('rev', 'rev'),
  json('reasons', 'reasons'),
  plain('wakeAtMs', 'wake_at_ms', null),
  json('dependencyFailures', 'dependency_failures'),
  plain('attempt', 'attempt', 1),
  plain('interruptions', 'interruptions', 0),
  plain('failedAttempts', 'failed_attempts', 0),
  plain('stopCause', 'stop_cause', null),
  json('progress', 'progress'),
  json('result', 'result'),
  plain('location', 'location', null),
  {
    field: 'failure',
    columns: ['error', 'exception', 'traceback', 'error_status'],
    push: (values, { failure }) =>
      failure === null
        ? values.push(null, null, null, null)
        : values.push(
            JSON.stringify(failure.error),
            failure.exception,
            failure.traceback,
            failure.status,
          ),
    isDefault: ({ failure }) => failure === null,
  },
  {
    field: 'spawned',
    columns: ['spawned_tasks'],
    push: (values, { spawned }) =>
      values.push(JSON.stringify(spawned.map(taskId => ({ task_id: taskId })))),
    isDefault: ({ spawned }) => spawned.length === 0,
  },
  plain('worker', 'worker', null),
  plain('startMs', 'start_ms', null),
  plain('finishMs', 'finish_ms', null),
]

/** Writes a row that is not there yet. `history` names the chunks with its events. */
export function insertOf(task: Task, history: string): Write {
  const values = fixedValues(task)
  let mask = 0
  for (let nth = 0; nth < PARTS.length; nth += 1) {
    const part = PARTS[nth] as Part
    if (part.isDefault?.(task)) continue
    mask |= 1 << nth
    part.push(values, task)
  }
  values.push(history)
  return { sql: statement(inserts, mask, insertText), values }
}

/** Writes what differs from how the row was written last; null when nothing does. */
export function updateOf(task: Task, written: Task, history: string | null): Write | null {
  const values: SQLInputValue[] = []
  let mask = 0
  for (let nth = 0; nth < PARTS.length; nth += 1) {
    const part = PARTS[nth] as Part
    if (task[part.field] === written[part.field]) continue
    mask |= 1 << nth
    part.push(values, task)
  }
  if (history !== null) {
    mask |= HISTORY
    values.push(history)
  }
  if (mask === 0) return null
  values.push(task.seq)
  return { sql: statement(updates, mask, updateText), values }
}

const HISTORY = 1 << PARTS.length
const inserts = new Map<number, string>()
const updates = new Map<number, string>()

function statement(
  known: Map<number, string>,
  mask: number,
  text: (mask: number) => string,
): string {
  let sql = known.get(mask)
  if (sql === undefined) {
    sql = text(mask)
    known.set(mask, sql)
  }
  return sql
}

function insertText(mask: number): string {
  const columns = [...FIXED, ...columnsOf(mask), 'history']
  return `INSERT INTO tasks (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`
}

function updateText(mask: number): string {
  const columns = [...columnsOf(mask), ...((mask & HISTORY) === 0 ? [] : ['history'])]
  return `UPDATE tasks SET ${columns.map(column => `${column} = ?`).join(', ')} WHERE seq = ?`
}

function columnsOf(mask: number): string[] {
  return PARTS.flatMap(({ columns }, nth) => ((mask & (1 << nth)) === 0 ? [] : columns))
}

function fixedValues(task: Task): SQLInputValue[] {
  return [
    task.seq,
    task.taskId,
    task.groupId,
    task.parentId,
    task.call,
    jsonText(task.args),
    jsonText(task.tags),
    jsonText(task.resources),
    task.dependencies.length === 0
      ? '[]'
      : JSON.stringify(
          task.dependencies.map(({ taskId, states }) => ({ task_id: taskId, states })),
        ),
    task.priority,
    task.cancellable ? 1 : 0,
    task.principal,
    task.submitMs,
  ]
}

function jsonText(value: Task['result'] | Task['dependencyFailures'] | Task['resources']): string {
  if (value === null) return 'null'
  if (Array.isArray(value) && value.length === 0) return '[]'
  return JSON.stringify(value)
}

function isEmpty(value: object): boolean {
  for (const _ in value) return false
  return true
}
