// How far a history is read, while it is; and what kept it from being read.
import { counted } from '../clock.ts'
import type { LoadedHistory } from './load.ts'

export function Loading({ history }: { history: LoadedHistory }) {
  const events = history.length.value
  const error = history.error.value
  if (error !== null) {
    return (
      <div class="history-loading is-error" role="alert">
        <span>The history could not be read: {error.message}</span>
        <button type="button" onClick={history.retry}>
          Try again
        </button>
      </div>
    )
  }
  if (history.isWhole.value) return null
  return (
    <div class="history-loading" role="status">
      <i />
      Reading the history: {counted(events, 'event')}
    </div>
  )
}
