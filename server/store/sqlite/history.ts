// Reads the history back out of its chunks, by statements that each follow one index.
import type { HistoryEvent } from '../../../machines/index.ts'
import type { HistoryQuery } from '../store.ts'
import { blockStart, eventsOf } from './chunks.ts'
import type { Row } from './rows.ts'

/** Reads committed rows. */
type ReadRows = (sql: string, values: (string | number)[]) => Row[]

/** Exported for the test that looks at their query plans. */
export const HISTORY = {
  ofTask: `SELECT group_id, events FROM history WHERE last_id > ? AND first_id IN (SELECT value FROM json_each(
    (SELECT '[' || history || ']' FROM tasks WHERE task_id = ?))) ORDER BY first_id`,
  ofGroup: `SELECT first_id, group_id, events FROM history
    WHERE group_id = ? AND first_id > ? ORDER BY first_id LIMIT ?`,
  ofAll: `SELECT first_id, group_id, events FROM history
    WHERE first_id > ? ORDER BY first_id LIMIT ?`,
}

/** Chunks that are read at once. */
const PAGE = 16

/** Events after one, oldest first, so many at most. */
export function historyAfter(rows: ReadRows, query: HistoryQuery): HistoryEvent[] {
  const { taskId, groupId, afterEventId, limit } = query
  const found =
    taskId !== undefined
      ? rows(HISTORY.ofTask, [afterEventId, taskId])
          .flatMap(eventsOfRow)
          .filter(event => event.taskId === taskId)
          .sort(byId)
      : blocks(rows, groupId, afterEventId, limit)
  return found.filter(({ eventId }) => eventId > afterEventId).slice(0, limit)
}

/** Whole blocks from that of the next event on: within one, chunks of several commits overlap. */
function blocks(
  rows: ReadRows,
  groupId: string | undefined,
  afterEventId: number,
  limit: number,
): HistoryEvent[] {
  const found: HistoryEvent[] = []
  let block: HistoryEvent[] = []
  let start = blockStart(afterEventId + 1)
  let lastFirstId = start - 1
  for (;;) {
    const page =
      groupId === undefined
        ? rows(HISTORY.ofAll, [lastFirstId, PAGE])
        : rows(HISTORY.ofGroup, [groupId, lastFirstId, PAGE])
    for (const row of page) {
      lastFirstId = row.first_id as number
      if (blockStart(lastFirstId) !== start) {
        take(found, block, afterEventId)
        if (found.length >= limit) return found
        block = []
        start = blockStart(lastFirstId)
      }
      for (const event of eventsOfRow(row)) block.push(event)
    }
    if (page.length < PAGE) break
  }
  take(found, block, afterEventId)
  return found
}

function take(found: HistoryEvent[], block: HistoryEvent[], afterEventId: number): void {
  for (const event of block.sort(byId)) if (event.eventId > afterEventId) found.push(event)
}

function eventsOfRow(row: Row): HistoryEvent[] {
  return eventsOf(row.events as string, row.group_id as string | null)
}

function byId(a: HistoryEvent, b: HistoryEvent): number {
  return a.eventId - b.eventId
}
