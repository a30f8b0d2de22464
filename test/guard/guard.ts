// Measures a figure of the bench in small, and once more before it says that a ratio was lost.
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { Disk } from '../bench/disk.ts'
import { type Conditions, compared, isReached, type Sample } from '../bench/figure.ts'
import { summarize } from '../bench/statistics.ts'
import { THRESHOLDS } from './thresholds.ts'

type Guarded = keyof typeof THRESHOLDS

/** Rounds of one or more figures. */
type Measure = (
  conditions: Pick<Conditions, 'folder' | 'discard' | 'wants' | 'rounds'>,
) => AsyncIterable<Sample>

const ROUNDS = 2

/** Asserts that each figure stays within its threshold in one of two runs of `measure`. */
export async function holds(
  t: TestContext,
  figures: readonly Guarded[],
  measure: Measure,
): Promise<void> {
  const disk = await Disk.open()
  t.after(() => disk.remove())
  const first = await lost(t, figures, measure, disk)
  if (first.length === 0) return
  const again = await lost(t, first, measure, disk)
  assert.deepEqual(again, [], 'twice in a row; test/guard/thresholds.ts says what holds')
}

/** Those that are beyond their threshold. */
async function lost(
  t: TestContext,
  figures: readonly Guarded[],
  measure: Measure,
  disk: Disk,
): Promise<Guarded[]> {
  const samples: Sample[] = []
  const conditions = {
    rounds: ROUNDS,
    folder: (name: string) => disk.folder(name),
    discard: (path: string) => disk.discard(path),
    wants: (figure: string) => figures.some(name => name === figure),
  }
  for await (const sample of measure(conditions)) samples.push(sample)
  return figures.filter(figure => {
    const threshold = THRESHOLDS[figure]
    const own = samples.filter(sample => sample.figure === figure)
    const values = summarize(own.map(({ ours, yardstick }) => compared(threshold, ours, yardstick)))
    const goal = `${threshold.kind} ${threshold.value}`
    t.diagnostic(`${figure}: ${values.median.toPrecision(2)}, and must be ${goal}`)
    return !isReached(threshold, values, summarize(own.map(({ ours }) => ours)))
  })
}
