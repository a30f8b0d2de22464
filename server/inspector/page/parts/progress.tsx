// A task's progress: what its call said, which may be anything; a bar where it says how far.
import { count } from '../clock.ts'
import type { Json } from '../data.ts'

type Progress = { [key: string]: Json }

/** Pairs of names that calls use for "so many of so many". */
const PAIRS: readonly [done: string, total: string][] = [
  ['done', 'total'],
  ['completed', 'total'],
  ['current', 'total'],
  ['items_done', 'items_total'],
  ['num_success', 'total'],
]

/** How far, when the progress says it in a way that is understood. */
export function fraction(progress: Progress): { done: number; total: number } | null {
  for (const [doneName, totalName] of PAIRS) {
    const done = progress[doneName]
    const total = progress[totalName]
    if (typeof done === 'number' && typeof total === 'number' && total > 0) {
      return { done: Math.max(0, Math.min(done, total)), total }
    }
  }
  return null
}

/** In the width of a cell. */
export function ProgressText({ progress }: { progress: Progress }) {
  const far = fraction(progress)
  if (far !== null) {
    return (
      <span class="progress">
        <progress value={far.done} max={far.total} aria-label="Progress" />
        <span class="number">
          {count(far.done)}
          <span class="faint"> / {count(far.total)}</span>
        </span>
      </span>
    )
  }
  const entries = Object.entries(progress)
  if (entries.length === 0) return null
  const text = entries
    .map(([name, value]) => `${name}: ${typeof value === 'object' ? JSON.stringify(value) : value}`)
    .join(', ')
  return (
    <span class="faint clip" title={text}>
      {text}
    </span>
  )
}
