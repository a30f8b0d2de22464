// Progress of one run, coalesced: a chatty handler costs a write now and then, and the last one counts.
import type { JsonObject } from '../machines/index.ts'
import { jsonOf } from './outcome.ts'
import type { Clock } from './ports.ts'

/** Time between two writes of one run's progress at least, in ms. */
export const PROGRESS_EVERY_MS = 200

export class ProgressWriter {
  readonly #clock: Clock
  readonly #send: (progress: JsonObject) => void
  #latest: JsonObject | null = null
  #cancelTimer: (() => void) | null = null

  constructor(clock: Clock, send: (progress: JsonObject) => void) {
    this.#clock = clock
    this.#send = send
  }

  /** @throws {TypeError} JSON cannot carry the value, or it is not an object. */
  write(value: unknown): void {
    const outcome = jsonOf(value, 'the progress')
    if ('failure' in outcome) throw new TypeError(outcome.failure.error.description)
    const { json } = outcome
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      throw new TypeError('the progress must be an object')
    }
    this.#latest = json
    if (this.#cancelTimer !== null) return
    this.#write()
    this.#cancelTimer = this.#clock.after(PROGRESS_EVERY_MS, () => {
      this.#cancelTimer = null
      if (this.#latest !== null) this.write(this.#latest)
    })
  }

  /** Writes what has not been written, and ends. */
  flush(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
    this.#write()
  }

  #write(): void {
    if (this.#latest === null) return
    const progress = this.#latest
    this.#latest = null
    this.#send(progress)
  }
}
