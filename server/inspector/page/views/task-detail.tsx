// What a task is about, in a few words: its progress, its error, or what it waits for.
import { age, counted, nowMs } from '../clock.ts'
import type { TaskRow } from '../data.ts'
import { ProgressText } from '../parts/progress.tsx'
import { stateOf } from '../states.ts'

export function TaskDetail({ row }: { row: TaskRow }) {
  const state = stateOf(row.value)
  // An error beside a state that is none is that of an earlier attempt.
  if (state === 'running') return <ProgressText progress={row.progress} />
  if (row.error_code !== null) return <code class="bad">{row.error_code}</code>
  if (state !== 'waiting' && state !== 'suspended') return null
  if (row.wake_at_ms !== null) {
    const dueMs = row.wake_at_ms - nowMs.value
    return <span class="faint">{dueMs > 0 ? `due in ${age(0, dueMs)}` : 'due'}</span>
  }
  return (
    <span class="faint">
      {row.blockers > 0 ? `behind ${counted(row.blockers, 'other')}` : 'ready'}
    </span>
  )
}
