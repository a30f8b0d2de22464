// What `rollcall export` and `rollcall replay` are told.
import { type Setting, Unusable, unusable } from '../setting.ts'

/** What `rollcall export` was asked for. Relative paths start at the working directory. */
export type ExportConfig = Readonly<{
  groupId: string
  dataDir: string
  /** The file to write; `-` is standard output. */
  out: string
}>

/** What `rollcall replay` was asked for. */
export type ReplayConfig = Readonly<{ file: string }>

export const EXPORT_OPTIONS = {
  group: { value: 'ID', help: 'the group whose history to write' },
  data: { value: 'DIR', help: 'folder of the SQLite store (default .rollcall)' },
  out: { value: 'FILE', help: 'where to, - is standard output (default ID.rollcall.jsonl)' },
} as const

type ExportOption = keyof typeof EXPORT_OPTIONS

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * Reads the options of `export`.
 *
 * @throws {Unusable} The group is missing, or no id.
 */
export function readExportOptions(
  setting: (name: ExportOption) => Setting | undefined,
): ExportConfig {
  const group = setting('group')
  if (group === undefined) throw new Unusable('"export" needs a group: --group ID')
  if (!UUID.test(group.value)) throw unusable(group, 'the id of a group is a UUID')
  const groupId = group.value.toLowerCase()
  return Object.freeze({
    groupId,
    dataDir: setting('data')?.value ?? '.rollcall',
    out: setting('out')?.value ?? `${groupId}.rollcall.jsonl`,
  })
}
