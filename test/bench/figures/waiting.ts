// What tasks that wait cost: memory while they do, and time when the process starts again.
import { type Bench, type Conditions, LONG, type Sample } from '../figure.ts'
import { measure } from '../process.ts'
import type { EngineFill, EngineFilled } from '../sides/engine-fill.ts'
import type { EngineOpened } from '../sides/engine-open.ts'
import type { SqliteWasRead } from '../sides/sqlite-read.ts'
import type { Hold } from '../waiting.ts'

const goal = { kind: 'at most', value: 700 } as const
const memory = { yardstick: null, unit: 'bytes', goal }

export const waiting: Bench = {
  name: 'waiting',
  figures: [
    { name: 'memory', what: 'rss a waiting task, 1,000,000 on one resource', ...memory },
    { name: 'memory-collected', what: 'the same after a garbage collection', ...memory },
    {
      name: 'memory-heap',
      what: "of that, in the main thread's heap",
      yardstick: null,
      unit: 'bytes',
      goal: { kind: 'none' },
    },
    { name: 'memory-slot', what: 'rss a waiting task, each with a resource of its own', ...memory },
    {
      name: 'restart',
      what: 'ready after a restart, 1,000,000 waiting',
      yardstick: 'raw read of the same rows',
      unit: 's',
      goal: { kind: 'ratio at most', value: 3 },
    },
  ],
  measure: async function* (conditions) {
    const { isQuick, rounds, wants } = conditions
    const tasks = isQuick ? 100_000 : 1_000_000
    // Filling takes long and weighs the same each time; a restart is quick.
    for (let filling = 0; filling < Math.ceil(rounds / 3); filling += 1) {
      const restarts = wants('restart') ? Math.ceil(rounds / Math.ceil(rounds / 3)) : 0
      if (restarts > 0 || wants('memory') || wants('memory-collected') || wants('memory-heap')) {
        yield* waitingRound(conditions, tasks, restarts)
      }
      if (!wants('memory-slot')) continue
      if (isQuick) yield { figure: 'memory-slot', missing: LONG }
      else yield* slotRound(conditions, tasks)
    }
  },
}

/** One filling, weighed, and so many restarts of it. */
export async function* waitingRound(
  { folder, discard }: Pick<Conditions, 'folder' | 'discard'>,
  tasks: number,
  restarts: number,
): AsyncGenerator<Sample> {
  const path = await folder('waiting')
  const filled = await fillOnce(path, tasks, 'resource')
  const details = { 'submitted tasks/s': tasks / filled.fillSeconds }
  yield {
    figure: 'memory',
    ours: aTask(filled, filled.filledBytes, tasks),
    yardstick: null,
    details,
  }
  const collected = aTask(filled, filled.collectedBytes, tasks)
  yield { figure: 'memory-collected', ours: collected, yardstick: null }
  yield { figure: 'memory-heap', ours: filled.heapBytes / tasks, yardstick: null }
  for (let restart = 0; restart < restarts; restart += 1) {
    const read = await measure<SqliteWasRead>('sqlite-read', { folder: path })
    const opened = await measure<EngineOpened>('engine-open', { folder: path })
    yield { figure: 'restart', ours: opened.seconds, yardstick: read.seconds }
  }
  await discard(path)
}

async function* slotRound(
  { folder, discard }: Pick<Conditions, 'folder' | 'discard'>,
  tasks: number,
): AsyncGenerator<Sample> {
  const path = await folder('waiting')
  const filled = await fillOnce(path, tasks, 'slot')
  await discard(path)
  const details = { 'bytes, collected': aTask(filled, filled.collectedBytes, tasks) }
  const ours = aTask(filled, filled.filledBytes, tasks)
  yield { figure: 'memory-slot', ours, yardstick: null, details }
}

function fillOnce(folder: string, tasks: number, hold: Hold): Promise<EngineFilled> {
  const given: EngineFill = { folder, tasks, hold }
  return measure('engine-fill', given, ['--expose-gc'])
}

function aTask({ emptyBytes }: EngineFilled, bytes: number, tasks: number): number {
  return (bytes - emptyBytes) / tasks
}
