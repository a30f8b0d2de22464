// What happened, as text of an event stream. What has an `id` is in the history and comes again to whoever
// missed it; what has none says how things are at a moment.
import {
  type HistoryEvent,
  isoTime,
  type JsonObject,
  stateOf,
  stateSummary,
} from '../../machines/index.ts'
import type { FeedItem, Position } from '../feed.ts'

/** How long a client waits before it connects again, in ms, as a stream says it. */
export const RETRY = 'retry: 2000\n\n'

/** Characters that are sent together. */
const CHUNK = 64 * 1024

/** What was rendered for one reader, for the others. */
const renderedLists = new WeakMap<readonly FeedItem[], readonly Buffer[]>()
const renderedEvents = new WeakMap<HistoryEvent, string>()

/** Renders a list, in pieces of some tens of kilobytes; the same list is rendered once. */
export function framesOf(items: readonly FeedItem[]): readonly Buffer[] {
  const known = renderedLists.get(items)
  if (known !== undefined) return known
  const chunks: Buffer[] = []
  let text = ''
  for (const item of items) {
    text += frame(item)
    if (text.length < CHUNK) continue
    chunks.push(Buffer.from(text))
    text = ''
  }
  if (text !== '') chunks.push(Buffer.from(text))
  renderedLists.set(items, chunks)
  return chunks
}

/** Renders one item, with its empty line. */
export function frame(item: FeedItem): string {
  switch (item.kind) {
    case 'position':
      // An id alone is no event to a client, but it is what it comes back with.
      return `id: ${positionText(item.position)}\n\n`
    case 'event':
      return item.merged > 0 ? eventFrame(item.event, item.merged) : wholeEventFrame(item.event)
    case 'task': {
      const { taskId, groupId, attempt, value, progress, rev } = item.task
      return framed('task', {
        type: 'task.changed',
        task_id: taskId,
        task_group_id: groupId,
        attempt,
        value,
        state: stateOf(value),
        progress,
        rev,
      })
    }
    case 'group': {
      const { groupId, value, rev } = item.group
      const state_summary = stateSummary(item.group)
      return framed('group', {
        type: 'group.changed',
        task_group_id: groupId,
        value,
        state_summary,
        rev,
      })
    }
    case 'deleted': {
      const { taskId, groupId } = item.topic
      return taskId === undefined
        ? framed('group', { type: 'group.deleted', task_group_id: groupId ?? null })
        : framed('task', { type: 'task.deleted', task_id: taskId })
    }
    case 'gap': {
      const { afterEventId: after, lastEventId: last, position } = item
      const message =
        after > last
          ? `the last event here is ${last}: event ${after} is of another store, or of this one before it was put back`
          : `event ${after} is not here as it was: reports were deleted, or the store was put back`
      return framed('gap', { type: 'gap', after, last, message }, position)
    }
  }
}

/** A place in the history as text: the event's number, a point, and its time in ms. */
export function positionText({ eventId, atMs }: Position): string {
  return atMs === null ? String(eventId) : `${eventId}.${atMs}`
}

/** Reads a place; the number alone will do. Null when the text is none. */
export function parsePosition(text: string): Position | null {
  const [, eventId, atMs] = /^(\d{1,15})(?:\.(\d{1,15}))?$/.exec(text) ?? []
  if (eventId === undefined) return null
  return { eventId: Number(eventId), atMs: atMs === undefined ? null : Number(atMs) }
}

function wholeEventFrame(event: HistoryEvent): string {
  const known = renderedEvents.get(event)
  if (known !== undefined) return known
  const text = eventFrame(event, 0)
  renderedEvents.set(event, text)
  return text
}

function eventFrame(event: HistoryEvent, merged: number): string {
  return framed(nameOf(event), eventBody(event, merged), event)
}

function nameOf({ taskId, groupId }: HistoryEvent): 'task' | 'group' | 'store' {
  if (taskId !== null) return 'task'
  return groupId === null ? 'store' : 'group'
}

function eventBody(event: HistoryEvent, merged: number): JsonObject {
  const { eventId, atMs, taskId, groupId, type, attempt, value, data } = event
  return {
    event_id: eventId,
    type,
    time: isoTime(atMs),
    at_ms: atMs,
    task_id: taskId,
    task_group_id: groupId,
    attempt,
    value,
    data,
    ...(merged > 0 && { merged }),
  }
}

function framed(name: string, body: JsonObject, id?: Position): string {
  const line = id === undefined ? '' : `id: ${positionText(id)}\n`
  return `${line}event: ${name}\ndata: ${JSON.stringify(body)}\n\n`
}
