// Progress of one run, coalesced: a chatty handler costs a write now and then, and the last one counts.
import type { Failure, JsonObject } from '../machines/index.ts'
import { failure } from './errors.ts'
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

  write(progress: JsonObject): void {
    this.#latest = progress
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

/** What a handler gave as its progress, as a JSON object, or why it is none. */
export function progressOf(
  value: unknown,
  callsFolder: string,
): { progress: JsonObject } | { failure: Failure } {
  const outcome = jsonOf(value, 'the progress', callsFolder)
  if ('failure' in outcome) return outcome
  const { json } = outcome
  return typeof json === 'object' && json !== null && !Array.isArray(json)
    ? { progress: json }
    : { failure: failure('RCL0016', 'the progress must be an object') }
}
