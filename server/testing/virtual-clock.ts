// Time that stands still until it is moved. An engine on this clock and the memory store does everything
// in microtasks, so that one turn of the real event loop brings it to rest, whatever there was to do.
import { setImmediate } from 'node:timers'
import type { Clock } from '../ports.ts'

interface Timer {
  atMs: number
  action: () => void
}

// Taken before a test can replace it by a mocked one.
const afterMicrotasks = setImmediate

/** Resolves when everything that could go on without time passing has gone on. */
export function quiet(): Promise<void> {
  return new Promise(resolve => afterMicrotasks(resolve))
}

/** A clock that moves when it is told to, and never by itself. */
export class VirtualClock implements Clock {
  #nowMs: number
  #timers: Timer[] = []

  /** @param startMs Its first time, in ms since the epoch. */
  constructor(startMs: number = Date.parse('2026-01-01T00:00:00Z')) {
    this.#nowMs = startMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  /** When the next timer is due, in ms since the epoch; null when nobody sleeps. */
  get nextAtMs(): number | null {
    return this.#timers[0]?.atMs ?? null
  }

  after(delayMs: number, action: () => void): () => void {
    // Who waits without end sets no timer.
    if (delayMs === Number.POSITIVE_INFINITY) return () => {}
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), action }
    // Sorted by time, and by order of setting within one time.
    const at = this.#timers.findLastIndex(({ atMs }) => atMs <= timer.atMs)
    this.#timers.splice(at + 1, 0, timer)
    return () => {
      const index = this.#timers.indexOf(timer)
      if (index !== -1) this.#timers.splice(index, 1)
    }
  }

  async turn(): Promise<void> {}

  /** Moves on, timer by timer, and lets what each sets off come to rest before the next. */
  async advance(ms: number, rest: () => Promise<void> = quiet): Promise<void> {
    await this.advanceTo(this.#nowMs + ms, rest)
  }

  /**
   * As `advance`, to a time in ms since the epoch; one that has passed moves nothing.
   *
   * @param rest Resolves when all that a timer set off has come to rest.
   */
  async advanceTo(untilMs: number, rest: () => Promise<void> = quiet): Promise<void> {
    await rest()
    for (;;) {
      const next = this.#timers[0]
      if (next === undefined || next.atMs > untilMs) break
      this.#timers.shift()
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.action()
      await rest()
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs)
  }

  /** Sets the time without a word to those that sleep, as an operator sets a wall clock. */
  jump(ms: number): void {
    this.#nowMs += ms
    for (const timer of this.#timers) timer.atMs += ms
  }

  /** Forgets all timers: the process that set them has died. */
  forget(): void {
    this.#timers = []
  }
}
