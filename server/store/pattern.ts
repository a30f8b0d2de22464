// Patterns of `$regex`: compiled with JavaScript's rules, and evaluated under a limit of time, since a
// pattern of a few characters can keep the process busy for hours.
import { createContext, Script } from 'node:vm'
import { BadSearchError } from '../errors.ts'

export interface Pattern {
  source: string
  /** Some of `i`, `m` and `s`. */
  flags: string
}

const PATTERN_LENGTH_MAX = 256
const PATTERN_TIME_MS_MAX = 2_000

/**
 * Checks what a client gave as `$regex` and `$options`.
 *
 * @throws {BadSearchError} says what was found and what holds.
 */
export function compilePattern(name: string, source: unknown, flags: unknown): Pattern {
  if (typeof source !== 'string' || source.length > PATTERN_LENGTH_MAX || !source.isWellFormed()) {
    throw new BadSearchError(
      `${name}: $regex takes a string of at most ${PATTERN_LENGTH_MAX} characters`,
    )
  }
  if (typeof flags !== 'string' || !/^[ims]*$/.test(flags)) {
    throw new BadSearchError(
      `${name}: $options is ${JSON.stringify(flags)}; it takes some of the letters i, m and s`,
    )
  }
  const pattern = { source, flags: [...new Set(flags)].sort().join('') }
  try {
    regExpOf(pattern)
  } catch (error) {
    throw new BadSearchError(`${name}: ${(error as SyntaxError).message}`)
  }
  return pattern
}

export function regExpOf({ source, flags }: Pattern): RegExp {
  return new RegExp(source, flags)
}

const sandbox = createContext({ work: null as (() => unknown) | null })
const runWork = new Script('work()')

/**
 * Runs a search that evaluates patterns, and ends it when it takes too long: V8 looks for such a request
 * while it backtracks, also when SQLite called it.
 *
 * @throws {BadSearchError} when the time is up.
 */
export function withinPatternTime<T>(work: () => T): T {
  sandbox.work = work
  try {
    return runWork.runInContext(sandbox, { timeout: PATTERN_TIME_MS_MAX }) as T
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
    throw new BadSearchError(
      `the search took longer than ${PATTERN_TIME_MS_MAX} ms; give a $regex that backtracks less`,
    )
  } finally {
    sandbox.work = null
  }
}
