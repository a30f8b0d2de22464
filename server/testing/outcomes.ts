// What a scripted run does in place of its handler, as values that a test writes down.
import type { JsonObject } from '../../machines/index.ts'
import type { RunContext } from '../calls.ts'

/** What becomes of one run. Made by `succeeds`, `fails`, `hangs`, `crashes`, `runs` and `takes`. */
export interface Outcome {
  readonly kind: typeof OUTCOME
  readonly does: 'succeeds' | 'fails' | 'hangs' | 'crashes' | 'runs'
  /** How long it takes before, in ms of the virtual clock. */
  readonly afterMs: number
  /** What it returns or throws. */
  readonly value?: unknown
  /** The handler that runs for it; absent: the call's own. */
  readonly handler?: Handler
  /** Whether it stops when it is asked to. */
  readonly stops: boolean
}

export type Handler = (args: never, context: RunContext) => unknown

/**
 * What the runs of a call do: each the same, or attempt by attempt (the last one again for those that
 * follow), or chosen by the arguments.
 */
export type Script =
  | Outcome
  | readonly Outcome[]
  // biome-ignore lint/suspicious/noExplicitAny: the arguments are those of whatever call it is for
  | ((args: any, run: { attempt: number; taskId: string }) => Outcome | readonly Outcome[])

// A string, so that two copies of the package in one program still know each other's outcomes.
const OUTCOME = 'rollcall.outcome'

const plain = { kind: OUTCOME, afterMs: 0, stops: true } as const

/** Returns `result`: any JSON value, or what `created()` gives. */
export function succeeds(result: unknown = null): Outcome {
  return { ...plain, does: 'succeeds', value: result }
}

/** Throws: a `CallError`, any other error, or an error with this message. */
export function fails(error: unknown = 'it fails, as the script says'): Outcome {
  return { ...plain, does: 'fails', value: typeof error === 'string' ? new Error(error) : error }
}

/**
 * Never ends by itself. It stops when it is cancelled or timed out, unless `ignoresStop`: then only a
 * crash ends it.
 */
export function hangs({ ignoresStop = false }: { ignoresStop?: boolean } = {}): Outcome {
  return { ...plain, does: 'hangs', stops: !ignoresStop }
}

/** The process dies in the middle of the run, and another one takes up what it left. */
export function crashes(): Outcome {
  return { ...plain, does: 'crashes' }
}

/** Runs `handler` for real, or the call's own: no virtual time passes until it has ended. */
export function runs(handler?: Handler): Outcome {
  return { ...plain, does: 'runs', ...(handler === undefined ? {} : { handler }) }
}

/**
 * Takes so long, and then does what `outcome` says; default: succeeds.
 *
 * @param ms Time on the virtual clock.
 * @throws {RangeError} `ms` is negative or not a finite number.
 */
export function takes(ms: number, outcome: Outcome = succeeds()): Outcome {
  if (!Number.isFinite(ms) || ms < 0) {
    throw new RangeError(`takes(ms): a run takes 0 ms or more; found ${String(ms)}`)
  }
  return { ...outcome, afterMs: outcome.afterMs + ms }
}

/**
 * What a script says of one run.
 *
 * @throws {TypeError} It says nothing: what it gives is no outcome.
 */
export function outcomeOf(
  script: Script,
  call: string,
  args: JsonObject,
  run: { attempt: number; taskId: string },
): Outcome {
  const said = typeof script === 'function' ? script(args, run) : script
  const outcome = Array.isArray(said) ? said[Math.min(run.attempt, said.length) - 1] : said
  if (isOutcome(outcome)) return outcome
  throw new TypeError(
    `the script of ${call} gives ${describe(outcome)} for attempt ${run.attempt}; it must give succeeds(), fails(), hangs(), crashes(), runs() or takes()`,
  )
}

function isOutcome(value: unknown): value is Outcome {
  return typeof value === 'object' && value !== null && (value as Outcome).kind === OUTCOME
}

function describe(value: unknown): string {
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
