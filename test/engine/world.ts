// The world of a test of the engine: handlers that end when the test says so, and a process that can die.
import type { CallReport } from '../../machines/index.ts'
import type { RunContext } from '../../server/calls.ts'
import { Rollcall, type RollcallOptions } from '../../server/rollcall.ts'
import { memoryStore } from '../../server/store/memory.ts'
import { FaultyStore } from '../../server/testing/faulty-store.ts'
import { countedIds, seededRandom } from '../../server/testing/repeatable.ts'
import { quiet, VirtualClock } from '../../server/testing/virtual-clock.ts'
import { AT_MS } from '../support/builders.ts'

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
  clock = new VirtualClock(AT_MS),
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
