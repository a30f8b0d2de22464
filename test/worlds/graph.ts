// The worlds as a graph, in a few bytes a step: whether all tasks can end from everywhere, and how many
// histories lead through it.

/** Steps between worlds, which are numbers: the nth leads from `from[n]` to `to[n]`. */
export class Arrows {
  #from = new Int32Array(1_024)
  #to = new Int32Array(1_024)
  #progress = new Uint8Array(1_024)
  length = 0

  /** @param progress Whether neither a client nor a mishap takes the step. */
  add(from: number, to: number, progress: boolean): void {
    if (this.length === this.#from.length) this.#grow()
    this.#from[this.length] = from
    this.#to[this.length] = to
    this.#progress[this.length] = progress ? 1 : 0
    this.length += 1
  }

  *[Symbol.iterator](): Generator<[from: number, to: number]> {
    for (let nth = 0; nth < this.length; nth += 1) yield [this.#from[nth]!, this.#to[nth]!]
  }

  /** The first world from which progress alone does not lead to one in which all tasks have ended. */
  firstThatNeverEnds(worlds: number, ended: readonly number[]): number | null {
    const ends = new Uint8Array(worlds)
    for (const world of ended) ends[world] = 1
    // Backwards through all arrows until nothing is added: most lead to a world with a higher number.
    for (let added = true; added; ) {
      added = false
      for (let nth = this.length - 1; nth >= 0; nth -= 1) {
        if (this.#progress[nth] === 0 || ends[this.#to[nth]!] === 0) continue
        if (ends[this.#from[nth]!] === 1) continue
        ends[this.#from[nth]!] = 1
        added = true
      }
    }
    const first = ends.indexOf(0)
    return first === -1 ? null : first
  }

  /** Paths of at most so many steps from the first world. Past 2 ** 53 the number is rounded. */
  countHistories(worlds: number, steps: number): number {
    let ending = new Float64Array(worlds)
    ending[0] = 1
    let histories = 1
    for (let step = 0; step < steps; step += 1) {
      const next = new Float64Array(worlds)
      for (let nth = 0; nth < this.length; nth += 1)
        next[this.#to[nth]!]! += ending[this.#from[nth]!]!
      ending = next
      for (const each of ending) histories += each
    }
    return histories
  }

  #grow(): void {
    const doubled = <A extends Int32Array | Uint8Array>(from: A, to: A): A => {
      to.set(from)
      return to
    }
    this.#from = doubled(this.#from, new Int32Array(2 * this.length))
    this.#to = doubled(this.#to, new Int32Array(2 * this.length))
    this.#progress = doubled(this.#progress, new Uint8Array(2 * this.length))
  }
}
