// What `rollcall machines` is told.
import { type Setting, Unusable, unusable } from '../setting.ts'
import {
  FORMATS,
  type Format,
  isMachineName,
  MACHINE_NAMES,
  type MachineName,
} from './catalogue.ts'

/** What `rollcall machines` was asked for. */
export type MachinesConfig = Readonly<{
  /** Null: all of them. */
  name: MachineName | null
  format: Format
}>

export const MACHINES_OPTIONS = {
  format: { value: 'FORMAT', help: `${FORMATS.join(' or ')} (default json)` },
} as const

/**
 * Reads the options of `machines`.
 *
 * @param operands What stands behind the command without an option: nothing, or the name of a machine.
 * @throws {Unusable} There is no such machine or format.
 */
export function readMachinesOptions(
  setting: (name: keyof typeof MACHINES_OPTIONS) => Setting | undefined,
  operands: readonly string[],
): MachinesConfig {
  const [name] = operands
  if (name !== undefined && !isMachineName(name)) {
    throw new Unusable(`there is no machine "${name}"; there are ${MACHINE_NAMES.join(' and ')}`)
  }
  return Object.freeze({ name: name ?? null, format: readFormat(setting('format')) })
}

function readFormat(setting: Setting | undefined): Format {
  if (setting === undefined) return 'json'
  const format = FORMATS.find(known => known === setting.value)
  if (format !== undefined) return format
  throw unusable(setting, `the format is ${FORMATS.join(' or ')}`)
}
