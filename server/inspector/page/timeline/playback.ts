// Plays a history: time runs so many times faster than it did, and does not wait where nothing happened.
import type { HistoryRecord } from './record.ts'

/** Times faster than it was. */
export const SPEEDS = [0.1, 1, 10, 100, 1_000, 10_000] as const

/** No pause is longer than this on the screen, in ms. */
const PAUSE_MAX_MS = 700
/** How long a whole history takes at the speed that is chosen first, at most, in ms. */
const WHOLE_MS = 40_000

export class Playback {
  readonly #record: HistoryRecord
  #atMs: number

  /** @param position Where it begins: so many events have happened. */
  constructor(record: HistoryRecord, position: number) {
    this.#record = record
    this.#atMs = position === 0 ? record.atMsOf(0) - 1 : record.atMsOf(position - 1)
  }

  /**
   * Lets time pass.
   *
   * @param elapsedMs On the screen.
   * @returns How many events have happened then.
   */
  advance(elapsedMs: number, speed: number): number {
    const record = this.#record
    const next = record.upToTime(this.#atMs)
    if (next >= record.length) return record.length
    const soonest = record.atMsOf(next) - PAUSE_MAX_MS * speed
    this.#atMs = Math.max(this.#atMs, soonest) + elapsedMs * speed
    return record.upToTime(this.#atMs)
  }
}

/** The slowest speed at which all of it takes no longer than one likes to watch. */
export function firstSpeed(record: HistoryRecord): number {
  if (record.length === 0) return 1
  const lengthMs = record.atMsOf(record.length - 1) - record.atMsOf(0)
  return (
    SPEEDS.find(speed => speed >= 1 && lengthMs / speed <= WHOLE_MS) ?? (SPEEDS.at(-1) as number)
  )
}
