// Arguments and environment → frozen options. With cli.ts the only reader of the environment;
// what the options mean is the affair of main.ts.
import { BlockList, isIP } from 'node:net'
import { parseArgs } from 'node:util'

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

export type Config =
  | { kind: 'serve'; options: ServeConfig }
  | { kind: 'help'; text: string }
  | { kind: 'version' }
  | { kind: 'invalid'; message: string; exitStatus: 2 }

/** The environment as a value; `process.env` is one. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Every option that takes a value: its placeholder and its line in the help. */
const OPTIONS = {
  calls: { value: 'FILE', help: 'module that exports the calls' },
  port: { value: 'PORT', help: 'port to listen on, 0 takes a free one (default 8000)' },
  host: { value: 'HOST', help: 'loopback address to listen on (default 127.0.0.1)' },
  data: { value: 'DIR', help: 'folder of the SQLite store (default .rollcall)' },
  'database-url': { value: 'URL', help: 'PostgreSQL store (not supported yet)' },
  mount: { value: 'PATH', help: 'where the REST interface begins (default /pulp/api)' },
  concurrency: { value: 'N', help: 'how many tasks run at once (default 10)' },
  auth: { value: 'FILE', help: 'who may do what (not supported yet)' },
  grace: { value: 'S', help: 'seconds that a stopping server lets tasks end (default 10)' },
  'log-level': { value: 'LEVEL', help: `${LOG_LEVELS.join(', ')} (default info)` },
} as const

type OptionName = keyof typeof OPTIONS

const OPTION_NAMES = Object.keys(OPTIONS) as OptionName[]

// setTimeout holds no longer delay: past it, it fires at once.
const GRACE_MS_MAX = 2 ** 31 - 1

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/**
 * Reads one command line. An argument beats its twin in the environment, the last of several
 * arguments wins, and an empty variable counts as unset.
 *
 * @param argv Arguments without the executable and the script.
 */
export function readConfig(argv: readonly string[], env: Environment): Config {
  try {
    return readCommand(argv, env)
  } catch (error) {
    if (!(error instanceof Unusable)) throw error
    const message = `${error.message}\nTry "rollcall serve --help".`
    return { kind: 'invalid', message, exitStatus: 2 }
  }
}

function readCommand(argv: readonly string[], env: Environment): Config {
  const { positionals, given, help, version } = readArguments(argv)
  const [command, ...extra] = positionals
  if (help || command === 'help' || argv.length === 0) return { kind: 'help', text: helpText() }
  if (version) return { kind: 'version' }
  if (command === undefined) throw new Unusable('no command was given; there is one, "serve"')
  if (command !== 'serve') throw new Unusable(`there is no command "${command}", only "serve"`)
  if (extra.length > 0) {
    throw new Unusable(`"serve" takes options only, and "${extra[0]}" is not one`)
  }
  return { kind: 'serve', options: readServeOptions(name => settingOf(name, given, env)) }
}

/** Where a value came from, as the user would write it, and the value. */
type Setting = { source: string; value: string }

type Arguments = {
  positionals: string[]
  given: Map<OptionName, Setting>
  help: boolean
  version: boolean
}

function readArguments(argv: readonly string[]): Arguments {
  const { tokens } = parseArgs({
    args: [...argv],
    // The strict mode's messages are about parseArgs, not about Rollcall; the tokens carry all
    // that is needed to say it better.
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: {
      ...Object.fromEntries(OPTION_NAMES.map(name => [name, { type: 'string' as const }])),
      help: { type: 'boolean', short: 'h' },
      version: { type: 'boolean', short: 'v' },
    },
  })

  const read: Arguments = { positionals: [], given: new Map(), help: false, version: false }
  for (const token of tokens) {
    if (token.kind === 'positional') read.positionals.push(token.value)
    if (token.kind !== 'option') continue
    const { name, rawName, value, inlineValue } = token
    if (name === 'help' || name === 'version') {
      if (value !== undefined) throw new Unusable(`${rawName} takes no value, but is "${value}"`)
      read[name] = true
    } else if (isOptionName(name)) {
      const isNextOption = !inlineValue && value?.startsWith('--')
      if (!value || isNextOption) throw new Unusable(`${rawName} needs a ${OPTIONS[name].value}`)
      read.given.set(name, { source: rawName, value })
    } else {
      throw new Unusable(`there is no option ${rawName}`)
    }
  }
  return read
}

function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(OPTIONS, name)
}

function settingOf(
  name: OptionName,
  given: ReadonlyMap<OptionName, Setting>,
  env: Environment,
): Setting | undefined {
  const fromArgument = given.get(name)
  if (fromArgument) return fromArgument
  const variable = variableOf(name)
  const value = env[variable]
  return value ? { source: variable, value } : undefined
}

function variableOf(name: OptionName): string {
  return `ROLLCALL_${name.replaceAll('-', '_').toUpperCase()}`
}

function readServeOptions(setting: (name: OptionName) => Setting | undefined): ServeConfig {
  refuseUnsupported(setting('auth'), 'authentication')
  refuseUnsupported(setting('database-url'), 'a PostgreSQL store')

  const read = <T>(name: OptionName, parse: (setting: Setting) => T, fallback: T): T => {
    const found = setting(name)
    return found ? parse(found) : fallback
  }
  return Object.freeze({
    callsFile: setting('calls')?.value,
    port: read('port', parsePort, 8000),
    host: read('host', parseHost, '127.0.0.1'),
    dataDir: setting('data')?.value ?? '.rollcall',
    mount: read('mount', parseMount, '/pulp/api'),
    concurrency: read('concurrency', parseConcurrency, 10),
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

/** Something that a user gave and Rollcall cannot use; ends the start, never leaves this file. */
class Unusable extends Error {}

function unusable(setting: Setting, rule: string): Unusable {
  return new Unusable(`${setting.source} is "${setting.value}", but ${rule}`)
}

function helpText(): string {
  const rows: [string, string][] = OPTION_NAMES.map(name => [
    `--${name} ${OPTIONS[name].value}`,
    OPTIONS[name].help,
  ])
  rows.push(['-h, --help', 'print this and end'], ['-v, --version', 'print the version and end'])
  const width = Math.max(...rows.map(([left]) => left.length))
  const lines = rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
  return `rollcall: a durable task-group engine

Usage: rollcall serve [options]

Options:
${lines.join('\n')}

Every option that takes a value has a twin in the environment: ROLLCALL_PORT for --port,
ROLLCALL_LOG_LEVEL for --log-level, and so on. An option beats its twin.

SIGTERM or SIGINT stops taking work, lets running tasks end for the grace, and then interrupts them.
`
}
