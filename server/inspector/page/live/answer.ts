// An answer of the server, as state of a component: read when its path changes, read again on demand,
// and never more often than its pace allows.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { AnswerError, read } from '../http.ts'
import { noteLive, noteLost, pause, visible } from './connection.ts'

export interface Answer<T> {
  data: T | null
  /** Of the last reading; the data of the one before stays. */
  error: Error | null
  /** Reads again soon: asked for many times, it reads once. */
  reload: () => void
  /** Changes what is known already, until it is read again. */
  patch: (change: (data: T) => T) => void
}

interface Options<T> {
  /** Read again this often, while the page can be seen; default: only on demand. */
  everyMs?: number
  /** Shortest time between two readings, in ms; default 500. */
  paceMs?: number
  fetcher?: (path: string, signal: AbortSignal) => Promise<T>
}

const HEARTBEAT_MS = 5_000

/** Follows `/inspect/data/<path>`; null reads nothing. */
export function useAnswer<T>(path: string | null, options: Options<T> = {}): Answer<T> {
  const { everyMs = 0, paceMs = 500, fetcher = read<T> } = options
  const [state, setState] = useState<{ data: T | null; error: Error | null }>({
    data: null,
    error: null,
  })
  const wake = useRef(() => {})
  const latest = useRef(fetcher)
  latest.current = fetcher

  useEffect(() => {
    if (path === null) return
    const stop = new AbortController()
    const { signal } = stop
    let wanted = true
    const run = async () => {
      while (!signal.aborted) {
        await visible(signal)
        if (signal.aborted) return
        if (wanted) {
          wanted = false
          try {
            const data = await latest.current(path, signal)
            if (everyMs > 0) noteLive()
            if (!signal.aborted) setState({ data, error: null })
          } catch (error) {
            if (signal.aborted) return
            if (everyMs > 0 && isUnanswered(error)) noteLost()
            setState(({ data }) => ({ data, error: error as Error }))
          }
          await pause(paceMs, signal)
        } else {
          const woken = new AbortController()
          wake.current = () => {
            wanted = true
            woken.abort()
          }
          await pause(everyMs || 0x7fffffff, AbortSignal.any([signal, woken.signal]))
          wanted = true
        }
      }
    }
    wake.current = () => {
      wanted = true
    }
    void run()
    return () => stop.abort()
  }, [path, everyMs, paceMs])

  const reload = useCallback(() => wake.current(), [])
  const patch = useCallback((change: (data: T) => T) => {
    setState(before => {
      if (before.data === null) return before
      const data = change(before.data)
      return data === before.data ? before : { data, error: before.error }
    })
  }, [])
  return { ...state, reload, patch }
}

/** Says whether the server answers, in a view that reads nothing. */
export function useHeartbeat(): void {
  useAnswer('system/', { everyMs: HEARTBEAT_MS })
}

/** A refusal is an answer, too. */
function isUnanswered(error: unknown): boolean {
  return error instanceof AnswerError && error.status === 0
}
