// How many tasks were in each state over time: what is drawn where there are more tasks than rows.
import { type HistoryRecord, NONE, TASK_VALUES } from './record.ts'

export interface FlowAsk {
  /** Tasks in a row. */
  tasksPerRow: number
  /** The rows, from this one up to and without that one. */
  fromRow: number
  toRow: number
  /** How many events have happened. */
  position: number
  /** What the bins divide evenly: the time between these, or the events themselves. */
  along: { fromMs: number; toMs: number } | 'events'
  bins: number
}

/** A whole pass through the events is worth it when so many of the tasks are asked for, or more. */
const PASS_SHARE = 1 / 8

/**
 * Counts by row, state node and bin: `(row * values + value) * bins + bin`, the row from 0, says how many
 * of its tasks were in the state when the bin ended. What was before the first bin is in it.
 */
export function flowsOf(record: HistoryRecord, ask: FlowAsk): Int32Array {
  const { bins, tasksPerRow, fromRow, toRow, along } = ask
  const values = TASK_VALUES.length
  const flows = new Int32Array(Math.max(0, toRow - fromRow) * values * bins)
  const fromTask = fromRow * tasksPerRow
  const toTask = Math.min(record.taskIds.length, toRow * tasksPerRow)
  const isByEvent = along === 'events'
  const fromMs = isByEvent ? 0 : along.fromMs
  const perMs = isByEvent ? 0 : bins / Math.max(1e-6, along.toMs - along.fromMs)
  const perEvent = isByEvent ? bins / Math.max(1, record.length) : 0
  // What happened after the last bin counts nowhere.
  const last = isByEvent ? ask.position : Math.min(ask.position, record.upToTime(along.toMs))

  if (toTask - fromTask >= record.taskIds.length * PASS_SHARE) {
    // In the order of the columns: many times faster than task by task.
    for (let event = 0; event < last; event += 1) {
      const task = record.taskOf(event)
      if (task >= fromTask && task < toTask) count(event, task)
    }
  } else {
    for (let task = fromTask; task < toTask; task += 1) {
      for (let event = record.firstOf(task); event >= 0 && event < last; ) {
        count(event, task)
        event = record.nextOf(event)
      }
    }
  }
  for (let at = 0; at < flows.length; at += bins) {
    for (let bin = at + 1; bin < at + bins; bin += 1) flows[bin]! += flows[bin - 1] as number
  }
  return flows

  function count(event: number, task: number): void {
    const before = record.beforeOf(event)
    const value = record.valueOf(event)
    if (before === value) return
    const bin = isByEvent
      ? Math.floor(event * perEvent)
      : Math.max(0, Math.floor((record.atMsOf(event) - fromMs) * perMs))
    if (bin >= bins) return
    const row = Math.floor(task / tasksPerRow) - fromRow
    if (before !== NONE) flows[(row * values + before) * bins + bin]! -= 1
    flows[(row * values + value) * bins + bin]! += 1
  }
}

/** One row of flows. */
export function rowOf(flows: Int32Array, row: number, bins: number): Int32Array {
  const length = TASK_VALUES.length * bins
  return flows.subarray(row * length, (row + 1) * length)
}

/** The flow of all tasks together. */
export function wholeFlow(
  record: HistoryRecord,
  ask: Pick<FlowAsk, 'position' | 'along' | 'bins'>,
): Int32Array {
  const tasksPerRow = Math.max(1, record.taskIds.length)
  return flowsOf(record, { ...ask, tasksPerRow, fromRow: 0, toRow: 1 })
}
