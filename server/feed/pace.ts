// Lets readers take their turns no faster than leaves the process to its work: what happens between two
// turns of a reader reaches it together.
import type { Clock } from '../ports.ts'

/** Time between two rounds at least, in ms. */
const ROUND_MS = 2
/** Time between two rounds for each reader in the first, in ms: five thousand turns a second. */
const TURN_MS = 0.2
/** Readers that get their turn before everything else in the process gets one. */
const SLICE = 32

export class Pace {
  readonly #clock: Clock
  #queue: (() => void)[] = []
  #isRunning = false
  #restMs = 0
  #restedAtMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Resolves when it is the caller's turn: at once when there was no round for a while. */
  turn(): Promise<void> {
    return new Promise(resolve => {
      this.#queue.push(resolve)
      if (this.#isRunning) return
      this.#isRunning = true
      void this.#run()
    })
  }

  async #run(): Promise<void> {
    // Those whom the same commit has woken go together.
    await this.#clock.turn()
    while (this.#queue.length > 0) {
      const waitMs = this.#restedAtMs - this.#clock.nowMs()
      // Never longer than the rest itself: somebody may have set the clock back.
      if (waitMs > 0) await this.#rest(Math.min(waitMs, this.#restMs))
      const round = this.#queue
      this.#queue = []
      for (let at = 0; at < round.length; at += SLICE) {
        for (const resolve of round.slice(at, at + SLICE)) resolve()
        await this.#clock.turn()
      }
      this.#restMs = Math.max(ROUND_MS, round.length * TURN_MS)
      this.#restedAtMs = this.#clock.nowMs() + this.#restMs
    }
    this.#isRunning = false
  }

  #rest(ms: number): Promise<void> {
    return new Promise(resolve => this.#clock.after(ms, resolve))
  }
}
