// Which unfinished tasks have a tag, by seq. Many a tag is of one task alone, and costs no more than its name.
import type { Task } from '../../../machines/index.ts'
import { Line } from './line.ts'

export class Tags {
  readonly #seqs = new Map<string, number | Line<true>>()

  put({ tags, seq }: Pick<Task, 'tags' | 'seq'>): void {
    for (const tag of tags) {
      const known = this.#seqs.get(tag)
      if (known === undefined || known === seq) this.#seqs.set(tag, seq)
      else if (typeof known !== 'number') known.put(seq, true)
      else {
        const line = new Line<true>()
        line.put(known, true)
        line.put(seq, true)
        this.#seqs.set(tag, line)
      }
    }
  }

  delete({ tags, seq }: Pick<Task, 'tags' | 'seq'>): void {
    for (const tag of tags) {
      const known = this.#seqs.get(tag)
      if (known === seq) this.#seqs.delete(tag)
      else if (known !== undefined && typeof known !== 'number') {
        known.delete(seq)
        if (known.isEmpty) this.#seqs.delete(tag)
      }
    }
  }

  /** Seqs of tasks that have the rarest of these tags, so many after one at most, lowest first. */
  rarest(tags: readonly string[], after: number, limit: number): number[] {
    let rarest: number | Line<true> | undefined
    let least = Number.POSITIVE_INFINITY
    for (const tag of tags) {
      const known = this.#seqs.get(tag)
      if (known === undefined) return []
      const size = typeof known === 'number' ? 1 : known.size
      if (size >= least) continue
      least = size
      rarest = known
    }
    if (rarest === undefined) return []
    if (typeof rarest !== 'number') return rarest.after(after, limit).map(({ key }) => key)
    return rarest > after ? [rarest] : []
  }
}
