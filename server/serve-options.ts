// What `rollcall serve` is told, value by value: which ones hold, and what they mean.
import { BlockList, isIP } from 'node:net'
import { CONCURRENCY } from './concurrency.ts'
import { type Setting, Unusable, unusable } from './setting.ts'

export const LOG_LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const

export type LogLevel = (typeof LOG_LEVELS)[number]

/** What `rollcall serve` was asked for. Relative paths start at the working directory. */
export type ServeConfig = Readonly<{
  /** The module of calls, as it was given; undefined serves no calls. */
  callsFile: string | undefined
  /** 0 takes a free port. */
  port: number
  host: string
  dataDir: string
  /** Begins with a slash and ends without one; empty mounts at the root. */
  mount: string
  /** How many tasks run at once, 1 or more. */
  concurrency: number
  /** How long a stopping server lets running tasks end. */
  graceMs: number
  logLevel: LogLevel
}>

/** Every option of `serve`: its placeholder and its line in the help. */
export const SERVE_OPTIONS = {
  calls: { value: 'FILE', help: 'module that exports the calls' },
  port: { value: 'PORT', help: 'port to listen on, 0 takes a free one (default 8000)' },
  host: { value: 'HOST', help: 'loopback address to listen on (default 127.0.0.1)' },
  data: { value: 'DIR', help: 'folder of the SQLite store (default .rollcall)' },
  'database-url': { value: 'URL', help: 'PostgreSQL store (not supported yet)' },
  mount: { value: 'PATH', help: 'where the REST interface begins (default /pulp/api)' },
  concurrency: { value: 'N', help: `how many tasks run at once (default ${CONCURRENCY})` },
  auth: { value: 'FILE', help: 'who may do what (not supported yet)' },
  grace: { value: 'S', help: 'seconds that a stopping server lets tasks end (default 10)' },
  'log-level': { value: 'LEVEL', help: `${LOG_LEVELS.join(', ')} (default info)` },
} as const

type ServeOption = keyof typeof SERVE_OPTIONS

// setTimeout holds no longer delay: past it, it fires at once.
const GRACE_MS_MAX = 2 ** 31 - 1

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/**
 * Reads the options of `serve`.
 *
 * @throws {Unusable} A value does not hold.
 */
export function readServeOptions(setting: (name: ServeOption) => Setting | undefined): ServeConfig {
  refuseUnsupported(setting('auth'), 'authentication')
  refuseUnsupported(setting('database-url'), 'a PostgreSQL store')

  const read = <T>(name: ServeOption, parse: (setting: Setting) => T, fallback: T): T => {
    const found = setting(name)
    return found ? parse(found) : fallback
  }
  return Object.freeze({
    callsFile: setting('calls')?.value,
    port: read('port', parsePort, 8000),
    host: read('host', parseHost, '127.0.0.1'),
    dataDir: setting('data')?.value ?? '.rollcall',
    mount: read('mount', parseMount, '/pulp/api'),
    concurrency: read('concurrency', parseConcurrency, CONCURRENCY),
    graceMs: read('grace', parseGraceMs, 10_000),
    logLevel: read('log-level', parseLogLevel, 'info'),
  })
}

function refuseUnsupported(setting: Setting | undefined, what: string): void {
  if (setting) throw new Unusable(`${setting.source} was given, but ${what} is not supported yet`)
}

function parsePort(setting: Setting): number {
  const port = wholeNumber(setting.value)
  if (port <= 65_535) return port
  throw unusable(setting, 'a port is a whole number from 0 to 65535')
}

function parseConcurrency(setting: Setting): number {
  const concurrency = wholeNumber(setting.value)
  if (concurrency >= 1 && Number.isSafeInteger(concurrency)) return concurrency
  throw unusable(setting, 'the concurrency is a whole number, 1 or more')
}

/** NaN for anything but plain digits, and NaN fails every comparison. */
function wholeNumber(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : Number.NaN
}

function parseGraceMs(setting: Setting): number {
  const isNumber = /^\d+(\.\d+)?$/.test(setting.value)
  const graceMs = Math.round(Number(setting.value) * 1000)
  if (isNumber && graceMs <= GRACE_MS_MAX) return graceMs
  const secondsMax = Math.floor(GRACE_MS_MAX / 1000)
  throw unusable(setting, `the grace is a number of seconds from 0 to ${secondsMax}`)
}

function parseHost(setting: Setting): string {
  // Brackets belong to an address in a URL; a socket wants it without.
  const host = setting.value.replace(/^\[(.*)\]$/, '$1').toLowerCase()
  if (host === 'localhost' || isLoopback(host)) return host
  throw unusable(
    setting,
    'without --auth, which is not supported yet, Rollcall listens on loopback only: ' +
      '127.0.0.0/8, ::1 or localhost',
  )
}

function isLoopback(host: string): boolean {
  switch (isIP(host)) {
    case 4:
      return LOOPBACK.check(host, 'ipv4')
    case 6:
      return LOOPBACK.check(host, 'ipv6')
    default:
      return false
  }
}

// Only characters that neither a URL nor a router reads as syntax.
const MOUNT_SEGMENT = /^[A-Za-z0-9._~-]+$/

function parseMount(setting: Setting): string {
  const segments = setting.value.split('/').filter(segment => segment !== '')
  const isPlain = segments.every(
    segment => MOUNT_SEGMENT.test(segment) && segment !== '.' && segment !== '..',
  )
  if (setting.value.startsWith('/') && isPlain) {
    return segments.map(segment => `/${segment}`).join('')
  }
  throw unusable(
    setting,
    'a mount is a path that begins with "/", of letters, digits and "._~-", with no "." or ".." step',
  )
}

function parseLogLevel(setting: Setting): LogLevel {
  const level = LOG_LEVELS.find(known => known === setting.value)
  if (level) return level
  throw unusable(setting, `the log level is one of ${LOG_LEVELS.join(', ')}`)
}
