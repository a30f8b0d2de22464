// The history of a group, read page by page and then followed. The live stream only says that there is
// more: it spares slow readers some events, and the history has each.
import { type Signal, signal } from '@preact/signals'
import type { GroupHistoryAnswer } from '../data.ts'
import { read } from '../http.ts'
import { follow } from '../live/follow.ts'
import { HistoryRecord } from './record.ts'

export interface LoadedHistory {
  readonly record: HistoryRecord
  /** Events that were read; rises whenever the record grew. */
  readonly length: Signal<number>
  /** Whether the record has reached the present once. */
  readonly isWhole: Signal<boolean>
  readonly error: Signal<Error | null>
  /** Reads on after an error. */
  retry: () => void
}

/** Events in a page; a page of 5,000 is some 500 kB. */
const PAGE = 5_000
/** Shortest time between two looks for what is new, in ms. */
const PACE_MS = 500

interface Shared extends LoadedHistory {
  users: number
  stop: () => void
}

const shared = new Map<string, Shared>()

/** The history of a group while somebody uses it: `release` when no longer. */
export function historyOf(groupId: string): LoadedHistory & { release: () => void } {
  const known = shared.get(groupId) ?? start(groupId)
  shared.set(groupId, known)
  known.users += 1
  let isReleased = false
  return {
    ...known,
    release() {
      if (isReleased) return
      isReleased = true
      known.users -= 1
      // A tab that is left for another of the same group keeps what was read.
      queueMicrotask(() => {
        if (known.users > 0 || shared.get(groupId) !== known) return
        shared.delete(groupId)
        known.stop()
      })
    },
  }
}

function start(groupId: string): Shared {
  const record = new HistoryRecord()
  const length = signal(0)
  const isWhole = signal(false)
  const error = signal<Error | null>(null)
  const stopping = new AbortController()
  let isReading = false
  let isMore = false
  let timer = 0

  const readOn = async () => {
    clearTimeout(timer)
    timer = 0
    if (isReading || stopping.signal.aborted) return
    isReading = true
    isMore = false
    try {
      for (;;) {
        const path = `groups/${groupId}/history/?after=${record.lastEventId}&limit=${PAGE}`
        const { events, more } = await read<GroupHistoryAnswer>(path, stopping.signal)
        record.append(events)
        if (events.length > 0) length.value = record.length
        if (!more) break
      }
      isWhole.value = true
      error.value = null
    } catch (thrown) {
      if (!stopping.signal.aborted) error.value = thrown as Error
    } finally {
      isReading = false
    }
    if (isMore) readLater()
  }
  const readLater = () => {
    isMore = true
    // One that is set already stays: events that never cease must not put it off.
    if (!isReading && timer === 0) timer = window.setTimeout(readOn, PACE_MS)
  }
  const leave = follow(`task_groups/${groupId}/events/`, {
    onOpen: resumed => resumed || readLater(),
    onEvents: events => events.some(({ id }) => id !== null) && readLater(),
  })
  void readOn()

  return {
    record,
    length,
    isWhole,
    error,
    users: 0,
    retry: () => void readOn(),
    stop() {
      stopping.abort()
      clearTimeout(timer)
      leave()
    },
  }
}
