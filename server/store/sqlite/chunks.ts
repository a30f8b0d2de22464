// The history in chunks: events of one group (or of none) from one commit, whose numbers share a block. A row
// for each event would cost more than all else that a task's life writes.
import type { HistoryEvent } from '../../../machines/index.ts'

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

/** Events as they are kept: [event_id, at_ms, task_id, type, attempt, value, data]. */
type Kept = [number, number, string | null, string, number | null, string, HistoryEvent['data']]

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
  const kept = events.map((each): Kept => {
    const { eventId, atMs, taskId, type, attempt, value, data } = each
    return [eventId, atMs, taskId, type, attempt, value, data]
  })
  return JSON.stringify(kept)
}

/** The events of a chunk that was kept, in the order of their numbers. */
export function eventsOf(text: string, groupId: string | null): HistoryEvent[] {
  return (JSON.parse(text) as Kept[])
    .map(([eventId, atMs, taskId, type, attempt, value, data]) => {
      return { eventId, atMs, taskId, groupId, type, attempt, value, data }
    })
    .sort((a, b) => a.eventId - b.eventId)
}
