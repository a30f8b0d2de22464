// Whether a queue's length matters to those who join it and leave it.
import type { Bench, Conditions, Sample } from '../figure.ts'
import { Side } from '../process.ts'
import type { EngineQueue, Turn, Turned } from '../sides/engine-queue.ts'

export const queue: Bench = {
  name: 'queue',
  figures: [
    {
      name: 'queue',
      what: 'submit + release on one resource, 100,000 queued',
      yardstick: 'the same with 10 queued',
      unit: 'ms',
      goal: { kind: 'ratio at most', value: 1.3 },
    },
  ],
  measure: conditions =>
    measureQueue(conditions, conditions.isQuick ? 10_000 : 100_000, conditions.isQuick ? 2 : 8),
}

/** Submissions and releases before it is the other's turn: few, so that both meet the same noise. */
const TIMES = 50

/** @param turns Of each side in one round. */
export async function* measureQueue(
  { folder, rounds }: Pick<Conditions, 'folder' | 'rounds'>,
  queued: number,
  turns: number,
): AsyncGenerator<Sample> {
  const start = async (length: number) => {
    const given: EngineQueue = { folder: await folder('queue'), queued: length }
    return (await Side.start('engine-queue', given)).side
  }
  const long = await start(queued)
  const short = await start(10)
  try {
    // The first is for the compiler.
    for (let round = 0; round <= rounds; round += 1) {
      const eachMs = new Map([
        [long, 0],
        [short, 0],
      ])
      for (let turn = 0; turn < turns; turn += 1) {
        for (const side of turn % 2 === 0 ? [long, short] : [short, long]) {
          const turned = await side.ask<Turned>({ times: TIMES } satisfies Turn)
          eachMs.set(side, (eachMs.get(side) as number) + turned.eachMs / turns)
        }
      }
      const [ours, yardstick] = [eachMs.get(long) as number, eachMs.get(short) as number]
      if (round > 0) yield { figure: 'queue', ours, yardstick }
    }
  } finally {
    await Promise.all([long.stop(), short.stop()])
  }
}
