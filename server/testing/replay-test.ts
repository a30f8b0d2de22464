// An incident as a test: the history of a group, replayed through the statecharts, and what the user
// claims of it.
import { closeSync, openSync, readSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PastGroup, PastTask } from '../../machines/past.ts'
import { Replay, type ReplayStep } from '../../machines/replay.ts'
import { openHistory } from '../history/read.ts'

/** A group as its history tells it. */
export interface Replayed {
  group: PastGroup
  /** In submission order. */
  tasks: PastTask[]
  steps: ReplayStep[]
}

export interface ReplayTestOptions {
  /** What else must hold; it fails by throwing. */
  check?: (replayed: Replayed) => unknown
  /** What registers a test; default `test` of `node:test`. Give vitest's there. */
  test?: (name: string, run: () => Promise<void>) => unknown
}

/**
 * Registers a test that replays a history file and fails where the statecharts differ from it.
 *
 * @param file What `rollcall export` wrote: a file URL, or a path from the working directory.
 */
export function replayTest(
  file: string | URL,
  options: ReplayTestOptions | NonNullable<ReplayTestOptions['check']> = {},
): void {
  const { check, test = process.getBuiltinModule('node:test').test } =
    typeof options === 'function' ? { check: options } : options
  const path = file instanceof URL ? fileURLToPath(file) : file
  test(nameOf(path), async () => {
    const replayed = await replay(path)
    await check?.(replayed)
  })
}

async function replay(path: string): Promise<Replayed> {
  const history = await openHistory(path)
  const replay = new Replay(history.group, { purged: history.purgedCount > 0 })
  const steps: ReplayStep[] = []
  for await (const { event, row } of history.events()) {
    const step = replay.take(event, row)
    const of = event.taskId === null ? 'the group' : `the task ${event.taskId}`
    assertSame(step.differences, path, `at event ${event.eventId}, ${event.type} of ${of}`)
    steps.push(step)
  }
  assertSame(replay.end(history.header.last_event_id), path, 'at the end')
  if (replay.group === null) throw new Error(`${path} has no event`)
  const tasks = [...replay.tasks.values()].sort((a, b) => a.seq - b.seq)
  return { group: replay.group, tasks, steps }
}

function assertSame([first]: string[], path: string, where: string): void {
  if (first === undefined) return
  throw new Error(
    `the statecharts differ from the record ${where}: ${first}; "rollcall replay ${path}" shows every step`,
  )
}

/** Names the file and its group; a file that cannot be read says so when the test runs. */
function nameOf(path: string): string {
  const name = `the statecharts do as recorded in ${basename(path)}`
  try {
    const { group_id } = JSON.parse(beginningOf(path).split('\n')[0] as string)
    return typeof group_id === 'string' ? `${name}, group ${group_id}` : name
  } catch {
    return name
  }
}

/** Enough for a first line; read at once, because tests are registered at once. */
function beginningOf(path: string): string {
  const file = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(4_096)
    return bytes.toString('utf8', 0, readSync(file, bytes, 0, bytes.length, 0))
  } finally {
    closeSync(file)
  }
}
