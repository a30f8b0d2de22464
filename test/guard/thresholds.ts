// What the guard asks of each ratio: about half of what it measured, in small and on a busy machine, when
// the line was last touched. A threshold says that a gain has been lost, not that a goal of the bench is
// reached. `node --test test/guard/ratios.test.ts` prints what is measured: raise a line when that has come
// to stay well above it.
import type { Goal } from '../bench/figure.ts'

export const THRESHOLDS = {
  'lives-sqlite-1000': { kind: 'ratio at least', value: 0.08 },
  cancel: { kind: 'ratio at least', value: 0.17 },
  'cancel-linear': { kind: 'ratio at most', value: 2 },
  queue: { kind: 'ratio at most', value: 2 },
  get: { kind: 'ratio at least', value: 0.45 },
  'not-modified': { kind: 'ratio at least', value: 0.6 },
  'get-group': { kind: 'ratio at least', value: 0.45 },
  post: { kind: 'ratio at least', value: 0.16 },
  /** Bytes; a live actor for each task would take 4,000. */
  'memory-heap': { kind: 'at most', value: 2_000 },
} as const satisfies Record<string, Goal>
