// Whole lives: tasks submitted as one group, run and settled, against what the disk gives and what other
// queues do.
import type { Bench, Conditions, Missing, Sample } from '../figure.ts'
import { arePeersInstalled, INSTALL, isRedisInstalled, Peers } from '../peers.ts'
import { measure } from '../process.ts'
import { RawPace, type RawRates } from '../raw-pace.ts'
import type { EngineLived, EngineLives } from '../sides/engine-lives.ts'

const shared = {
  yardstick: 'node:sqlite insert + update, FULL, batches of 1,000',
  unit: 'lives/s',
  goal: { kind: 'ratio at least', value: 0.5 },
} as const

const NO_REDIS = 'there is no redis-server in PATH'

export const lives: Bench = {
  name: 'lives',
  figures: [
    {
      name: 'lives-peers',
      what: 'whole lives, default concurrency',
      yardstick: 'the fastest of graphile-worker, pg-boss and BullMQ, in bulk',
      unit: 'lives/s',
      goal: { kind: 'ratio at least', value: 5 },
    },
    { name: 'lives-sqlite', what: 'whole lives, default concurrency', ...shared },
    { name: 'lives-sqlite-1000', what: 'whole lives, concurrency 1,000', ...shared },
  ],
  measure: measureLives,
}

async function* measureLives(conditions: Conditions): AsyncGenerator<Sample | Missing> {
  const { rounds, isQuick, wants, folder, say } = conditions
  const tasks = isQuick ? 10_000 : 100_000
  const peers = wants('lives-peers') && arePeersInstalled() ? new Peers() : null
  if (wants('lives-peers') && peers === null) {
    yield { figure: 'lives-peers', missing: `the peers are not installed; \`${INSTALL}\` does it` }
  }
  try {
    if (peers !== null) {
      await peers.start(folder)
      if (!isRedisInstalled()) say(`  bullmq: not measured, ${NO_REDIS}`)
    }
    for (let round = 0; round < rounds; round += 1) {
      const peerRates = await peers?.lives(isQuick ? 6_000 : 20_000)
      yield* livesRound(conditions, tasks, peerRates)
    }
  } finally {
    await peers?.stop()
  }
}

/**
 * One round of all its figures.
 *
 * @param peerRates Lives a second by the peer's name; none: they are not measured.
 */
export async function* livesRound(
  { folder, wants }: Pick<Conditions, 'folder' | 'wants'>,
  tasks: number,
  peerRates?: ReadonlyMap<string, number>,
): AsyncGenerator<Sample> {
  const live = async (concurrency?: number) => {
    const given: EngineLives = { folder: await folder('engine'), tasks, concurrency }
    return measure<EngineLived>('engine-lives', given)
  }
  const pace = new RawPace(folder, tasks)
  const sample = (
    figure: string,
    { seconds, submitSeconds }: EngineLived,
    raw: RawRates,
  ): Sample => ({
    figure,
    ours: tasks / seconds,
    yardstick: raw.lives,
    details: {
      'submitted tasks/s': tasks / submitSeconds,
      'node:sqlite inserts/s': raw.inserts,
      'node:sqlite updates/s': raw.updates,
    },
  })
  if (peerRates !== undefined || wants('lives-sqlite')) {
    const { result, raw } = await pace.around(() => live())
    if (peerRates !== undefined) yield againstPeers(tasks / result.seconds, peerRates)
    yield sample('lives-sqlite', result, raw)
  }
  if (wants('lives-sqlite-1000')) {
    const { result, raw } = await pace.around(() => live(1_000))
    yield sample('lives-sqlite-1000', result, raw)
  }
}

function againstPeers(ours: number, peerRates: ReadonlyMap<string, number>): Sample {
  const rates = [...peerRates].map(([name, rate]) => [`${name} lives/s`, rate])
  return {
    figure: 'lives-peers',
    ours,
    yardstick: Math.max(...peerRates.values()),
    details: {
      ...Object.fromEntries(rates),
      ...(!peerRates.has('bullmq') && { bullmq: NO_REDIS }),
    },
  }
}
