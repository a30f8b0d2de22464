// The moment of a group's past that the page shows, for all parts of the page: nothing while it shows the
// present. Who moves it is the slider (time-travel.tsx).
import { type Signal, signal } from '@preact/signals'
import type { TaskValue } from '../data.ts'
import { type HistoryRecord, NONE, TASK_VALUES } from './record.ts'
import { type Counts, Replay } from './replay.ts'

export interface Past {
  /** The last event that had happened; 0: none had. */
  eventId: number
  atMs: number
  counts: Counts
  /** The group's state node. */
  groupValue: string
  /** A task's state node; null when it was not submitted. A later moment changes what it says. */
  valueOf: (taskId: string) => TaskValue | null
}

const pasts = new Map<string, Signal<Past | null>>()

/** The past that is shown of a group; null: the present is. */
export function pastOf(groupId: string): Signal<Past | null> {
  const known = pasts.get(groupId)
  if (known !== undefined) return known
  const past = signal<Past | null>(null)
  pasts.set(groupId, past)
  return past
}

/** Moves through a record: each moment is the answer to one call, and read before the next. */
export function travellerOf(record: HistoryRecord): (position: number) => Past {
  const replay = new Replay(record)
  return position => {
    replay.moveTo(position)
    const last = replay.position - 1
    return {
      eventId: last < 0 ? 0 : record.eventIdOf(last),
      atMs: record.length === 0 ? 0 : record.atMsOf(Math.max(0, last)),
      counts: replay.counts(),
      groupValue: replay.groupValue,
      valueOf(taskId) {
        const task = record.taskNumberOf(taskId)
        const value = task === undefined ? NONE : replay.valueOf(task)
        return value === NONE ? null : (TASK_VALUES[value] as TaskValue)
      },
    }
  }
}
