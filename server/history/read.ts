// Reads history files. One that is foreign, of a later version, cut off or changed is refused before
// anything is made of it, with a sentence that says what was found.

import type { Group, HistoryEvent, Task } from '../../machines/index.ts'
import { BadRequestError } from '../errors.ts'
import { Compile } from '../typebox.ts'
import { packageVersion } from '../version.ts'
import {
  Checksum,
  type End,
  FORMAT,
  FORMAT_VERSION,
  Header,
  LINES,
  type LineKind,
  rowOf,
} from './format.ts'
import { linesOf } from './lines.ts'

/** A file that was found whole. */
export interface HistoryFile {
  path: string
  header: Header
  group: Group
  taskCount: number
  eventCount: number
  /** Tasks of the group that were deleted before the export, with their history. */
  purgedCount: number
  /** The events in order; one that submits a task comes with the task as it stood at the export. */
  events(): AsyncGenerator<{ event: HistoryEvent; row?: Task }>
}

/**
 * Opens a history file.
 *
 * @throws {BadRequestError} It cannot be replayed: says why, and what to do.
 */
export async function openHistory(path: string): Promise<HistoryFile> {
  const { header, end } = await unchanged(path)
  let group: Group | null = null
  let [taskCount, eventCount, purgedCount] = [0, 0, 0]
  for await (const { kind, wire } of contents(path, header)) {
    if (kind === 'group') group = rowOf(wire)
    if (kind === 'task') taskCount += 1
    if (kind === 'event') eventCount += 1
    if (wire.type === 'group.purged') purgedCount += totalOf(wire.data)
  }
  if (group === null || taskCount !== end.tasks || eventCount !== end.events) {
    throw refusal(path, 'lacks lines that its closing line counts', AGAIN)
  }
  const events = () => eventsOf(path, header)
  return { path, header, group, taskCount, eventCount, purgedCount, events }
}

async function* eventsOf(path: string, header: Header): ReturnType<HistoryFile['events']> {
  let row: Task | undefined
  for await (const { kind, wire } of contents(path, header)) {
    if (kind === 'task') row = rowOf(wire)
    if (kind !== 'event') continue
    yield row === undefined ? { event: rowOf(wire) } : { event: rowOf(wire), row }
    row = undefined
  }
}

const checks = {
  header: Compile(Header),
  group: Compile(LINES.group),
  task: Compile(LINES.task),
  event: Compile(LINES.event),
  end: Compile(LINES.end),
}

/** Reads a file to its end for its checksum alone; gives its first line and its last. */
async function unchanged(path: string): Promise<{ header: Header; end: End }> {
  const checksum = new Checksum()
  let header: Header | null = null
  let last = ''
  for await (const line of linesOf(path)) {
    if (header === null) header = headerOf(path, line)
    else checksum.add(last)
    last = line
  }
  if (header === null) throw refusal(path, 'is empty', EXPORT)
  const end = parsed(last)?.end as End | undefined
  if (end === undefined || !checks.end.Check({ end })) {
    throw refusal(path, 'is cut off: its closing line is missing', AGAIN)
  }
  if (checksum.end() !== end.sha256) {
    throw refusal(path, 'was changed after its export: its checksum does not fit', AGAIN)
  }
  return { header, end }
}

/** Of another program's file, or a later version's, nothing but the first line is looked at. */
function headerOf(path: string, line: string): Header {
  const found = parsed(line)
  if (found?.format !== FORMAT) throw refusal(path, 'is no history file of Rollcall', EXPORT)
  const { version, rollcall } = found
  if (typeof version === 'number' && version > FORMAT_VERSION) {
    const written = `has version ${version} of the format, written by Rollcall ${rollcall}`
    const reads = `Rollcall ${packageVersion()} reads versions up to ${FORMAT_VERSION}`
    throw refusal(path, `${written}; ${reads}`, 'use a later one')
  }
  if (!checks.header.Check(found)) throw refusal(path, 'has a first line that is no header', AGAIN)
  return found as Header
}

type Line = { kind: LineKind; wire: Record<string, unknown> }

/** The lines between the first and the last, each as what it must be at its place. */
async function* contents(path: string, header: Header): AsyncGenerator<Line> {
  let number = 0
  let before: Line | null = null
  for await (const text of linesOf(path)) {
    number += 1
    if (number === 1) continue
    const line = lineOf(text)
    if (line === null || !follows(line, before, header)) {
      throw refusal(path, `has a line ${number} that is not what belongs there`, AGAIN)
    }
    if (line.kind === 'end') return
    yield line
    before = line
  }
}

function lineOf(text: string): Line | null {
  const found = parsed(text) ?? {}
  const [kind] = Object.keys(found) as LineKind[]
  if (kind === undefined || !Object.hasOwn(LINES, kind)) return null
  const wire = found[kind] as Line['wire']
  return checks[kind].Check(found) ? { kind, wire } : null
}

/** The group comes first and once, and a task right before the event of its submission. */
function follows({ kind, wire }: Line, before: Line | null, { group_id }: Header): boolean {
  if ((kind === 'group') !== (before === null)) return false
  if (kind !== 'end' && wire.group_id !== group_id) return false
  const submits = kind === 'event' && wire.type === 'task.submitted'
  if (before?.kind !== 'task') return !submits
  return submits && wire.task_id === before.wire.task_id
}

function parsed(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' ? (value as Record<string, unknown> | null) : null
  } catch {
    // A line that is no JSON is none of ours; its file is refused for it.
    return null
  }
}

/** How many tasks a `group.purged` says by state. */
function totalOf(states: unknown): number {
  const counts = Object.values((states ?? {}) as Record<string, unknown>)
  return counts.reduce<number>((sum, each) => sum + (typeof each === 'number' ? each : 0), 0)
}

const EXPORT = '"rollcall export --group ID" writes one'
const AGAIN = 'restore it, or export its group again'

function refusal(path: string, found: string, advice: string): BadRequestError {
  return new BadRequestError(`${path} ${found}; ${advice}`)
}
