// The words, shapes and order of states: each has a name, a glyph and a colour, so that none is told
// by its colour alone.
import type { GroupValue, StateSummary, TaskState, TaskValue } from './data.ts'

/** A name of the colours `--state-…` and `--fill-…`, and of a glyph. */
export type Tone = TaskState | 'cancelling'

/** In the order of a life, ended first: as a bar fills from the left. */
export const TASK_STATES: readonly TaskState[] = [
  'finished',
  'error',
  'canceled',
  'skipped',
  'running',
  'suspended',
  'waiting',
]

export const ENDED: readonly TaskState[] = ['finished', 'error', 'canceled', 'skipped']

export function stateOf(value: TaskValue): TaskState {
  return value.startsWith('running') ? 'running' : (value as TaskState)
}

export function isFinal(value: TaskValue): boolean {
  return ENDED.includes(stateOf(value))
}

export function toneOf(value: TaskValue): Tone {
  return value === 'running.cancelling' ? 'cancelling' : stateOf(value)
}

/** How a group reads, from its state node and how it ended. */
export function groupLook(group: {
  value: GroupValue
  canceled: boolean
  state_summary: StateSummary
}): { word: string; tone: Tone } {
  const { value, canceled, state_summary: counts } = group
  if (value === 'cancelling') return { word: 'cancelling', tone: 'cancelling' }
  if (value === 'settled') {
    if (canceled) return { word: 'canceled', tone: 'canceled' }
    if (counts.error > 0) return { word: 'settled, with errors', tone: 'error' }
    return { word: 'settled', tone: 'finished' }
  }
  if (value.startsWith('suspended')) return { word: 'suspended', tone: 'suspended' }
  return { word: 'active', tone: 'running' }
}

export function endedCount(counts: StateSummary): number {
  return counts.finished + counts.error + counts.canceled + counts.skipped
}

export function unfinishedCount(counts: StateSummary): number {
  return counts.waiting + counts.suspended + counts.running
}

/** Percent that has ended; 100 only when all has. */
export function percentEnded(counts: StateSummary): number {
  if (counts.total === 0) return 0
  return Math.floor((endedCount(counts) / counts.total) * 100)
}
