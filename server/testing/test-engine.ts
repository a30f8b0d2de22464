// The engine of a program's tests: its real calls, a clock that the test moves, runs that end as the
// test's script says, and a process that may die. Nothing in it waits for real time.
import type { Task } from '../../machines/index.ts'
import { isFinal, stateOf } from '../../machines/index.ts'
import { type Call, isCall } from '../calls.ts'
import type { Ids, Random } from '../ports.ts'
import { Rollcall, type RollcallOptions } from '../rollcall.ts'
import { memoryStore } from '../store/memory.ts'
import { TaskEngine } from '../task-engine.ts'
import { elapsed } from './elapsed.ts'
import { FaultyStore } from './faulty-store.ts'
import type { Script } from './outcomes.ts'
import { countedIds, seededRandom } from './repeatable.ts'
import { type LiveRun, type Run, Stage } from './stage.ts'
import { quiet, VirtualClock } from './virtual-clock.ts'

export interface TestEngineOptions {
  /** The program's own calls: what `defineCall` returned. */
  calls: readonly unknown[]
  /** By name of the call; a call without a script runs its own handler. */
  script?: Readonly<Record<string, Script>>
  /** Handlers that run at once; default 100. */
  concurrency?: number
  /** The first time on the clock; default 2026-01-01T00:00:00Z. */
  startAt?: string
  /** Chooses the jitter of exponential retries; without it their delays are whole. */
  seed?: number
  /** How long a handler that runs for real is waited for, in ms of real time; default 5 000. */
  patienceMs?: number
  /** Prefix of the paths in reports; default `/pulp/api`. */
  mount?: string
}

/** What may happen next in a world whose orders are explored. */
export interface Choice {
  says: string
  take: () => Promise<void> | void
}

/** How an explored world goes on; `crashes` is how often its process may die. */
export interface Explorer {
  choose(choices: readonly Choice[]): Choice
  crashes: number
}

/**
 * Starts an engine for a test. It keeps its tasks in memory and ends with its last reference.
 *
 * @throws {TypeError | RangeError} An option does not hold: says what was found.
 */
export async function testEngine(options: TestEngineOptions): Promise<TestEngine> {
  return begin(options, null)
}

/** As `testEngine`; an explorer says which run ends next. */
export async function begin(
  options: TestEngineOptions,
  explorer: Explorer | null,
): Promise<TestEngine> {
  const engine = new TestEngine(setUp(options, explorer), explorer)
  await engine.ready()
  return engine
}

/** What all processes of one test share. */
interface World {
  clock: VirtualClock
  startMs: number
  stage: Stage
  patienceMs: number
  /** What each process starts with. */
  optionsOn: (store: FaultyStore) => RollcallOptions
  store: FaultyStore
  /** Set while the engine is under construction. */
  die: () => void
}

function setUp(options: TestEngineOptions, explorer: Explorer | null): World {
  const { calls, script = {}, startAt = '2026-01-01T00:00:00Z', seed, mount } = options
  const startMs = Date.parse(startAt)
  if (Number.isNaN(startMs)) {
    throw new TypeError(`startAt is a time such as 2026-01-31T12:00:00Z; found ${startAt}`)
  }
  assertKnown(options)
  assertScripted(calls, script)
  const clock = new VirtualClock(startMs)
  const stage = new Stage({
    clock,
    scripts: script,
    held: explorer !== null,
    die: () => world.die(),
  })
  const ids: Ids = countedIds()
  const random: Random =
    seed === undefined ? { draw01: () => 1 - Number.EPSILON } : seededRandom(seed)
  const world: World = {
    clock,
    startMs,
    stage,
    patienceMs: options.patienceMs ?? 5_000,
    store: new FaultyStore(memoryStore()),
    die: () => {},
    optionsOn: store => ({
      store,
      calls: calls.map(call => (isCall(call) ? stage.played(call) : call)),
      clock,
      ids,
      random,
      worker: 'test',
      ...(mount === undefined ? {} : { mount }),
      ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
    }),
  }
  return world
}

const OPTIONS = [
  'calls',
  'script',
  'concurrency',
  'startAt',
  'seed',
  'patienceMs',
  'mount',
  // Those of explore() besides.
  'crashes',
  'ordersMax',
  'order',
]

function assertKnown(options: object): void {
  const unknown = Object.keys(options).find(name => !OPTIONS.includes(name))
  if (unknown === undefined) return
  throw new TypeError(`there is no option ${unknown}; there are ${OPTIONS.join(', ')}`)
}

function assertScripted(calls: readonly unknown[], script: object): void {
  const names = calls.filter(isCall).map(call => call.name)
  for (const [name, said] of Object.entries(script)) {
    if (!names.includes(name)) {
      throw new TypeError(
        `the script names the call ${name}; there is ${names.join(', ') || 'none'}`,
      )
    }
    if (Array.isArray(said) && said.length === 0) {
      throw new TypeError(`the script of ${name} is empty; give the outcome of its first attempt`)
    }
  }
}

/** `testEngine()` gives one: an engine, and the hands that move its world. */
export class TestEngine extends TaskEngine {
  readonly #world: World
  readonly #explorer: Explorer | null
  #store: FaultyStore
  #restarted: Rollcall | null = null
  #starting: Promise<void> | null = null
  #crashes = 0
  /** Resolves when the process dies. */
  #life = Promise.withResolvers<void>()
  /** Set while somebody's wait for a result moves the clock. */
  #driven: Promise<void> | null = null

  constructor(world: World, explorer: Explorer | null) {
    super(world.optionsOn(world.store))
    this.#world = world
    this.#explorer = explorer
    this.#store = world.store
    world.die = () => this.#die()
  }

  override get core(): Rollcall {
    return this.#restarted ?? super.core
  }

  /** Time since the start of the test, as `HH:MM:SS`. */
  get elapsed(): string {
    const { clock, startMs } = this.#world
    return elapsed(clock.nowMs() - startMs)
  }

  /** How often the process has died. */
  get crashes(): number {
    return this.#crashes
  }

  /** Every run so far, or those of one call, in the order in which they started. */
  runs(call?: string | Call<never, unknown>): Run[] {
    const name = typeof call === 'object' ? call.name : call
    return this.#world.stage.runs.filter(run => name === undefined || run.call === name)
  }

  /** Lets everything go on that can go on without time passing. */
  async settle(): Promise<void> {
    const { stage, patienceMs } = this.#world
    for (;;) {
      await quiet()
      if (stage.misuse !== null) throw stage.misuse
      const starting = this.#starting
      const { runs, first } = stage.real
      if (starting !== null) {
        await starting
        if (this.#starting === starting) this.#starting = null
      } else if (runs.length === 0) return
      else await within(patienceMs, first, runs)
    }
  }

  /**
   * Moves time on by so many ms, from event to event.
   *
   * @throws {RangeError} `ms` is negative or not a finite number.
   */
  async advance(ms: number): Promise<void> {
    if (!Number.isFinite(ms) || ms < 0) {
      throw new RangeError(`advance(ms) takes 0 ms or more; found ${String(ms)}`)
    }
    const { clock } = this.#world
    await clock.advanceTo(clock.nowMs() + ms, () => this.settle())
  }

  /** Moves time on until nothing is left that could happen. */
  async run(): Promise<void> {
    const { clock } = this.#world
    for (;;) {
      await this.settle()
      if (this.#explorer !== null) {
        const choices = await this.#choices(this.#explorer)
        if (choices.length > 0) {
          await this.#explorer.choose(choices).take()
          continue
        }
      }
      const { nextAtMs } = clock
      if (nextAtMs === null) return
      await clock.advanceTo(nextAtMs, () => this.settle())
    }
  }

  /** Lets the process die, and another one take up what it left. */
  async crash(): Promise<void> {
    this.#die()
    await this.settle()
  }

  override async close(graceMs = 0): Promise<void> {
    const closing = super.close(graceMs)
    // Who does not stop is waited for, on a clock that only moves when it is moved.
    await this.advance(graceMs + 1_000)
    await closing
  }

  /** Who waits for an end moves the clock, and hears of it at its moment, also when another process brings it. */
  protected override async ended(taskId: string): Promise<Task> {
    this.#driven ??= this.run().finally(() => {
      this.#driven = null
    })
    const driven = this.#driven.then(() => null)
    for (;;) {
      const { core } = this
      const died = this.#life.promise.then(() => undefined)
      const ended = core.ended(taskId, Number.POSITIVE_INFINITY)
      const task = await Promise.race([ended, driven, died])
      if (task === undefined && core !== this.core) continue
      const found = task ?? (await this.core.task(taskId))
      if (isFinal(found.value)) return found
      throw new Error(
        `task ${taskId} (${found.call}) is ${stateOf(found.value)}, and nothing is left that could end it`,
      )
    }
  }

  #die(): void {
    const { stage, clock, optionsOn } = this.#world
    this.#life.resolve()
    this.#life = Promise.withResolvers()
    this.#crashes += 1
    stage.forget()
    clock.forget()
    this.#store = this.#store.reborn()
    this.#restarted = new Rollcall(optionsOn(this.#store))
    this.#starting = this.#restarted.ready()
  }

  /** Any running task may be the next to end; a task that waits for its time may have its time come first. */
  async #choices(explorer: Explorer): Promise<Choice[]> {
    const { stage, clock, startMs } = this.#world
    const { live } = stage
    const choices: Choice[] = live
      .filter(run => run.mayEnd())
      .map(run => ({ says: describe(run), take: run.end }))
    const wakeAtMs = await this.#store.nextWakeMs()
    const timeOutMs = Math.min(...live.map(run => run.startedMs + (run.call.timeoutMs ?? Infinity)))
    // While something runs, time passes only as far as it may run.
    if (wakeAtMs !== null && (choices.length === 0 || wakeAtMs < timeOutMs)) {
      choices.push({
        says: `time passes until ${elapsed(wakeAtMs - startMs)}`,
        take: () => clock.advanceTo(wakeAtMs, () => this.settle()),
      })
    }
    if (this.#crashes < explorer.crashes && live.length > 0) {
      choices.push({ says: 'the process dies', take: () => this.crash() })
    }
    return choices
  }
}

function describe({ record, outcome, context }: LiveRun): string {
  const { call, args, attempt } = record
  const end = context.signal.aborted && outcome.stops ? 'stops' : ENDS[outcome.does]
  return `${call} ${JSON.stringify(args)}${attempt > 1 ? `, attempt ${attempt},` : ''} ${end}`
}

const ENDS = {
  succeeds: 'succeeds',
  fails: 'fails',
  hangs: 'stops',
  crashes: 'dies with its process',
  runs: 'ends',
}

/** Waits for handlers that run for real; the virtual clock stands still meanwhile. */
async function within(ms: number, first: Promise<unknown>, runs: LiveRun[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = realTimeout(() => {
      const names = [...new Set(runs.map(run => run.record.call))].join(', ')
      reject(
        new Error(
          `the handler of ${names} has run for ${ms} ms of real time; the clock of the test stands still while a handler runs for real. Give it a script, such as takes(60_000), or more patienceMs`,
        ),
      )
    }, ms)
  })
  try {
    await Promise.race([first, late])
  } finally {
    clearTimeout(timer)
  }
}

// Taken before a test can replace it by a mocked one.
const realTimeout = setTimeout
