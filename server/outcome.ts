// What a handler returned or threw, as values that a report can carry: JSON that is really JSON, and
// errors without the engine's frames or absolute paths.
import { readdirSync } from 'node:fs'
import { dirname, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Failure, Json } from '../machines/index.ts'
import { failure, isCallError, RollcallError } from './errors.ts'

/** The longest result or progress, in characters of JSON. */
const JSON_LENGTH_MAX = 16 * 1024 * 1024
/** The deepest nesting of anything that a task carries, in levels: recursion over it must not overflow the stack. */
export const JSON_DEPTH_MAX = 256

/** A value as JSON, or why it cannot be. `undefined` is null; in objects it is left out. */
export function jsonOf(value: unknown, what: string): { json: Json } | { failure: Failure } {
  try {
    const written = JSON.stringify(value ?? null, refuseLossy)
    if (written === undefined) throw new TypeError(`a ${typeof value}`)
    if (written.length > JSON_LENGTH_MAX) {
      throw new TypeError(`${written.length} characters long; the limit is ${JSON_LENGTH_MAX}`)
    }
    const json = JSON.parse(written) as Json
    if (isDeeperThan(json, JSON_DEPTH_MAX)) {
      throw new TypeError(`nested deeper than ${JSON_DEPTH_MAX} levels`)
    }
    return { json }
  } catch (error) {
    const reason = text(() => (error instanceof Error ? error.message : String(error)))
    return {
      failure: failure('RCL0016', `${what} cannot be carried by JSON: ${reason.split('\n')[0]}`),
    }
  }
}

/** Whether a value has lists or objects nested in more than so many levels. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some(each => isDeeperThan(each, levels - 1))
}

/** JSON.stringify drops or changes these without a word. */
function refuseLossy(this: unknown, key: string, value: unknown): unknown {
  const at = key === '' ? '' : ` at ${JSON.stringify(key)}`
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`${value}${at}`)
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') {
    throw new TypeError(`a ${typeof value}${at}`)
  }
  if (value instanceof Map || value instanceof Set)
    throw new TypeError(`a ${value.constructor.name}${at}`)
  return value
}

/**
 * Why an attempt failed, from whatever its handler threw: an Error, a string, null.
 *
 * @param callsFolder File paths in the traceback are given relative to it.
 */
export function failureOf(thrown: unknown, callsFolder: string): Failure {
  if (!(thrown instanceof Error)) {
    const said = typeof thrown === 'string' ? thrown : describe(thrown)
    return {
      ...failure('RCL0015', withoutPaths(`the call threw ${said}`, callsFolder)),
      exception: withoutPaths(said, callsFolder),
    }
  }
  const exception = withoutPaths(
    text(() => `${thrown.name}: ${thrown.message}`),
    callsFolder,
  )
  const traceback = tracebackOf(thrown, callsFolder)
  if (isCallError(thrown) || thrown instanceof RollcallError) {
    const { code, status, data, subErrors } = thrown
    const details = jsonOf({ data, subErrors }, 'the details of the error')
    const carried = 'json' in details ? (details.json as { data?: Json; subErrors?: Json[] }) : {}
    const error = {
      code: String(code),
      description: withoutPaths(thrown.message, callsFolder),
      data: carried.data ?? null,
      sub_errors: Array.isArray(carried.subErrors) ? carried.subErrors : [],
    }
    const valid = Number.isInteger(status) && status >= 400 && status <= 599
    return { error, exception, traceback, status: valid ? status : 500 }
  }
  const plain = failure(
    'RCL0015',
    withoutPaths(text(() => thrown.message) || 'the call threw', callsFolder),
  )
  return { ...plain, exception, traceback }
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

const ENGINE_FOLDER = dirname(fileURLToPath(import.meta.url))

function tracebackOf(error: Error, callsFolder: string): string | null {
  const stack = text(() => error.stack ?? '')
  if (stack === '') return null
  const lines = stack.split('\n').filter(line => {
    const frame = /^\s+at /.test(line)
    return !(frame && (line.includes(`${ENGINE_FOLDER}${sep}`) || line.includes('node:internal')))
  })
  return withoutPaths(lines.join('\n'), callsFolder)
}

// Names of the root's folders: what starts with another name, such as /pulp/api, is no file path.
const ROOTS = new Set(sep === '/' ? readdirSync('/') : [])
const PATH = /(?:file:\/\/|(?<![\w.:/-]))(\/[^\s'"`():,;]+)/g

/** Replaces absolute file paths by paths relative to the folder of the calls. */
export function withoutPaths(said: string, callsFolder: string): string {
  return said.replace(PATH, (whole, path: string) => {
    const root = path.split('/')[1] ?? ''
    if (!ROOTS.has(root)) return whole
    const near = relative(callsFolder, path)
    return near === '' ? '.' : near
  })
}
