// Arguments and environment → frozen options. With cli.ts the only reader of the environment;
// what the options mean is the affair of those who take them.
import { parseArgs } from 'node:util'
import { helpText } from './help.ts'
import {
  EXPORT_OPTIONS,
  type ExportConfig,
  type ReplayConfig,
  readExportOptions,
} from './history/options.ts'
import { MACHINES_OPTIONS, type MachinesConfig, readMachinesOptions } from './machines/options.ts'
import { readServeOptions, SERVE_OPTIONS, type ServeConfig } from './serve-options.ts'
import { type Setting, Unusable } from './setting.ts'
import {
  readWatchOptions,
  WATCH_FLAGS,
  WATCH_OPTIONS,
  type WatchConfig,
} from './terminal/options.ts'

export type { ServeConfig }

export type Config =
  | { kind: 'serve'; options: ServeConfig }
  | { kind: 'watch'; options: WatchConfig }
  | { kind: 'export'; options: ExportConfig }
  | { kind: 'replay'; options: ReplayConfig }
  | { kind: 'machines'; options: MachinesConfig }
  | { kind: 'help'; text: string }
  | { kind: 'version' }
  | { kind: 'invalid'; message: string; exitStatus: 2 }

/** The environment as a value; `process.env` is one. */
export type Environment = Readonly<Record<string, string | undefined>>

interface Command {
  /** Those that take a value. */
  options: Record<string, { value: string; help: string }>
  /** Those that take none. */
  flags: Record<string, { help: string }>
  /** What stands without an option; in brackets when it may be left out. */
  operand: string | null
}

const COMMANDS = {
  serve: { options: SERVE_OPTIONS, flags: {}, operand: null },
  watch: { options: WATCH_OPTIONS, flags: WATCH_FLAGS, operand: 'GROUP' },
  export: { options: EXPORT_OPTIONS, flags: {}, operand: null },
  replay: { options: {}, flags: {}, operand: 'FILE' },
  machines: { options: MACHINES_OPTIONS, flags: {}, operand: '[NAME]' },
} as const satisfies Record<string, Command>

type CommandName = keyof typeof COMMANDS
const OPTIONS = { ...SERVE_OPTIONS, ...WATCH_OPTIONS, ...EXPORT_OPTIONS, ...MACHINES_OPTIONS }
type OptionName = keyof typeof OPTIONS
const OPTION_NAMES = Object.keys(OPTIONS) as OptionName[]
type FlagName = keyof typeof WATCH_FLAGS
const FLAG_NAMES = Object.keys(WATCH_FLAGS) as FlagName[]

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
    const named = argv.find(isCommandName) ?? 'serve'
    const message = `${error.message}\nTry "rollcall ${named} --help".`
    return { kind: 'invalid', message, exitStatus: 2 }
  }
}

function readCommand(argv: readonly string[], env: Environment): Config {
  const { positionals, given, flags, help, version } = readArguments(argv)
  const [first, ...rest] = positionals
  if (help || first === 'help' || argv.length === 0) {
    return { kind: 'help', text: helpText(first === 'help' ? rest[0] : first) }
  }
  if (version) return { kind: 'version' }
  const known = `${Object.keys(COMMANDS).slice(0, -1).join(', ')} and ${Object.keys(COMMANDS).at(-1)}`
  if (first === undefined) throw new Unusable(`no command was given; there are ${known}`)
  if (!isCommandName(first))
    throw new Unusable(`there is no command "${first}"; there are ${known}`)
  const operands = operandsOf(first, rest)
  for (const [name, { source }] of given) {
    if (!Object.hasOwn(COMMANDS[first].options, name)) {
      throw new Unusable(`"${first}" takes no option ${source}`)
    }
  }
  for (const flag of flags) {
    if (!Object.hasOwn(COMMANDS[first].flags, flag)) {
      throw new Unusable(`"${first}" takes no option --${flag}`)
    }
  }
  const setting = (name: OptionName) => settingOf(name, given, env)
  switch (first) {
    case 'serve':
      return { kind: 'serve', options: readServeOptions(setting) }
    case 'watch':
      return { kind: 'watch', options: readWatchOptions(setting, operands, flags.has('once')) }
    case 'export':
      return { kind: 'export', options: readExportOptions(setting) }
    case 'replay':
      return { kind: 'replay', options: Object.freeze({ file: operands[0] as string }) }
    case 'machines':
      return { kind: 'machines', options: readMachinesOptions(setting, operands) }
  }
}

function isCommandName(text: string): text is CommandName {
  return Object.hasOwn(COMMANDS, text)
}

/** What stands behind a command without an option: nothing, or one of what it takes. */
function operandsOf(command: CommandName, found: string[]): string[] {
  const { operand }: Command = COMMANDS[command]
  const [first, second] = found
  if (operand === null && first !== undefined) {
    throw new Unusable(`"${command}" takes options only, and "${first}" is not one`)
  }
  if (operand !== null && !operand.startsWith('[') && !first)
    throw new Unusable(`"${command}" needs a ${operand}`)
  if (operand !== null && second !== undefined) {
    const name = operand.replaceAll(/[[\]]/g, '')
    throw new Unusable(`"${command}" takes one ${name}, and "${second}" is another`)
  }
  return found
}

interface Arguments {
  positionals: string[]
  given: Map<OptionName, Setting>
  flags: Set<FlagName>
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
      ...Object.fromEntries(FLAG_NAMES.map(name => [name, { type: 'boolean' as const }])),
      help: { type: 'boolean', short: 'h' },
      version: { type: 'boolean', short: 'v' },
    },
  })

  const read: Arguments = {
    positionals: [],
    given: new Map(),
    flags: new Set(),
    help: false,
    version: false,
  }
  for (const token of tokens) {
    if (token.kind === 'positional') read.positionals.push(token.value)
    if (token.kind !== 'option') continue
    const { name, rawName, value, inlineValue } = token
    if (name === 'help' || name === 'version' || isFlagName(name)) {
      if (value !== undefined) throw new Unusable(`${rawName} takes no value, but is "${value}"`)
      if (isFlagName(name)) read.flags.add(name)
      else read[name] = true
    } else if (isOptionName(name)) {
      const isNextOption = !inlineValue && value?.startsWith('--')
      if (!value || isNextOption) throw new Unusable(`${rawName} needs ${one(OPTIONS[name].value)}`)
      read.given.set(name, { source: rawName, value })
    } else {
      throw new Unusable(`there is no option ${rawName}`)
    }
  }
  return read
}

function one(placeholder: string): string {
  return `${/^[AEIOU]/.test(placeholder) ? 'an' : 'a'} ${placeholder}`
}

function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(OPTIONS, name)
}

function isFlagName(name: string): name is FlagName {
  return Object.hasOwn(WATCH_FLAGS, name)
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
