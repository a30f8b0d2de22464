// Rows → tasks and groups, and groups → rows: which column holds what.
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite'
import { type Group, type Task, unfinishedCount } from '../../../machines/index.ts'

export type Row = Record<string, SQLOutputValue>

const GROUP_FIXED = ['seq', 'group_id', 'tags', 'on_failure', 'submit_ms']
const GROUP_CHANGING = [
  ...['value', 'unfinished', 'waiting', 'suspended', 'running', 'finished', 'error', 'canceled'],
  ...['skipped', 'cancel_accepted', 'finish_ms', 'rev'],
]

/** Once for ever, and named only from then on: SQLite writes an index anew for each update that names its column. */
const GROUP_SETTLED = 'settled'

export const INSERT_GROUP = insertInto('task_groups', [
  ...GROUP_FIXED,
  ...GROUP_CHANGING,
  GROUP_SETTLED,
])
export const UPDATE_GROUP = update('task_groups', GROUP_CHANGING)
/** `settled` comes last. */
export const UPDATE_SETTLED_GROUP = update('task_groups', [...GROUP_CHANGING, GROUP_SETTLED])

/**
 * The columns that `taskOf` reads, in its order. Rows of tasks are read as lists: as objects of so many
 * fields they take twice the time.
 */
export const TASK = `seq, task_id, group_id, parent_id, call, args, tags, resources, dependencies, priority,
  cancellable, principal, submit_ms, place, value, response, reasons, blockers, unplaced, wake_at_ms,
  dependency_failures, attempt, interruptions, failed_attempts, stop_cause, progress, result, location, error,
  exception, traceback, error_status, spawned_tasks, worker, start_ms, finish_ms, rev`

/** A row as the list of its columns. */
export type Values = SQLOutputValue[]

/** How many columns `TASK` has: what a statement reads besides comes behind them. */
export const TASK_WIDTH = TASK.split(',').length

export function taskOf(row: Values): Task {
  const [
    seq,
    taskId,
    groupId,
    parentId,
    call,
    args,
    tags,
    resources,
    dependencies,
    priority,
    cancellable,
    principal,
    submitMs,
    place,
    value,
    response,
    reasons,
    blockers,
    unplaced,
    wakeAtMs,
    dependencyFailures,
    attempt,
    interruptions,
    failedAttempts,
    stopCause,
    progress,
    result,
    location,
    error,
    exception,
    traceback,
    status,
    spawned,
    worker,
    startMs,
    finishMs,
    rev,
  ] = row
  const read = {
    taskId,
    value,
    seq,
    place,
    groupId,
    parentId,
    call,
    args: json(args),
    tags: json(tags),
    resources: json(resources),
    dependencies: json<{ task_id: string; states: unknown }[]>(dependencies).map(
      ({ task_id, states }) => ({ taskId: task_id, states }),
    ),
    dependencyFailures: json(dependencyFailures),
    priority,
    cancellable: cancellable === 1,
    principal,
    response,
    reasons: json(reasons),
    blockers,
    unplaced,
    wakeAtMs,
    attempt,
    interruptions,
    failedAttempts,
    stopCause,
    progress: json(progress),
    result: json(result),
    location,
    failure: error === null ? null : { error: json(error), exception, traceback, status },
    spawned: json<{ task_id: string }[]>(spawned).map(({ task_id }) => task_id),
    worker,
    submitMs,
    startMs,
    finishMs,
    rev,
  } satisfies Record<keyof Task, unknown>
  return read as unknown as Task
}

/** The first values of `INSERT_GROUP`; the changing ones follow, and whether it has settled. */
export function fixedGroupValues(group: Group): SQLInputValue[] {
  const { seq, groupId, tags, onFailure, submitMs } = group
  return [seq, groupId, JSON.stringify(tags), onFailure, submitMs]
}

/** Values for `UPDATE_GROUP`, with the seq behind them. */
export function changingGroupValues(group: Group): SQLInputValue[] {
  const { waiting, suspended, running, finished, error, canceled, skipped } = group.counts
  return [
    group.value,
    unfinishedCount(group),
    ...[waiting, suspended, running, finished, error, canceled, skipped],
    Number(group.canceled),
    group.finishMs,
    group.rev,
  ]
}

export function groupOf(row: Row): Group {
  const { waiting, suspended, running, finished, error, canceled, skipped } = row
  const read = {
    groupId: row.group_id,
    value: row.value,
    seq: row.seq,
    tags: json(row.tags),
    onFailure: row.on_failure,
    counts: { waiting, suspended, running, finished, error, canceled, skipped },
    canceled: row.cancel_accepted === 1,
    submitMs: row.submit_ms,
    finishMs: row.finish_ms,
    rev: row.rev,
  } satisfies Record<keyof Group, unknown>
  return read as unknown as Group
}

/** The JSON in a column that was written by this store. */
export function json<T>(text: SQLOutputValue | undefined): T {
  return JSON.parse(text as string) as T
}

function insertInto(table: string, columns: readonly string[]): string {
  return `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`
}

function update(table: string, columns: readonly string[]): string {
  return `UPDATE ${table} SET ${columns.map(column => `${column} = ?`).join(', ')} WHERE seq = ?`
}
