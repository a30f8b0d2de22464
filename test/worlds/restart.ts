// A restart of a world's process: the server's own recovery, which may die after any of its commits.
import { type Command, stateOf } from '../../machines/index.ts'
import { defineCall, Registry } from '../../server/calls.ts'
import type { Engine } from '../../server/engine.ts'
import { recover } from '../../server/recovery.ts'
import type { Store } from '../../server/store/store.ts'
import { take } from './batch.ts'
import type { World } from './world.ts'

export interface Restart {
  /** Whether the calls of interrupted attempts are to run again. */
  reruns: boolean
  /** Commits after which the process dies once more; null: none. */
  diesAfter: number | null
}

/** Takes up what the last process left; no task is started and no client is heard meanwhile. */
export async function restart(world: World, how: Restart, sliceLimit: number): Promise<World> {
  const process = new Recovering(world, how.diesAfter, sliceLimit)
  const registry = how.reruns ? RERUNNING : FAILING
  try {
    await recover(process as unknown as Engine, process as unknown as Store, registry)
  } catch (error) {
    if (error !== DIED) throw error
    return { ...process.world, up: false, runs: [], mail: [] }
  }
  return { ...process.world, up: true }
}

const RERUNNING = new Registry([defineCall({ name: 'work', run: async () => null })])
const FAILING = new Registry([
  defineCall({ name: 'work', onInterrupted: 'fail', run: async () => null }),
])

const DIED = new Error('the process died')

/** What recovery needs of an engine and a store. */
class Recovering {
  world: World
  #commitsLeft: number
  readonly #sliceLimit: number
  #mailbox: { command: Command; resolve: () => void; reject: (error: unknown) => void }[] = []

  constructor(world: World, diesAfter: number | null, sliceLimit: number) {
    this.world = world
    this.#commitsLeft = diesAfter ?? Number.POSITIVE_INFINITY
    this.#sliceLimit = sliceLimit
  }

  /** What arrives together is one batch, and the rest of a fan-out a batch of its own. */
  sendReliably(command: Command): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#mailbox.push({ command, resolve, reject })
    if (this.#mailbox.length === 1) queueMicrotask(() => this.#commit())
    return promise
  }

  async running(afterSeq: number, limit: number) {
    const { tasks } = this.world.rows
    return tasks
      .filter(({ seq, value }) => seq > afterSeq && stateOf(value) === 'running')
      .slice(0, limit)
  }

  async unsettledGroups(afterSeq: number, limit: number) {
    const { groups } = this.world.rows
    return groups.filter(({ seq, value }) => seq > afterSeq && value !== 'settled').slice(0, limit)
  }

  #commit(): void {
    const batch = this.#mailbox.splice(0)
    try {
      const laters = batch.map(({ command }) => {
        const { world, later } = take(this.world, command, this.#sliceLimit)
        // Whoever sent the command waits for the rest of its fan-out, which is posted below.
        this.world = { ...world, mail: [] }
        return later
      })
      this.#commitsLeft -= 1
      if (this.#commitsLeft === 0) throw DIED
      for (const [nth, { resolve, reject }] of batch.entries())
        Promise.all(laters[nth]!.map(each => this.sendReliably(each))).then(() => resolve(), reject)
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }
}
