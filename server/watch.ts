// Waits for the store to say what somebody waits for: one look after each commit that may matter.
import type { Commit } from './decisions.ts'
import type { Engine } from './engine.ts'
import type { Clock } from './ports.ts'

export interface Watch<T> {
  read: () => T | Promise<T>
  done: (value: T) => boolean
  /** Whether a commit may have changed what `read` gives. */
  concerns: (commit: Commit) => boolean
  /** In ms. */
  timeoutMs: number
  /** Ends the wait early. */
  signal?: AbortSignal
}

/** Resolves with what `read` gives once `done` holds of it, or with what it gives when time is up. */
export async function until<T>(engine: Engine, clock: Clock, watch: Watch<T>): Promise<T> {
  const { read, done, concerns, timeoutMs, signal } = watch
  let wake: () => void = () => {}
  let changed = false
  let over = signal?.aborted ?? false
  const unsubscribe = engine.subscribe(commit => {
    if (!concerns(commit)) return
    changed = true
    wake()
  })
  const end = () => {
    over = true
    wake()
  }
  const cancelTimer = clock.after(timeoutMs, end)
  signal?.addEventListener('abort', end)
  try {
    for (;;) {
      changed = false
      const value = await read()
      if (done(value) || over) return value
      if (!changed && !over) {
        await new Promise<void>(resolve => {
          wake = resolve
        })
      }
    }
  } finally {
    unsubscribe()
    cancelTimer()
    signal?.removeEventListener('abort', end)
  }
}
