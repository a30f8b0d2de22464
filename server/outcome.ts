// What a handler returned or threw, as values that a report can carry: JSON that is really JSON, and
// errors without the engine's frames or absolute paths.
import type { Failure, Json } from '../machines/index.ts'
import { isCreated } from './calls.ts'
import { failure, isCallError, RollcallError } from './errors.ts'
import { authorsStack, withoutPaths, withoutPathsIn } from './paths.ts'
import { copyOfPlainJson, JSON_DEPTH_MAX } from './plain-json.ts'

/** The longest result or progress, in characters of JSON. */
const JSON_LENGTH_MAX = 16 * 1024 * 1024

/**
 * A value as JSON, or why it cannot be. `undefined` is null; in objects it is left out.
 *
 * @param callsFolder File paths in the reason are given relative to this folder.
 */
export function jsonOf(
  value: unknown,
  what: string,
  callsFolder = process.cwd(),
): { json: Json } | { failure: Failure } {
  try {
    const plain = copyOfPlainJson(value ?? null)
    return { json: plain === undefined ? writtenAndRead(value ?? null) : plain }
  } catch (error) {
    const said = text(() => (error instanceof Error ? error.message : String(error)))
    const reason = withoutPaths(said.split('\n')[0] ?? '', callsFolder)
    return { failure: failure('RCL0016', `${what} cannot be carried by JSON: ${reason}`) }
  }
}

/**
 * A value as JSON has it.
 *
 * @throws What the value throws, and a `TypeError` that says why JSON cannot carry it.
 */
export function writtenAndRead(value: unknown): Json {
  const written = JSON.stringify(value, refuseLossy)
  if (written === undefined) throw new TypeError(`a ${typeof value}`)
  if (written.length > JSON_LENGTH_MAX) {
    throw new TypeError(`${written.length} characters long; the limit is ${JSON_LENGTH_MAX}`)
  }
  const json = JSON.parse(written) as Json
  if (isDeeperThan(json, JSON_DEPTH_MAX)) {
    throw new TypeError(`nested deeper than ${JSON_DEPTH_MAX} levels`)
  }
  return json
}

/** A path that a call may name as created: a longer one would not fit a header. */
const LOCATION = /^\P{Cc}{1,2000}$/u

/** What a handler returned: its result, and the path of what it says that it created. */
export function resultOf(
  returned: unknown,
  callsFolder: string,
): { result: Json; location: string | null } | { failure: Failure } {
  try {
    if (!isCreated(returned)) {
      const outcome = jsonOf(returned, 'the result', callsFolder)
      return 'failure' in outcome ? outcome : { result: outcome.json, location: null }
    }
    const { href: location, result } = returned
    if (typeof location !== 'string' || !LOCATION.test(location)) {
      const rule = 'created() takes a path of 1 to 2000 characters'
      return { failure: failure('RCL0016', `${rule}; found a ${typeof location}`) }
    }
    const outcome = jsonOf(result, 'the result', callsFolder)
    return 'failure' in outcome ? outcome : { result: outcome.json, location }
  } catch {
    // Getters and proxies run code of the handler's.
    return { failure: failure('RCL0016', 'the result cannot be read') }
  }
}

/** Whether a value has lists or objects nested in more than so many levels. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some(each => isDeeperThan(each, levels - 1))
}

/** What JSON.stringify turns into an empty object. */
const LOSSY = [Map, Set, WeakMap, WeakSet, Promise, RegExp, Error]

/** JSON.stringify drops or changes these without a word. */
function refuseLossy(this: unknown, key: string, value: unknown): unknown {
  const at = key === '' ? '' : ` at ${JSON.stringify(key)}`
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`${value}${at}`)
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') {
    throw new TypeError(`a ${typeof value}${at}`)
  }
  const lossy = LOSSY.find(type => value instanceof type)
  if (lossy !== undefined) throw new TypeError(`a ${lossy.name}${at}`)
  return value
}

/**
 * Why an attempt failed, from whatever its handler threw: an Error, a string, null, an object whose very
 * look throws.
 *
 * @param callsFolder File paths in it are given relative to this folder.
 */
export function failureOf(thrown: unknown, callsFolder: string): Failure {
  try {
    return thrown instanceof Error
      ? failureOfError(thrown, callsFolder)
      : failureOfValue(thrown, callsFolder)
  } catch {
    // Getters and proxies run code of the handler's.
    const exception = 'an error that cannot be read'
    return { ...failure('RCL0015', `the call threw ${exception}`), exception }
  }
}

function failureOfValue(thrown: unknown, callsFolder: string): Failure {
  const said = withoutPaths(typeof thrown === 'string' ? thrown : describe(thrown), callsFolder)
  return { ...failure('RCL0015', `the call threw ${said}`), exception: said }
}

function failureOfError(thrown: Error, callsFolder: string): Failure {
  const exception = withoutPaths(`${thrown.name}: ${thrown.message}`, callsFolder)
  const stack = String(thrown.stack ?? '')
  const traceback = stack === '' ? null : authorsStack(stack, callsFolder)
  const description = withoutPaths(String(thrown.message ?? ''), callsFolder) || 'the call threw'
  if (!isCallError(thrown) && !(thrown instanceof RollcallError)) {
    return { ...failure('RCL0015', description), exception, traceback }
  }
  const { code, status, data, subErrors } = thrown
  const details = jsonOf({ data, subErrors }, 'the details of the error')
  const carried = 'json' in details ? (details.json as { data?: Json; subErrors?: Json }) : {}
  const error = {
    code: String(code),
    description,
    data: withoutPathsIn(carried.data ?? null, callsFolder),
    sub_errors: Array.isArray(carried.subErrors)
      ? carried.subErrors.map(each => withoutPathsIn(each, callsFolder))
      : [],
  }
  const valid = Number.isInteger(status) && status >= 400 && status <= 599
  return { error, exception, traceback, status: valid ? status : 500 }
}

function describe(value: unknown): string {
  const outcome = jsonOf(value, 'it')
  return 'json' in outcome ? JSON.stringify(outcome.json) : `a ${typeof value}`
}

/** An error's own getters may throw. */
function text(read: () => string): string {
  try {
    return String(read())
  } catch {
    return 'an error that cannot be read'
  }
}
