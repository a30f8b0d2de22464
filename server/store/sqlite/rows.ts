// Rows → tasks and groups, and groups → rows: which column holds what.
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite'
import { type Group, type Task, unfinishedCount } from '../../../machines/index.ts'

export type Row = Record<string, SQLOutputValue>

const GROUP_FIXED = ['seq', 'group_id', 'tags', 'on_failure', 'submit_ms']
const GROUP_CHANGING = [
  ...[
    'value',
    'settled',
    'unfinished',
    'waiting',
    'suspended',
    'running',
    'finished',
    'error',
    'canceled',
  ],
  ...['skipped', 'cancel_accepted', 'finish_ms', 'rev'],
]

export const INSERT_GROUP = insertInto('task_groups', [...GROUP_FIXED, ...GROUP_CHANGING])
export const UPDATE_GROUP = update('task_groups', GROUP_CHANGING)

function failureOf({ error, exception, traceback, error_status: status }: Row) {
  return { error: json(error as SQLOutputValue), exception, traceback, status }
}

export function taskOf(row: Row): Task {
  const { error } = row
  const read = {
    taskId: row.task_id,
    seq: row.seq,
    place: row.place,
    groupId: row.group_id,
    parentId: row.parent_id,
    call: row.call,
    args: json(row.args),
    tags: json(row.tags),
    resources: json(row.resources),
    dependencies: json<{ task_id: string; states: unknown }[]>(row.dependencies).map(
      ({ task_id, states }) => ({ taskId: task_id, states }),
    ),
    dependencyFailures: json(row.dependency_failures),
    priority: row.priority,
    cancellable: row.cancellable === 1,
    principal: row.principal,
    response: row.response,
    reasons: json(row.reasons),
    blockers: row.blockers,
    unplaced: row.unplaced,
    wakeAtMs: row.wake_at_ms,
    attempt: row.attempt,
    interruptions: row.interruptions,
    failedAttempts: row.failed_attempts,
    stopCause: row.stop_cause,
    progress: json(row.progress),
    result: json(row.result),
    location: row.location,
    failure: error === null ? null : failureOf(row),
    spawned: json<{ task_id: string }[]>(row.spawned_tasks).map(({ task_id }) => task_id),
    worker: row.worker,
    submitMs: row.submit_ms,
    startMs: row.start_ms,
    finishMs: row.finish_ms,
    rev: row.rev,
    value: row.value,
  } satisfies Record<keyof Task, unknown>
  return read as unknown as Task
}

/** The first values of `INSERT_GROUP`; the changing ones follow. */
export function fixedGroupValues(group: Group): SQLInputValue[] {
  const { seq, groupId, tags, onFailure, submitMs } = group
  return [seq, groupId, JSON.stringify(tags), onFailure, submitMs]
}

/** Values for `UPDATE_GROUP`, with the seq behind them. */
export function changingGroupValues(group: Group): SQLInputValue[] {
  const { waiting, suspended, running, finished, error, canceled, skipped } = group.counts
  return [
    group.value,
    Number(group.value === 'settled'),
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
