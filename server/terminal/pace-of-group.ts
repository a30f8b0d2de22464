// How fast a group's tasks end, and when the last of them will at that rate.

/** Time over which the rate is taken, in ms. */
const WINDOW_MS = 30_000

export class PaceOfGroup {
  #samples: { atMs: number; ended: number }[] = []

  /** Takes how many tasks have ended so far. */
  note(atMs: number, ended: number): void {
    this.#samples.push({ atMs, ended })
    // One sample from before the window stays: the rate is taken since then.
    while ((this.#samples[1]?.atMs ?? atMs) < atMs - WINDOW_MS) this.#samples.shift()
  }

  /** Tasks that end in a second; null when it is too early to say. */
  perSecond(nowMs: number): number | null {
    const first = this.#samples[0]
    const last = this.#samples.at(-1)
    if (first === undefined || last === undefined || nowMs - first.atMs < 1_000) return null
    return Math.max(0, last.ended - first.ended) / ((nowMs - first.atMs) / 1_000)
  }

  /** How long so many tasks will take, in ms; null when nobody knows. */
  leftMs(nowMs: number, unfinished: number): number | null {
    const rate = this.perSecond(nowMs)
    return rate === null || rate === 0 || unfinished === 0 ? null : (unfinished / rate) * 1_000
  }
}
