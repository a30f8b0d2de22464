// Ids and random draws that come out the same every time.
import type { Ids, Random } from '../ports.ts'

/** UUIDs of version 7, in order: the first ends in 1. */
export function countedIds(): Ids {
  let last = 0
  return {
    newId: () => {
      last += 1
      return `00000000-0000-7000-8000-${last.toString(16).padStart(12, '0')}`
    },
  }
}

/** Draws that a seed determines: Mulberry32, small, fast, and the same everywhere. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return {
    draw01() {
      state = (state + 0x6d2b79f5) >>> 0
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
    },
  }
}
