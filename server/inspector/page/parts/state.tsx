// A state in words and shape; counts by state as a bar and as a legend.

import { count } from '../clock.ts'
import type { StateSummary, TaskState, TaskValue } from '../data.ts'
import { TASK_STATES, type Tone, toneOf } from '../states.ts'
import { StateGlyph } from './icon.tsx'

export function Badge({ tone, word }: { tone: Tone; word: string }) {
  return (
    <span class={`badge tone-${tone}`}>
      <StateGlyph tone={tone} />
      {word}
    </span>
  )
}

export function TaskBadge({ value }: { value: TaskValue }) {
  const tone = toneOf(value)
  return <Badge tone={tone} word={tone} />
}

/** Counts as one bar: ended from the left, waiting on the right. */
export function StackedBar({ counts, tall }: { counts: StateSummary; tall?: boolean }) {
  const shown = TASK_STATES.filter(state => counts[state] > 0)
  const text = shown.map(state => `${count(counts[state])} ${state}`).join(', ')
  return (
    <div class={tall ? 'bar tall' : 'bar'} role="img" aria-label={text || 'no tasks'} title={text}>
      {TASK_STATES.map(state => (
        <i
          key={state}
          class={`fill-${state}`}
          hidden={counts[state] === 0}
          style={{ flexGrow: counts[state] }}
        />
      ))}
    </div>
  )
}

/** Counts in words; each is a button that filters by its state when `onToggle` is given. */
export function Legend({
  counts,
  chosen,
  onToggle,
}: {
  counts: StateSummary
  chosen: readonly string[]
  onToggle: (state: TaskState) => void
}) {
  return (
    <fieldset class="legend">
      <legend class="unseen">Filter tasks by state</legend>
      {TASK_STATES.map(state => (
        <button
          key={state}
          type="button"
          class="chip"
          aria-pressed={chosen.includes(state)}
          data-empty={counts[state] === 0 ? '' : undefined}
          onClick={() => onToggle(state)}
        >
          <StateGlyph tone={state} />
          <span>{state}</span>
          <b>{count(counts[state])}</b>
        </button>
      ))}
    </fieldset>
  )
}
