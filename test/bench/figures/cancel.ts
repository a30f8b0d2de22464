// Cancelling a group of waiting tasks: against what the disk gives, and how its cost grows.
import { type Bench, type Conditions, LONG, type Sample } from '../figure.ts'
import { measure } from '../process.ts'
import { RawPace } from '../raw-pace.ts'
import type { EngineCancel, EngineCancelled } from '../sides/engine-cancel.ts'
import type { Hold } from '../waiting.ts'

const yardstick = 'node:sqlite update, FULL, batches of 1,000'
const goal = { kind: 'ratio at least', value: 0.4 } as const
const unit = 'tasks/s'

const HOLDS: Record<string, Hold> = { cancel: 'resource', 'cancel-slot': 'slot' }

export const cancel: Bench = {
  name: 'cancel',
  figures: [
    { name: 'cancel', what: 'cancel a group that waits for one resource', yardstick, unit, goal },
    { name: 'cancel-slot', what: 'cancel a group that waits for a slot', yardstick, unit, goal },
    {
      name: 'cancel-linear',
      what: 'cancel: time a task at 1,000,000 tasks',
      yardstick: 'the same at 100,000',
      unit: 'µs',
      goal: { kind: 'ratio at most', value: 1.3 },
    },
  ],
  measure: async function* (conditions) {
    const { rounds, isQuick, wants } = conditions
    for (let round = 0; round < rounds; round += 1) {
      yield* cancelRound(conditions, isQuick ? 10_000 : 100_000)
    }
    if (!wants('cancel-linear')) return
    if (isQuick) {
      yield { figure: 'cancel-linear', missing: LONG }
      return
    }
    // Ten times the size, so fewer times.
    for (let round = 0; round < Math.ceil(rounds / 3); round += 1) {
      yield* linearRound(conditions, 100_000, 1_000_000)
    }
  },
}

/** One round of the rates. */
export async function* cancelRound(
  { folder, wants }: Pick<Conditions, 'folder' | 'wants'>,
  tasks: number,
): AsyncGenerator<Sample> {
  const figures = Object.keys(HOLDS).filter(wants)
  if (figures.length === 0) return
  const pace = new RawPace(folder, tasks)
  for (const figure of figures) {
    const given = { folder: await folder('engine'), tasks, hold: HOLDS[figure] }
    const { result, raw } = await pace.around(() =>
      measure<EngineCancelled>('engine-cancel', given),
    )
    const details = { 'submitted tasks/s': tasks / result.fillSeconds }
    yield { figure, ours: tasks / result.cancelSeconds, yardstick: raw.updates, details }
  }
}

/** One round of how the time a task grows from the smaller group to the larger. */
export async function* linearRound(
  { folder, discard }: Pick<Conditions, 'folder' | 'discard'>,
  smaller: number,
  larger: number,
): AsyncGenerator<Sample> {
  const microsecondsATask = async (tasks: number) => {
    const given: EngineCancel = { folder: await folder('engine'), tasks, hold: 'resource' }
    const { cancelSeconds } = await measure<EngineCancelled>('engine-cancel', given)
    await discard(given.folder)
    return (cancelSeconds / tasks) * 1e6
  }
  const yardstick = await microsecondsATask(smaller)
  yield { figure: 'cancel-linear', ours: await microsecondsATask(larger), yardstick }
}
