// Whether what the page shows is live: one state for the whole page, told by whoever reads.
import { signal } from '@preact/signals'

export type Connection =
  | { state: 'connecting' }
  | { state: 'live' }
  /** `sinceMs`: when it was last known to be live. */
  | { state: 'lost'; sinceMs: number }
  /** The page is hidden, and reads nothing. */
  | { state: 'paused' }

export const connection = signal<Connection>({ state: 'connecting' })

export function noteLive(): void {
  if (connection.value.state !== 'live') connection.value = { state: 'live' }
}

export function noteLost(): void {
  if (connection.value.state !== 'lost') connection.value = { state: 'lost', sinceMs: Date.now() }
}

/** Resolves when the page can be seen, at once when it can. */
export function visible(signal: AbortSignal): Promise<void> {
  if (!document.hidden || signal.aborted) return Promise.resolve()
  connection.value = { state: 'paused' }
  return new Promise(resolve => {
    const look = () => {
      if (document.hidden && !signal.aborted) return
      document.removeEventListener('visibilitychange', look)
      signal.removeEventListener('abort', look)
      if (!signal.aborted) connection.value = { state: 'connecting' }
      resolve()
    }
    document.addEventListener('visibilitychange', look)
    signal.addEventListener('abort', look)
  })
}

/** Resolves after so many ms, or as soon as the signal is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}
