// What a transaction changed → what the writer takes: an entry of the journal for the tasks, and statements for
// all else.
import type { SQLInputValue } from 'node:sqlite'
import type { Changed, PresentTask } from './changed.ts'
import { chunksOf, chunkText } from './chunks.ts'
import { Entry, type EntryText } from './journal-entry.ts'
import {
  changingGroupValues,
  fixedGroupValues,
  INSERT_GROUP,
  UPDATE_GROUP,
  UPDATE_SETTLED_GROUP,
} from './rows.ts'
import { toldIn } from './told.ts'
import type { WorkingSet } from './working-set.ts'

/** One statement, run for each `width` of the values in turn. */
export interface Run {
  sql: string
  width: number
  values: SQLInputValue[]
}

/** A transaction, or a part of it. */
export interface Batch {
  /** For the journal. */
  entries: EntryText[]
  /** How many rows it has, those of tasks included. */
  size: number
  runs: Run[]
}

/** Tasks that share an entry: so few that results as large as they may be make no text that is too long. */
const ENTRY_MAX = 16

/** Exported for the test that looks at their query plans. */
export const WRITES = {
  insertChunk: 'INSERT INTO history (first_id, last_id, group_id, events) VALUES (?, ?, ?, ?)',
  thinChunk: `WITH gone AS (SELECT value FROM json_each(?))
    UPDATE history SET events = (
      SELECT json_group_array(json(CASE json_type(kept.value, '$[2]')
        WHEN 'array' THEN json_set(kept.value, '$[2]', (
          SELECT json_group_array(iif(task.value IN gone, NULL, task.value))
          FROM json_each(kept.value, '$[2]') AS task))
        ELSE kept.value END))
      FROM json_each(events) AS kept
      WHERE CASE json_type(kept.value, '$[2]')
        WHEN 'array' THEN EXISTS (
          SELECT 1 FROM json_each(kept.value, '$[2]') AS task WHERE task.value NOT IN gone)
        ELSE ifnull(kept.value ->> 2, '') NOT IN gone END)
    WHERE first_id = ?`,
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
  size = 0

  add(sql: string, values: SQLInputValue[]): void {
    this.size += 1
    const run = this.#runs.get(sql)
    if (run === undefined) this.#runs.set(sql, { sql, width: values.length, values })
    else for (const value of values) run.values.push(value)
  }

  all(): Run[] {
    return [...this.#runs.values()]
  }
}

/** What the transaction changed so far, of tasks so many at most. */
export function partOf(set: WorkingSet, changed: Changed, tasksMax: number): Batch {
  const runs = new Runs()
  addHistory(runs, set, changed)
  return batchOf(entriesOf(set, changed, tasksMax), runs)
}

/** All that the transaction changed, or what is left of it; deletions of what was there before it first. */
export function restOf(set: WorkingSet, changed: Changed): Batch {
  const runs = new Runs()
  addDeletions(runs, changed)
  addHistory(runs, set, changed)
  addOthers(runs, set, changed)
  const entries = entriesOfGone(set, changed)
  for (const entry of entriesOf(set, changed, Number.POSITIVE_INFINITY)) entries.push(entry)
  return batchOf(entries, runs)
}

function batchOf(entries: EntryText[], runs: Runs): Batch {
  let size = runs.size
  for (const entry of entries) size += entry.changes
  return { entries, size, runs: runs.all() }
}

/** Packs the events so far into chunks, and names these in the rows of their tasks. */
function addHistory(runs: Runs, set: WorkingSet, changed: Changed): void {
  if (changed.events.length === 0) return
  for (const chunk of chunksOf(changed.events)) {
    const { firstId, lastId, groupId } = chunk
    const name = String(firstId)
    for (const nth of chunk.nths) {
      const kept = changed.eventTasks[nth] as PresentTask | null
      if (kept !== null) set.nameChunk(kept, name, changed)
    }
    runs.add(WRITES.insertChunk, [firstId, lastId, groupId, chunkText(chunk)])
  }
  changed.events = []
  changed.eventTasks = []
}

function addDeletions(runs: Runs, changed: Changed): void {
  for (const groupId of changed.deletedGroups) {
    runs.add(WRITES.deleteGroup, [groupId])
    runs.add(WRITES.deleteGroupHistory, [groupId])
  }
  const thinned = new Map<string, string[]>()
  for (const { task, history } of changed.deletedTasks) {
    // Its events may be with the writer in a part, though nothing was entered of it.
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

/** Enters tasks that changed, so many at most. */
function entriesOf(set: WorkingSet, changed: Changed, limit: number): EntryText[] {
  const { dirtyTasks, dirtyFrom } = changed
  const taken = dirtyTasks.slice(dirtyFrom, dirtyFrom + limit)
  changed.dirtyFrom += taken.length
  return entered(taken, set, changed, enter)
}

/** Enters that tasks are gone; of one that was put meanwhile there is nothing to tell. */
function entriesOfGone(set: WorkingSet, changed: Changed): EntryText[] {
  const gone = changed.deletedTasks.filter(({ entered }) => entered !== null)
  return entered(gone, set, changed, (entry, { task }) => entry.remove(task))
}

function entered(
  tasks: readonly PresentTask[],
  set: WorkingSet,
  changed: Changed,
  enterOne: (entry: Entry, kept: PresentTask, id: number) => void,
): EntryText[] {
  const entries: EntryText[] = []
  for (let from = 0; from < tasks.length; from += ENTRY_MAX) {
    const to = Math.min(from + ENTRY_MAX, tasks.length)
    const id = set.nextEntry()
    const entry = new Entry()
    let rows = 0
    for (let nth = from; nth < to; nth += 1) {
      const kept = tasks[nth] as PresentTask
      if (kept.entered === null) rows += 1
      enterOne(entry, kept, id)
    }
    if (!entry.isEmpty) entries.push({ id, text: entry.text, changes: to - from, rows })
    changed.lastEntry = id
  }
  return entries
}

function enter(entry: Entry, kept: PresentTask, id: number): void {
  kept.isDirty = false
  // One that was put and deleted again leaves nothing.
  if (kept.isDeleted) return
  const { task, entered, history, enteredHistory } = kept
  entry.put(task, entered, history === enteredHistory ? null : history)
  toldIn(kept, id)
  kept.entered = task
  kept.enteredHistory = history
}

/** Everything but tasks, their history, and what was deleted. */
function addOthers(runs: Runs, set: WorkingSet, changed: Changed): void {
  for (const kept of changed.groups) {
    const { group } = kept
    // A group that was put and deleted again is in both lists.
    if (set.group(group.groupId) !== group) continue
    const changing = changingGroupValues(group)
    const isSettled = group.value === 'settled'
    if (!kept.isWritten)
      runs.add(INSERT_GROUP, [...fixedGroupValues(group), ...changing, Number(isSettled)])
    else if (isSettled) runs.add(UPDATE_SETTLED_GROUP, [...changing, 1, group.seq])
    else runs.add(UPDATE_GROUP, [...changing, group.seq])
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
}
