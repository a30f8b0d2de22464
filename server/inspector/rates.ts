// How much happens: tasks submitted, started and ended in each of the last seconds, counted as they commit.
import { isFinal, type TaskValue } from '../../machines/index.ts'
import type { Commit } from '../decisions.ts'
import type { Engine } from '../engine.ts'

/** Seconds that are kept. */
const KEPT_S = 120

export interface RateSecond {
  /** Begin of the second, in ms since the epoch. */
  at_ms: number
  submitted: number
  started: number
  ended: number
}

export class Rates {
  readonly #ring: RateSecond[] = []
  readonly #startedS: number
  readonly #unsubscribe: () => void

  constructor(engine: Engine, nowMs: number) {
    this.#startedS = Math.floor(nowMs / 1_000)
    this.#unsubscribe = engine.subscribe(commit => this.#count(commit))
  }

  close(): void {
    this.#unsubscribe()
  }

  /** The last seconds up to this one, which is not over, oldest first; none from before the start. */
  seconds(nowMs: number): RateSecond[] {
    const nowS = Math.floor(nowMs / 1_000)
    const firstS = Math.max(this.#startedS, nowS - KEPT_S + 1)
    return Array.from({ length: Math.max(0, nowS - firstS + 1) }, (_, nth) => {
      const at_ms = (firstS + nth) * 1_000
      const kept = this.#ring[(firstS + nth) % KEPT_S]
      return kept?.at_ms === at_ms ? { ...kept } : { at_ms, submitted: 0, started: 0, ended: 0 }
    })
  }

  #count({ events }: Commit): void {
    for (const { type, taskId, value, atMs } of events) {
      if (taskId === null) continue
      const second = this.#second(Math.floor(atMs / 1_000))
      if (type === 'task.submitted') second.submitted += 1
      else if (type === 'task.start') second.started += 1
      // A final state never changes, so that its event is the task's last.
      else if (isFinal(value as TaskValue)) second.ended += 1
    }
  }

  #second(atS: number): RateSecond {
    const kept = this.#ring[atS % KEPT_S]
    if (kept?.at_ms === atS * 1_000) return kept
    const fresh = { at_ms: atS * 1_000, submitted: 0, started: 0, ended: 0 }
    this.#ring[atS % KEPT_S] = fresh
    return fresh
  }
}
