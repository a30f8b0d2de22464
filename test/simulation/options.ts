// The arguments of `npm run simulate` → what to run.
import { parseArgs } from 'node:util'

export const HELP = `npm run simulate -- [options]

Runs random histories of the real engine on a virtual clock and a disk that can fail, in one process,
and looks after every step whether what Rollcall promises holds. The same seed gives the same journal,
byte for byte. Ends with status 1 when a promise is broken: then it shrinks the history.

  --seed N        the seed of the first world, 0 to 4294967295; drawn and printed when absent
  --steps N       steps in each world, 1 or more; default 10000
  --seeds N       worlds to run, each with the next seed; default 1 with --seed, otherwise 8
  --minutes M     runs worlds until so much time has passed, instead of --seeds
  --journal FILE  writes what happened, a line each, to FILE
  --shrink S      seconds that shrinking may take at most, 0 to leave it; default 60
  --save FILE     writes the shrunk history to FILE, as JSON
  --history FILE  runs the history in FILE instead of one that a seed gives
  --help          prints this
`

export interface SimulateOptions {
  seed: number | null
  steps: number
  seeds: number
  /** Null: `seeds` decides. */
  minutes: number | null
  journal: string | null
  shrinkSeconds: number
  save: string | null
  history: string | null
  help: boolean
}

/** What was asked for makes no sense; the message says why. */
export class OptionError extends Error {}

export const SEED_MAX = 2 ** 32 - 1

/** @throws {OptionError} An option is unknown, has no value, or one that makes no sense. */
export function optionsOf(args: readonly string[]): SimulateOptions {
  const given = parsed(args)
  const seed = given.seed === undefined ? null : wholeNumber('seed', given.seed, 0, SEED_MAX)
  const minutes = given.minutes === undefined ? null : positive('minutes', given.minutes)
  if (minutes !== null && given.seeds !== undefined)
    throw new OptionError('--minutes and --seeds both say when to end; give one')
  const named = given.seed ?? given.steps ?? given.seeds ?? given.minutes
  if (given.history !== undefined && named !== undefined)
    throw new OptionError('--history runs what is in the file; it takes no seed, steps or time')
  const seeds = given.seeds ?? (seed === null ? '8' : '1')
  return {
    seed,
    steps: wholeNumber('steps', given.steps ?? '10000', 1, 100_000_000),
    seeds: wholeNumber('seeds', seeds, 1, SEED_MAX),
    minutes,
    journal: given.journal ?? null,
    shrinkSeconds: wholeNumber('shrink', given.shrink ?? '60', 0, 86_400),
    save: given.save ?? null,
    history: given.history ?? null,
    help: given.help ?? false,
  }
}

function parsed(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seed: { type: 'string' },
        steps: { type: 'string' },
        seeds: { type: 'string' },
        minutes: { type: 'string' },
        journal: { type: 'string' },
        shrink: { type: 'string' },
        save: { type: 'string' },
        history: { type: 'string' },
        help: { type: 'boolean' },
      },
    })
    return values
  } catch (error) {
    throw new OptionError((error as Error).message)
  }
}

function wholeNumber(name: string, text: string, low: number, high: number): number {
  const number = Number(text)
  if (/^\d+$/.test(text) && number >= low && number <= high) return number
  throw new OptionError(`--${name} is a whole number from ${low} to ${high}; found ${text}`)
}

function positive(name: string, text: string): number {
  const number = Number(text)
  if (/^\d+(\.\d+)?$/.test(text) && number > 0) return number
  throw new OptionError(`--${name} is a number above 0; found ${text}`)
}
