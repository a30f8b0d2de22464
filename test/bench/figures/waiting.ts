// What tasks that wait cost: memory while they do, and time when the process starts again.
import { type Bench, type Conditions, LONG, type Sample } from '../figure.ts'
import { measure } from '../process.ts'
import type { EngineFill, EngineFilled } from '../sides/engine-fill.ts'
import type { EngineOpened } from '../sides/engine-open.ts'
import type { SqliteWasRead } from '../sides/sqlite-read.ts'
import type { Hold } from '../waiting.ts'

const goal = { kind: 'at most', value: 700 } as const
const memory = { yardstick: null, unit: 'bytes', goal }

/** How long a filled engine is left alone before it is weighed, in ms. */
const REST_MS = 20_000

export const waiting: Bench = {
  name: 'waiting',
  figures: [
    { name: 'memory', what: 'rss a waiting task, 1,000,000 on one resource, at rest', ...memory },
    { name: 'memory-filled', what: 'the same right after the last submission', ...memory },
    {
      name: 'memory-heap',
      what: "of that, in the main thread's heap",
      yardstick: null,
      unit: 'bytes',
      goal: { kind: 'none' },
    },
    {
      name: 'memory-slot',
      what: 'rss a waiting task, each with its own resource, at rest',
      ...memory,
    },
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
      if (restarts > 0 || wants('memory') || wants('memory-filled') || wants('memory-heap')) {
        yield* waitingRound(conditions, tasks, restarts, isQuick ? 0 : REST_MS)
      }
      if (isQuick && wants('memory')) yield { figure: 'memory', missing: LONG }
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
  restMs: number,
): AsyncGenerator<Sample> {
  const path = await folder('waiting')
  const filled = await fillOnce(path, tasks, 'resource', restMs)
  const details = { 'submitted tasks/s': tasks / filled.fillSeconds }
  const resting = aTask(filled, filled.restingBytes, tasks)
  if (restMs > 0) yield { figure: 'memory', ours: resting, yardstick: null }
  const ours = aTask(filled, filled.filledBytes, tasks)
  yield { figure: 'memory-filled', ours, yardstick: null, details }
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
  const filled = await fillOnce(path, tasks, 'slot', REST_MS)
  await discard(path)
  const details = { 'bytes, right after': aTask(filled, filled.filledBytes, tasks) }
  const ours = aTask(filled, filled.restingBytes, tasks)
  yield { figure: 'memory-slot', ours, yardstick: null, details }
}

function fillOnce(
  folder: string,
  tasks: number,
  hold: Hold,
  restMs: number,
): Promise<EngineFilled> {
  const given: EngineFill = { folder, tasks, hold, restMs }
  return measure('engine-fill', given, ['--expose-gc'])
}

function aTask({ emptyBytes }: EngineFilled, bytes: number, tasks: number): number {
  return (bytes - emptyBytes) / tasks
}
