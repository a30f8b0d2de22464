// The runs under way in a test: the engine starts them, their script says how each ends, and a record of
// each stays. When they end is the clock's affair, or that of whoever explores the orders.
import type { JsonObject } from '../../machines/index.ts'
import type { Call, RunContext } from '../calls.ts'
import type { Clock } from '../ports.ts'
import { elapsed } from './elapsed.ts'
import { type Outcome, outcomeOf, runs, type Script } from './outcomes.ts'

/** One run of a call, as a test sees it. */
export interface Run {
  call: string
  args: JsonObject
  taskId: string
  attempt: number
  /** Since the start of the test, as `HH:MM:SS`. */
  startedAt: string
  /** Null while it runs. */
  endedAt: string | null
  ended: 'succeeded' | 'failed' | 'stopped' | 'crashed' | null
}

/** A run under way. */
export interface LiveRun {
  record: Run
  call: Call
  outcome: Outcome
  startedMs: number
  context: RunContext
  /** Whether it could end at this moment. */
  mayEnd: () => boolean
  /** Ends it as its script says, or because it was asked to stop. */
  end: () => void
}

export interface StageParts {
  clock: Clock
  scripts: Readonly<Record<string, Script>>
  /** Whether runs end when `end` is called, and not when their time has come. */
  held: boolean
  /** Lets the process die. */
  die: () => void
}

export class Stage {
  readonly runs: Run[] = []
  /** What was wrong with the test itself. */
  misuse: unknown = null
  readonly #parts: StageParts
  readonly #startMs: number
  readonly #live = new Set<LiveRun>()
  #life = 1
  /** Handlers that run for real. */
  readonly #real = new Map<LiveRun, Promise<unknown>>()

  constructor(parts: StageParts) {
    this.#parts = parts
    this.#startMs = parts.clock.nowMs()
  }

  get live(): LiveRun[] {
    return [...this.#live]
  }

  /** Handlers that run for real, with a promise that resolves when the first of them has ended. */
  get real(): { runs: LiveRun[]; first: Promise<unknown> } {
    return { runs: [...this.#real.keys()], first: Promise.race(this.#real.values()) }
  }

  /** The same call, its handler played here, for a process that starts. */
  played(call: Call): Call {
    const life = this.#life
    return Object.freeze({
      ...call,
      run: async (args: JsonObject, context: RunContext) =>
        life === this.#life ? this.#play(call, args, context) : never,
    })
  }

  /** The process has died: nothing of what ran goes on, and nothing of its starts any more. */
  forget(): void {
    this.#life += 1
    for (const run of this.#live) this.#close(run, 'crashed')
    this.#real.clear()
  }

  #play(call: Call, args: JsonObject, context: RunContext): Promise<unknown> {
    const { attempt, taskId } = context
    const script = this.#parts.scripts[call.name]
    let outcome = runs()
    try {
      if (script !== undefined) outcome = outcomeOf(script, call.name, args, { attempt, taskId })
    } catch (error) {
      this.misuse ??= error
      throw error
    }
    const startedMs = this.#parts.clock.nowMs()
    const record: Run = {
      call: call.name,
      args,
      taskId,
      attempt,
      startedAt: elapsed(startedMs - this.#startMs),
      endedAt: null,
      ended: null,
    }
    this.runs.push(record)
    return new Promise((resolve, reject) => {
      this.#perform({ call, record, startedMs, context, outcome }, resolve, reject)
    })
  }

  #perform(
    begun: Pick<LiveRun, 'call' | 'record' | 'startedMs' | 'context' | 'outcome'>,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ): void {
    const { call, record, context, outcome } = begun
    const { held, clock } = this.#parts
    let end: (() => void) | null = null
    const run: LiveRun = {
      ...begun,
      mayEnd: () => end !== null,
      end: () => {
        if (this.#live.has(run)) end?.()
      },
    }
    this.#live.add(run)

    const endsWith = (settle: () => void) => {
      end = settle
      if (!held) run.end()
    }
    const returns = (value: unknown) => () => {
      this.#close(run, 'succeeded')
      resolve(value)
    }
    const throws = (error: unknown) => () => {
      this.#close(run, context.signal.aborted ? 'stopped' : 'failed')
      reject(error)
    }
    const begin = () => {
      if (outcome.does === 'succeeds') endsWith(returns(outcome.value))
      else if (outcome.does === 'fails') endsWith(throws(outcome.value))
      else if (outcome.does === 'crashes') endsWith(this.#parts.die)
      else if (outcome.does === 'runs') {
        const own = outcome.handler ?? call.run
        const handler = async () => own(record.args as never, context)
        const over = handler()
          .then(returns, throws)
          .then(settle => {
            if (this.#real.get(run) !== over) return
            this.#real.delete(run)
            endsWith(settle)
          })
        this.#real.set(run, over)
      }
    }
    // Only a handler that runs for real decides itself what it does when it is asked to stop.
    context.signal.addEventListener('abort', () => {
      if (!outcome.stops || this.#real.has(run)) return
      cancelTimer()
      endsWith(throws(context.signal.reason))
    })
    let cancelTimer = () => {}
    if (outcome.afterMs > 0 && !held) cancelTimer = clock.after(outcome.afterMs, begin)
    else begin()
  }

  #close(run: LiveRun, ended: NonNullable<Run['ended']>): void {
    this.#live.delete(run)
    run.record.ended = ended
    run.record.endedAt = elapsed(this.#parts.clock.nowMs() - this.#startMs)
  }
}

const never = new Promise<never>(() => {})
