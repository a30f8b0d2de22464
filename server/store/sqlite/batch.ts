// What a transaction changed → statements with their values, many rows each, as the writer takes them.
import type { SQLInputValue } from 'node:sqlite'
import type { Task } from '../../../machines/index.ts'
import type { Changed, DeletedTask, KeptTask } from './changed.ts'
import { chunksOf, chunkText } from './chunks.ts'
import { changingGroupValues, fixedGroupValues, INSERT_GROUP, UPDATE_GROUP } from './rows.ts'
import { insertOf, updateOf } from './task-writes.ts'
import type { WorkingSet } from './working-set.ts'

/** One statement, run for each `width` of the values in turn. */
export interface Run {
  sql: string
  width: number
  values: SQLInputValue[]
}

/** Exported for the test that looks at their query plans. */
export const WRITES = {
  deleteTask: 'DELETE FROM tasks WHERE seq = ?',
  insertTag: 'INSERT INTO task_tags (tag, seq) VALUES (?, ?)',
  deleteTag: 'DELETE FROM task_tags WHERE tag = ? AND seq = ?',
  insertChunk: 'INSERT INTO history (first_id, last_id, group_id, events) VALUES (?, ?, ?, ?)',
  thinChunk: `UPDATE history SET events = (SELECT json_group_array(json(value)) FROM json_each(events)
    WHERE ifnull(value ->> 2, '') NOT IN (SELECT value FROM json_each(?))) WHERE first_id = ?`,
  deleteEmptyChunk: `DELETE FROM history WHERE first_id = ? AND events = '[]'`,
  deleteGroup: 'DELETE FROM task_groups WHERE group_id = ?',
  deleteGroupHistory: 'DELETE FROM history WHERE group_id = ?',
  setCounters: 'UPDATE counters SET seq = ?, place = ?, rev = ?',
  putIdempotency: `INSERT OR REPLACE INTO idempotency (key, fingerprint, submitted_ms, reply, answer)
    VALUES (?, ?, ?, ?, ?)`,
  expireIdempotency: 'DELETE FROM idempotency WHERE submitted_ms < ?',
}

/** Rows by statement, in the order in which each statement was first named. */
class Runs {
  readonly #runs = new Map<string, Run>()

  add(sql: string, values: SQLInputValue[]): void {
    const run = this.#runs.get(sql)
    if (run === undefined) this.#runs.set(sql, { sql, width: values.length, values })
    else for (const value of values) run.values.push(value)
  }

  all(): Run[] {
    return [...this.#runs.values()]
  }
}

/** Packs the events so far into chunks, and names these in the rows of their tasks. */
export function packHistory(set: WorkingSet, changed: Changed): Run[] {
  if (changed.events.length === 0) return []
  const runs = new Runs()
  for (const chunk of chunksOf(changed.events)) {
    const { firstId, lastId, groupId } = chunk
    for (const { taskId } of chunk.events) {
      if (taskId !== null) set.nameChunk(taskId, firstId, changed)
    }
    runs.add(WRITES.insertChunk, [firstId, lastId, groupId, chunkText(chunk)])
  }
  changed.events = []
  return runs.all()
}

/** Takes up to so many of the tasks that changed, as the rows that they will be. */
export function taskRuns(changed: Changed, limit: number): Run[] {
  const taken =
    changed.dirtyTasks.length <= limit ? changed.dirtyTasks : changed.dirtyTasks.slice(0, limit)
  changed.dirtyTasks = taken === changed.dirtyTasks ? [] : changed.dirtyTasks.slice(taken.length)
  const runs = new Runs()
  for (const kept of taken) writeTask(runs, kept)
  return runs.all()
}

/** Everything else that the transaction changed, deletions of rows that were there before it first. */
export function deletionRuns(changed: Changed): Run[] {
  const runs = new Runs()
  for (const groupId of changed.deletedGroups) {
    runs.add(WRITES.deleteGroup, [groupId])
    runs.add(WRITES.deleteGroupHistory, [groupId])
  }
  deleteTasks(runs, changed.deletedTasks)
  return runs.all()
}

export function closingRuns(set: WorkingSet, changed: Changed): Run[] {
  const runs = new Runs()
  for (const kept of changed.groups) {
    const { group } = kept
    // A group that was put and deleted again is in both lists.
    if (set.group(group.groupId) !== group) continue
    const changing = changingGroupValues(group)
    if (kept.isWritten) runs.add(UPDATE_GROUP, [...changing, group.seq])
    else runs.add(INSERT_GROUP, [...fixedGroupValues(group), ...changing])
    kept.isWritten = true
  }
  if (changed.expireBeforeMs !== null) runs.add(WRITES.expireIdempotency, [changed.expireBeforeMs])
  for (const { key, fingerprint, submittedMs, reply, answer } of changed.idempotency) {
    const texts = [JSON.stringify(reply), JSON.stringify(answer)]
    runs.add(WRITES.putIdempotency, [key, fingerprint, submittedMs, ...texts])
  }
  if (changed.counters) {
    const { seq, place, rev } = set.counters
    runs.add(WRITES.setCounters, [seq, place, rev])
  }
  return runs.all()
}

function writeTask(runs: Runs, kept: KeptTask): void {
  const { task, written } = kept
  kept.isDirty = false
  // One that was put and deleted again leaves nothing.
  if (kept.isDeleted) return
  kept.written = task
  const history = kept.history === kept.writtenHistory ? null : kept.history
  kept.writtenHistory = kept.history
  if (written === null) {
    const { sql, values } = insertOf(task, kept.history)
    runs.add(sql, values)
    for (const tag of distinct(task.tags)) runs.add(WRITES.insertTag, [tag, task.seq])
    return
  }
  const update = updateOf(task, written, history)
  if (update !== null) runs.add(update.sql, update.values)
}

function deleteTasks(runs: Runs, deleted: readonly DeletedTask[]): void {
  const thinned = new Map<string, string[]>()
  for (const { task, history, isWritten } of deleted) {
    if (isWritten) {
      runs.add(WRITES.deleteTask, [task.seq])
      for (const tag of distinct(task.tags)) runs.add(WRITES.deleteTag, [tag, task.seq])
    }
    // Its events may be with the writer in a part, though its row is not.
    for (const firstId of history === '' ? [] : history.split(',')) {
      const taskIds = thinned.get(firstId)
      if (taskIds === undefined) thinned.set(firstId, [task.taskId])
      else taskIds.push(task.taskId)
    }
  }
  for (const [firstId, taskIds] of thinned) {
    runs.add(WRITES.thinChunk, [JSON.stringify(taskIds), Number(firstId)])
    runs.add(WRITES.deleteEmptyChunk, [Number(firstId)])
  }
}

function distinct(tags: Task['tags']): Iterable<string> {
  return tags.length < 2 ? tags : new Set(tags)
}
