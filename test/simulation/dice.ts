// Draws that a seed determines, in the words of the generator.
import { seededRandom } from '../../server/testing/repeatable.ts'

export class Dice {
  readonly #random: { draw01(): number }

  /** @param seed An integer from 0 below 2³². */
  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  /** An integer from 0 below `limit`. */
  below(limit: number): number {
    return Math.floor(this.#random.draw01() * limit)
  }

  /** An integer from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1)
  }

  chance(probability: number): boolean {
    return this.#random.draw01() < probability
  }

  /** One of a list, repeats counting as weight. */
  among<T>(list: readonly T[]): T {
    if (list.length === 0) throw new RangeError('nothing to draw from')
    return list[this.below(list.length)] as T
  }

  /** One of the keys, by weight; weights are 0 or more, and not all of them 0. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries(weights) as [K, number][]
    let left = this.#random.draw01() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [key, weight] of entries) {
      left -= weight
      if (left < 0) return key
    }
    return (entries.findLast(([, weight]) => weight > 0) as [K, number])[0]
  }

  /** So many draws. */
  times<T>(count: number, draw: (nth: number) => T): T[] {
    return Array.from({ length: count }, (_, nth) => draw(nth))
  }
}
