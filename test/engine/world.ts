// The world of a test: a clock that moves when it is told to, ids and draws that repeat, handlers that
// end when the test says so, and a process that can die.
import { setImmediate } from 'node:timers/promises'
import type { CallReport } from '../../machines/index.ts'
import type { RunContext } from '../../server/calls.ts'
import type { Clock, Ids, Random } from '../../server/ports.ts'
import { Rollcall, type RollcallOptions } from '../../server/rollcall.ts'
import { memoryStore } from '../../server/store/memory.ts'
import { AT_MS } from '../support/builders.ts'
import { FaultyStore } from '../support/faulty-store.ts'

interface Timer {
  atMs: number
  action: () => void
}

/** Time stands still until `advance`. */
export class VirtualClock implements Clock {
  #nowMs = AT_MS
  #timers: Timer[] = []

  nowMs(): number {
    return this.#nowMs
  }

  after(delayMs: number, action: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), action }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter(each => each !== timer)
    }
  }

  /** Moves on, timer by timer, and lets what each sets off come to rest before the next. */
  async advance(ms: number): Promise<void> {
    await quiet()
    const untilMs = this.#nowMs + ms
    for (;;) {
      const due = this.#timers.filter(each => each.atMs <= untilMs)
      const next = due.sort((a, b) => a.atMs - b.atMs)[0]
      if (next === undefined) break
      this.#timers = this.#timers.filter(each => each !== next)
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.action()
      await quiet()
    }
    this.#nowMs = untilMs
  }

  /** Sets the time without a word to those that sleep, as an operator sets a wall clock. */
  jump(ms: number): void {
    this.#nowMs += ms
    for (const timer of this.#timers) timer.atMs += ms
  }

  /** Forgets all timers: the process that set them has died. */
  forget(): void {
    this.#timers = []
  }
}

/** Turns of the event loop that the longest chain of batches in a test takes, and some to spare. */
const TURNS = 8

/**
 * Resolves when everything that could go on without time passing or a handler ending has gone on. With
 * all I/O in memory that takes a few turns of the event loop, and never any time.
 */
export async function quiet(turns = TURNS): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await setImmediate()
}

/** UUIDs of version 7, in order. */
export function countedIds(): Ids {
  let last = 0
  return {
    newId: () => {
      last += 1
      return `00000000-0000-7000-8000-${last.toString(16).padStart(12, '0')}`
    },
  }
}

/** Mulberry32: small, fast, and the same everywhere. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return {
    draw01() {
      state = (state + 0x6d2b79f5) >>> 0
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
    },
  }
}

/** A handler that runs: it ends when the test calls one of its functions. */
export interface Live {
  taskId: string
  args: unknown
  context: RunContext
  succeed: (result?: unknown) => void
  fail: (thrown: unknown) => void
}

/** Handlers under the test's hand; give `run` to `defineCall`. */
export class Script {
  readonly live = new Map<string, Live>()
  /** Task ids, in the order in which their handlers were started. */
  readonly started: string[] = []
  #watchers: (() => void)[] = []

  readonly run = (args: unknown, context: RunContext): Promise<unknown> => {
    const { taskId } = context
    if (this.live.has(taskId)) throw new Error(`the task ${taskId} was started twice at a time`)
    this.started.push(taskId)
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        this.live.delete(taskId)
        settle()
      }
      this.live.set(taskId, {
        taskId,
        args,
        context,
        succeed: result => end(() => resolve(result)),
        fail: thrown => end(() => reject(thrown)),
      })
      for (const watcher of this.#watchers) watcher()
    })
  }

  /** As `run`, for a handler that stops at once when it is asked to. */
  readonly runPolitely = (args: unknown, context: RunContext): Promise<unknown> => {
    const { signal, taskId } = context
    signal.addEventListener('abort', () => this.live.get(taskId)?.fail(signal.reason))
    return this.run(args, context)
  }

  /** The handler of a task, as soon as it runs. */
  async of(taskId: string): Promise<Live> {
    for (;;) {
      const live = this.live.get(taskId)
      if (live !== undefined) return live
      await new Promise<void>(resolve => this.#watchers.push(resolve))
    }
  }

  /** Forgets all that run: their process has died. */
  forget(): void {
    this.live.clear()
  }
}

export interface World {
  rollcall: Rollcall
  clock: VirtualClock
  store: FaultyStore
  /** What was logged as a warning or an error. */
  logged: string[]
  /** A task's report, when all has come to rest. */
  look(taskId: string): Promise<CallReport>
  /** Kills the process and starts another on the same rows. */
  restart(options?: Partial<RollcallOptions>): Promise<World>
}

/** A whole engine in memory that stands still until the test moves it. */
export async function start(
  options: Pick<RollcallOptions, 'calls'> & Partial<RollcallOptions>,
  clock = new VirtualClock(),
  store = new FaultyStore(memoryStore()),
): Promise<World> {
  const logged: string[] = []
  const note = (_: object, message: string) => void logged.push(message)
  const whole: RollcallOptions = {
    store,
    clock,
    ids: options.ids ?? countedIds(),
    random: seededRandom(1),
    worker: 'w1',
    log: { debug() {}, info() {}, warn: note, error: note },
    ...options,
  }
  const rollcall = new Rollcall(whole)
  await rollcall.ready()
  await quiet()
  return {
    rollcall,
    clock,
    store,
    logged,
    async look(taskId) {
      await quiet()
      return rollcall.report(taskId)
    },
    restart(changes = {}) {
      clock.forget()
      return start(
        { ...options, ids: whole.ids ?? countedIds(), ...changes },
        clock,
        store.reborn(),
      )
    },
  }
}
