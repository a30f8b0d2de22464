// An incident to export: a group of which one task depends on two others, of which one fails and works at
// last, and one is cancelled while it runs; on an engine whose clock the test moves.
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { defineCall } from '../../../server/calls.ts'
import { exportGroup, type HistorySource } from '../../../server/history/export.ts'
import { type HistoryFile, openHistory } from '../../../server/history/read.ts'
import { Script, start, type World } from '../../engine/world.ts'
import { AT_MS } from '../../support/builders.ts'
import { temporaryFolder } from '../../support/temp.ts'

export interface Incident extends World {
  script: Script
  groupId: string
  /** In submission order, by what becomes of them. */
  taskIds: { skipped: string; failing: string; canceled: string }
}

/** The group, with all its work still to do. */
export async function begun(): Promise<Incident> {
  const script = new Script()
  const work = defineCall({
    name: 'work',
    run: script.runPolitely,
    retry: { limit: 1, delayMs: 1_000, backoff: 'fixed' },
  })
  const world = await start({ calls: [work] })
  const { groupId, taskIds } = await world.rollcall.submitGroup({
    calls: [
      { call: 'work', depends_on: ['a', 'b'] },
      { id: 'a', call: 'work' },
      { id: 'b', call: 'work' },
    ],
  })
  const [skipped, failing, canceled] = taskIds as [string, string, string]
  return { ...world, script, groupId, taskIds: { skipped, failing, canceled } }
}

/** The group when all is over. */
export async function over(): Promise<Incident> {
  const incident = await begun()
  const { script, taskIds, clock, rollcall, look } = incident
  ;(await script.of(taskIds.failing)).fail(new Error('no route'))
  await look(taskIds.failing)
  await rollcall.cancel(taskIds.canceled)
  await clock.advance(1_000)
  ;(await script.of(taskIds.failing)).succeed({ added: 3 })
  await look(taskIds.skipped)
  return incident
}

/** The whole text of a group's history file. */
export async function exported(source: HistorySource, groupId: string): Promise<string> {
  return (await Array.fromAsync(exportGroup(source, groupId, AT_MS))).join('')
}

/** A file with this text. */
export async function fileOf(t: TestContext, text: string): Promise<string> {
  const path = join(await temporaryFolder(t), 'incident.rollcall.jsonl')
  await writeFile(path, text)
  return path
}

/** A group's history, by way of a file. */
export async function historyOf(
  t: TestContext,
  source: HistorySource,
  groupId: string,
): Promise<HistoryFile> {
  return openHistory(await fileOf(t, await exported(source, groupId)))
}

/** A file's text with a checksum that fits it again, as only somebody who means to would make it. */
export function resealed(text: string): string {
  const lines = text.trimEnd().split('\n')
  const { end } = JSON.parse(lines.pop() as string)
  const whole = lines.map(line => `${line}\n`).join('')
  const sha256 = createHash('sha256').update(whole).digest('hex')
  return `${whole}${JSON.stringify({ end: { ...end, sha256 } })}\n`
}
