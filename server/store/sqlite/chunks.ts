// The history in chunks: events of one group (or of none) from one commit, whose numbers share a block. A row
// for each event would cost more than all else that a task's life writes.
import type { HistoryEvent } from '../../../machines/index.ts'
import { isSame } from './same.ts'

/** Numbers in a block: from a multiple of it up to the next. A chunk never reaches across. */
export const BLOCK = 1_024

export interface Chunk {
  firstId: number
  lastId: number
  groupId: string | null
  events: HistoryEvent[]
  /** Where these stand among all that were packed. */
  nths: number[]
}

/**
 * Events as they are kept: [event_id, at_ms, task_id, type, attempt, value, data]. Those of tasks that differ in
 * nothing but their ids are one, with a list of the tasks: the number of each is one more than that of the one
 * before it. Null in the list: that task was deleted.
 */
type Kept = [
  number,
  number,
  string | null | (string | null)[],
  string,
  number | null,
  string,
  HistoryEvent['data'],
]

/** The number of the first event that may share a chunk with this one. */
export function blockStart(eventId: number): number {
  return Math.floor(eventId / BLOCK) * BLOCK
}

/** Packs what a commit adds to the history. */
export function chunksOf(events: readonly HistoryEvent[]): Chunk[] {
  const chunks: Chunk[] = []
  const open = new Map<string | null, Chunk>()
  for (let nth = 0; nth < events.length; nth += 1) {
    const event = events[nth] as HistoryEvent
    const { eventId, groupId } = event
    const chunk = open.get(groupId)
    if (chunk === undefined || blockStart(chunk.firstId) !== blockStart(eventId)) {
      const next = { firstId: eventId, lastId: eventId, groupId, events: [event], nths: [nth] }
      chunks.push(next)
      open.set(groupId, next)
    } else {
      if (eventId < chunk.firstId) chunk.firstId = eventId
      if (eventId > chunk.lastId) chunk.lastId = eventId
      chunk.events.push(event)
      chunk.nths.push(nth)
    }
  }
  return chunks
}

export function chunkText({ events }: Chunk): string {
  const kept: Kept[] = []
  let last: HistoryEvent | null = null
  let taskIds: string[] = []
  for (const event of events) {
    const { eventId, atMs, taskId, type, attempt, value, data } = event
    if (last !== null && taskId !== null && isAlike(last, event, taskIds.length)) {
      taskIds.push(taskId)
      continue
    }
    // Also of one task alone: a chunk is kept the same way however many there are.
    last = taskId === null ? null : event
    taskIds = taskId === null ? [] : [taskId]
    kept.push([eventId, atMs, taskId === null ? null : taskIds, type, attempt, value, data])
  }
  return JSON.stringify(kept)
}

/** Whether an event differs from the first of a list in nothing but its task, and is the next of it. */
function isAlike(first: HistoryEvent, event: HistoryEvent, length: number): boolean {
  return (
    event.eventId === first.eventId + length &&
    event.atMs === first.atMs &&
    event.type === first.type &&
    event.attempt === first.attempt &&
    event.value === first.value &&
    isSame(event.data, first.data)
  )
}

/** The events of a chunk that was kept, in the order of their numbers. */
export function eventsOf(text: string, groupId: string | null): HistoryEvent[] {
  return (JSON.parse(text) as Kept[])
    .flatMap(([eventId, atMs, tasks, type, attempt, value, data]) => {
      const event = { eventId, atMs, taskId: null, groupId, type, attempt, value, data }
      if (!Array.isArray(tasks)) return { ...event, taskId: tasks }
      return tasks.flatMap((taskId, nth) =>
        taskId === null ? [] : { ...event, eventId: eventId + nth, taskId },
      )
    })
    .sort((a, b) => a.eventId - b.eventId)
}
