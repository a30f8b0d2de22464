// The world that paths are driven in: one slot, which a gate holds whenever the path does not give it away,
// so that nothing starts by itself; a clock that stands still; a process that can die or be stopped.
import assert from 'node:assert/strict'
import {
  type CallRequest,
  createEngine,
  defineCall,
  type Store,
  type TaskEngine,
} from '../../server/index.ts'
import { memoryStore } from '../../server/store/memory.ts'
import { FaultyStore } from '../../server/testing/faulty-store.ts'
import { countedIds, seededRandom } from '../../server/testing/repeatable.ts'
import { quiet, VirtualClock } from '../../server/testing/virtual-clock.ts'
import { type Live, Script } from '../engine/world.ts'
import { AT_MS } from '../support/builders.ts'
import { type Hands, libraryHands, restHands } from './hands.ts'

/** What starts later starts so much later, and a failed attempt is made again after so long. */
export const DELAY_MS = 1_000
/** An attempt may take this long. */
export const TIMEOUT_MS = 60_000
/** A handler that was asked to stop is given up after this. */
export const UNRESPONSIVE_MS = 10_000

/** Of the gate; what a path is about has 0. */
const GATE_PRIORITY = 100
/** Of tasks that stand beside what a path is about: it would start before them if it could. */
const BESIDE_PRIORITY = -10

export class World {
  readonly clock = new VirtualClock(AT_MS)
  readonly #hand: 'engine' | 'REST'
  /** What the engine logged as an error. */
  readonly errors: string[] = []
  readonly #script = new Script()
  readonly #ids = countedIds()
  #store = new FaultyStore(memoryStore())
  #engine!: TaskEngine
  #hands!: Hands
  #gate = ''

  private constructor(hand: 'engine' | 'REST') {
    this.#hand = hand
  }

  /** A world whose slot is taken. */
  static async start(hand: 'engine' | 'REST'): Promise<World> {
    const world = new World(hand)
    await world.#startProcess()
    await world.#shut()
    await quiet()
    return world
  }

  get hands(): Hands {
    return this.#hands
  }

  get store(): Store {
    return this.#store
  }

  /** Submits a task that stands beside what the path is about. */
  submitBeside(request: Partial<CallRequest>): Promise<string> {
    return this.#hands.submit({ call: 'plain', priority: BESIDE_PRIORITY, ...request })
  }

  /** Gives the slot to the task that is first to start; when that has ended, nothing follows it. */
  async giveSlot(): Promise<Live> {
    // Whoever waits for no time at all waits no longer.
    await this.clock.advance(0)
    const gate = this.#theOnlyRun()
    assert.equal(gate.taskId, this.#gate, 'the gate does not have the slot')
    gate.succeed()
    await quiet()
    await this.#shut()
    await quiet()
    return this.running()
  }

  /** The handler that was given the slot. */
  running(): Live {
    const live = this.#theOnlyRun()
    assert.notEqual(live.taskId, this.#gate, 'the gate has the slot')
    return live
  }

  /** Kills the process and starts another on the same rows. */
  async die(): Promise<void> {
    this.#script.forget()
    this.clock.forget()
    this.#store = this.#store.reborn()
    await this.#startProcess()
  }

  /** Stops the process in order, its handlers giving up when they are asked to, and starts another. */
  async stop(): Promise<void> {
    const closed = this.#engine.close()
    await this.clock.advance(0)
    for (const { context, fail } of this.#script.live.values()) {
      assert.ok(context.signal.aborted, `${context.taskId} was not asked to stop`)
      fail(context.signal.reason)
    }
    await closed
    await this.#startProcess()
  }

  #theOnlyRun(): Live {
    const [live, ...others] = this.#script.live.values()
    assert.ok(live !== undefined && others.length === 0, 'the slot has not one handler')
    return live
  }

  /** Lets the next gate wait for the slot. */
  async #shut(): Promise<void> {
    this.#gate = await this.#hands.submit({ call: 'plain', priority: GATE_PRIORITY })
  }

  async #startProcess(): Promise<void> {
    const { run } = this.#script
    const once = { limit: 1, delayMs: DELAY_MS, backoff: 'fixed' } as const
    const always = { limit: Number.MAX_SAFE_INTEGER, delayMs: 0, backoff: 'fixed' } as const
    this.#engine = createEngine({
      calls: [
        defineCall({ name: 'plain', run }),
        defineCall({ name: 'tireless', retry: always, run }),
        defineCall({ name: 'resilient', timeoutMs: TIMEOUT_MS, retry: once, run }),
        defineCall({ name: 'fragile', timeoutMs: TIMEOUT_MS, onInterrupted: 'fail', run }),
      ],
      store: this.#store,
      clock: this.clock,
      ids: this.#ids,
      random: seededRandom(1),
      worker: 'w1',
      concurrency: 1,
      unresponsiveAfterMs: UNRESPONSIVE_MS,
      log: {
        debug() {},
        info() {},
        warn() {},
        error: (_, message) => this.errors.push(message),
      },
    })
    await this.#engine.ready()
    this.#hands =
      this.#hand === 'engine' ? libraryHands(this.#engine) : await restHands(this.#engine)
    await quiet()
  }
}
