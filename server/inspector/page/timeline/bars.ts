// What a task did and when, as bars: waiting, suspended, and each attempt with how it ended.
import { type HistoryRecord, TASK_VALUES } from './record.ts'

/** How a bar looks; an attempt that has ended looks as its end does. */
export type BarKind =
  | 'waiting'
  | 'suspended'
  | 'running'
  | 'cancelling'
  | 'finished'
  | 'error'
  | 'canceled'
  | 'interrupted'

export interface Bar {
  kind: BarKind
  fromMs: number
  toMs: number
  attempt: number
  /** Whether it goes on. */
  isOpen: boolean
}

export interface TaskBars {
  bars: Bar[]
  /** How the task ended, and when; null: it has not. */
  end: { value: 'finished' | 'error' | 'canceled' | 'skipped'; atMs: number } | null
}

const EXECUTING = TASK_VALUES.indexOf('running.executing')
const FIRST_FINAL = TASK_VALUES.indexOf('finished')

/**
 * The bars of a task.
 *
 * @param task Its number in the record.
 * @param position How many events of the record have happened.
 * @param untilMs Where what goes on ends for the time being.
 */
export function barsOf(
  record: HistoryRecord,
  task: number,
  position: number,
  untilMs: number,
): TaskBars {
  const bars: Bar[] = []
  let event = record.firstOf(task)
  if (event >= position) return { bars, end: null }
  let fromMs = record.atMsOf(event)
  for (;;) {
    const value = record.valueOf(event)
    if (value >= FIRST_FINAL) {
      const end = TASK_VALUES[value] as NonNullable<TaskBars['end']>['value']
      return { bars, end: { value: end, atMs: record.atMsOf(event) } }
    }
    const next = record.nextOf(event)
    const isOpen = next < 0 || next >= position
    if (isOpen || record.valueOf(next) !== value) {
      const toMs = isOpen ? Math.max(untilMs, fromMs) : record.atMsOf(next)
      const attempt = record.attemptOf(event)
      bars.push({
        kind: kindOf(record, value, isOpen ? null : next),
        fromMs,
        toMs,
        attempt,
        isOpen,
      })
      if (isOpen) return { bars, end: null }
      fromMs = toMs
    }
    event = next
  }
}

function kindOf(record: HistoryRecord, value: number, next: number | null): BarKind {
  if (value !== EXECUTING) {
    return value === EXECUTING + 1 ? 'cancelling' : (TASK_VALUES[value] as BarKind)
  }
  if (next === null) return 'running'
  const after = TASK_VALUES[record.valueOf(next)]
  switch (after) {
    case 'finished':
    case 'error':
    case 'canceled':
      return after
    case 'waiting':
      return record.typeOf(next) === 'task.interrupted' ? 'interrupted' : 'error'
    default:
      return 'running'
  }
}
