// kill -9 while the rows of tasks lag behind what was committed of them: the next process, and whoever only reads
// what the killed one left, finds all that was acknowledged, once and in order, by whatever it is looked for.
// ROLLCALL_CRASH_KILLS raises the number of kills.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import {
  type CallReport,
  callReport,
  type HistoryEvent,
  hrefs,
  isFinal,
  Replay,
  stateOf,
  TASK_STATES,
  type Task,
  type TaskState,
} from '../../machines/index.ts'
import { exportGroup } from '../../server/history/export.ts'
import { openHistory } from '../../server/history/read.ts'
import { parseFilters } from '../../server/store/condition.ts'
import type { Inspection } from '../../server/store/inspection.ts'
import { openReader } from '../../server/store/sqlite/connection.ts'
import { pendingRows } from '../../server/store/sqlite/journal.ts'
import { sqliteStore } from '../../server/store/sqlite/store.ts'
import type { Store, TaskQuery } from '../../server/store/store.ts'
import { seededRandom } from '../../server/testing/repeatable.ts'
import { temporaryFolder } from '../support/temp.ts'
import type { Told } from './journal-worker.ts'

const KILLS = Number(process.env.ROLLCALL_CRASH_KILLS ?? 6)
const SEED = Number(process.env.ROLLCALL_CRASH_SEED ?? Math.floor(Math.random() * 2 ** 31))
const WORKER = join(import.meta.dirname, 'journal-worker.ts')
const PATHS = hrefs('/pulp/api')
/** Groups whose history is exported and replayed after each kill. */
const REPLAYED = 15

const COMMITTED = /"at":"committed"/
const LISTED = /"at":"(listed|counted)"/

test(`After each of ${KILLS} kills all that was acknowledged is there (seed ${SEED})`, async t => {
  const folder = await temporaryFolder(t)
  const data = join(folder, 'data')
  const random = seededRandom(SEED)
  const below = (limit: number) => Math.floor(random.draw01() * limit)
  const known = new Acknowledgements()
  let pending = 0

  for (let kill = 0; kill < KILLS; kill += 1) {
    const child = begin(t, data, below(2 ** 31))
    const listed = kill % 2 === 1
    known.take(
      listed
        ? await killed(child, LISTED, { lines: 1 + below(5), afterMs: 0 })
        : await killed(child, COMMITTED, { lines: 1 + below(80), afterMs: below(15) }),
    )
    pending += rowsMissing(data)

    const groupIds = known.groupIds.slice(-REPLAYED)
    const left = await lookedAt(data, true, store => pictureOf(store, known))
    const exported = await lookedAt(data, true, store => exportOf(store, groupIds))
    const owned = await lookedAt(data, false, store => pictureOf(store, known))
    assert.deepEqual(left, owned, 'one who only reads sees what the next owner does')
    assert.deepEqual(await lookedAt(data, false, store => exportOf(store, groupIds)), exported)
    assertAgreesWithItself(owned)
    known.assertIn(owned)
    for (const lines of exported) await assertReplays(lines, join(folder, 'history.jsonl'))
  }
  assert.ok(pending > 0, 'rows were missing after a kill')
  t.diagnostic(`${known.submitted.size} tasks, ${pending} rows missing, ${known.answers} lists`)
})

function begin(t: TestContext, data: string, seed: number): ChildProcess {
  const child = spawn(process.execPath, [WORKER, data, `${seed}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  return child
}

/** Kills a worker as soon as it has told so many lines like this one, or some time later; gives what it told until then. */
async function killed(
  child: ChildProcess,
  like: RegExp,
  { lines, afterMs }: { lines: number; afterMs: number },
): Promise<Told[]> {
  const stdout = child.stdout as NonNullable<ChildProcess['stdout']>
  const closed = once(child, 'close')
  let text = ''
  let left = lines
  stdout.setEncoding('utf8')
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the worker ended before it was killed')))
    stdout.on('data', (part: string) => {
      const seen = text.lastIndexOf('\n') + 1
      text += part
      left -= text
        .slice(seen)
        .split('\n')
        .slice(0, -1)
        .filter(line => like.test(line)).length
      if (left <= 0) resolve()
    })
  })
  if (afterMs > 0) await setTimeout(afterMs)
  child.kill('SIGKILL')
  const [, signal] = await closed
  assert.equal(signal, 'SIGKILL', 'the worker ended by itself')
  // The last line may have been cut off by the kill: then nothing was acknowledged.
  return text
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line) as Told)
}

/** Rows that a killed process has committed and not written. */
function rowsMissing(data: string): number {
  const db = openReader(join(data, 'rollcall.db'))
  try {
    return pendingRows(db).size
  } finally {
    db.close()
  }
}

async function lookedAt<T>(
  data: string,
  readOnly: boolean,
  look: (store: Store) => Promise<T>,
): Promise<T> {
  const store = sqliteStore(data, { readOnly })
  await store.open()
  try {
    return await look(store)
  } finally {
    await store.close()
  }
}

/** What workers told: all of it holds for good. */
class Acknowledgements {
  readonly submitted = new Map<string, { groupId: string; tags: string[] }>()
  readonly groupIds: string[] = []
  readonly #events = new Map<number, HistoryEvent>()
  readonly #ended = new Map<string, CallReport>()
  readonly #listed = new Map<string, Set<string>>()
  readonly #counted = new Map<string, number>()
  answers = 0

  take(told: Told[]): void {
    for (const each of told) this.#take(each)
  }

  #take(told: Told): void {
    switch (told.at) {
      case 'submitted': {
        const { groupId, taskIds, tags } = told
        this.groupIds.push(groupId)
        for (const [nth, taskId] of taskIds.entries())
          this.submitted.set(taskId, { groupId, tags: tags[nth] as string[] })
        return
      }
      case 'committed':
        for (const event of told.events) this.#events.set(event.eventId, event)
        for (const report of told.ended) this.#ended.set(report.task_id, report)
        return
      case 'listed': {
        const key = JSON.stringify(told.query)
        const known = this.#listed.get(key) ?? new Set()
        for (const taskId of told.taskIds) known.add(taskId)
        this.#listed.set(key, known)
        this.answers += 1
        return
      }
      case 'counted': {
        const key = JSON.stringify(told.query)
        this.#counted.set(key, Math.max(told.count, this.#counted.get(key) ?? 0))
        this.answers += 1
      }
    }
  }

  /** Queries that were answered. */
  get queries(): TaskQuery[] {
    const keys = new Set([...this.#listed.keys(), ...this.#counted.keys()])
    return [...keys].map(key => JSON.parse(key) as TaskQuery)
  }

  assertIn({ tasks, events, lists, counts }: Picture): void {
    const rows = new Map(tasks.map(each => [each.taskId, each]))
    for (const [taskId, { groupId, tags }] of this.submitted) {
      const row = rows.get(taskId)
      assert.deepEqual([row?.groupId, row?.tags], [groupId, tags], `${taskId} was submitted`)
    }
    for (const [taskId, report] of this.#ended)
      assert.deepEqual(callReport(rows.get(taskId) as Task, PATHS), report, `${taskId} has ended`)
    const lines = new Map(events.map(each => [each.eventId, each]))
    for (const [eventId, event] of this.#events)
      assert.deepEqual(lines.get(eventId), event, `event ${eventId} happened`)
    for (const [key, taskIds] of this.#listed) {
      const found = new Set(lists[key])
      const missing = [...taskIds].filter(taskId => !found.has(taskId))
      assert.deepEqual(missing, [], `${key} found them`)
    }
    for (const [key, count] of this.#counted)
      assert.ok((counts[key] as number) >= count, `${key} were ${count}, are ${counts[key]}`)
  }
}

/** A store as it can be looked at from all sides. */
type Picture = Awaited<ReturnType<typeof pictureOf>>

async function pictureOf(store: Store, known: Acknowledgements) {
  const tasks = await Array.fromAsync(store.tasks({}))
  const events = await historyOf(store, {})
  const tags = [...new Set(tasks.flatMap(each => each.tags))].sort()
  const groupIds = [...new Set(tasks.map(each => each.groupId as string))]
  const queries: TaskQuery[] = [
    ...known.queries,
    { states: 'unfinished' },
    ...TASK_STATES.map(state => ({ states: [state] })),
    ...tags.flatMap(tag => [{ tags: [tag] }, { tags: [tag], states: 'unfinished' as const }]),
    ...groupIds.map(groupId => ({ groupId })),
  ]
  const lists: Record<string, string[]> = {}
  const counts: Record<string, number> = {}
  for (const query of queries) {
    const found = await Array.fromAsync(store.tasks(query))
    lists[JSON.stringify(query)] = found.map(({ taskId }) => taskId)
    counts[JSON.stringify(query)] = await store.count(query)
  }
  const found: Record<string, string[]> = {}
  for (const state of TASK_STATES) {
    const where = parseFilters({ state })
    const some = await store.search({ where, sort: [], limit: null, skip: 0 })
    found[state] = some.map(({ taskId }) => taskId)
  }
  const each = new Map<string, { task: Task | null; events: HistoryEvent[] }>()
  for (const { taskId } of tasks)
    each.set(taskId, { task: await store.task(taskId), events: await historyOf(store, { taskId }) })
  const groups = await Promise.all(groupIds.map(groupId => store.group(groupId)))
  const inspection = store.inspection as Inspection
  return {
    ...{ tasks, events, lists, counts, found, each, groups },
    lines: await inspection.lines(tasks.map(({ seq }) => seq)),
    running: await store.running(0, 10_000),
    unsettled: await store.unsettledGroups(0, 10_000),
    unfinishedCalls: await store.unfinishedCalls(),
    nextWakeMs: await store.nextWakeMs(),
    rev: await store.rev(),
  }
}

async function historyOf(
  store: Store,
  of: { taskId?: string; groupId?: string },
): Promise<HistoryEvent[]> {
  const events: HistoryEvent[] = []
  for (let afterEventId = 0; ; afterEventId = events.at(-1)?.eventId as number) {
    const page = await store.history({ ...of, afterEventId, limit: 1_000 })
    for (const event of page) events.push(event)
    if (page.length < 1_000) return events
  }
}

/** Nothing twice, nothing torn: each way to look gives what the rows and the whole history say. */
function assertAgreesWithItself({ tasks, events, lists, counts, found, ...more }: Picture): void {
  assertRise(tasks.map(({ seq }) => seq))
  assertRise(events.map(({ eventId }) => eventId))
  assert.equal(new Set(tasks.map(({ taskId }) => taskId)).size, tasks.length)
  assert.ok((events.at(-1)?.eventId ?? 0) <= more.rev)
  for (const [key, taskIds] of Object.entries(lists)) {
    const meant = tasks.filter(each => isMeant(each, JSON.parse(key))).map(({ taskId }) => taskId)
    assert.deepEqual(taskIds, meant, key)
    assert.equal(counts[key], meant.length, key)
  }
  for (const [state, taskIds] of Object.entries(found))
    assert.deepEqual(taskIds, lists[JSON.stringify({ states: [state] })], `a search for ${state}`)
  const values = tasks.map(({ taskId, value }) => `${taskId} ${value}`)
  assert.deepEqual(
    more.lines.map(({ taskId, value }) => `${taskId} ${value}`),
    values,
  )
  const histories = Map.groupBy(events, ({ taskId }) => taskId)
  for (const task of tasks) {
    const seen = more.each.get(task.taskId)
    assert.deepEqual(seen?.task, task)
    assert.deepEqual(seen?.events, histories.get(task.taskId), `the history of ${task.taskId}`)
    assertWhole(task, seen?.events ?? [])
  }
  for (const group of more.groups) {
    const members = tasks.filter(({ groupId }) => groupId === group?.groupId)
    for (const state of TASK_STATES) {
      const count = members.filter(({ value }) => stateOf(value) === state).length
      assert.equal(group?.counts[state], count, `${state} in ${group?.groupId}`)
    }
  }
}

/** From its submission to how it is: one that has ended did so once. */
function assertWhole({ taskId, value }: Task, events: readonly HistoryEvent[]): void {
  const ends = events.filter(event => isFinal(event.value as Task['value']))
  assert.equal(events[0]?.type, 'task.submitted', taskId)
  assert.equal(events.filter(({ type }) => type === 'task.submitted').length, 1, taskId)
  assert.equal(events.at(-1)?.value, value, taskId)
  assert.equal(ends.length, isFinal(value) ? 1 : 0, `${taskId} ends once`)
}

function assertRise(numbers: readonly number[]): void {
  for (const [nth, number] of numbers.entries())
    assert.ok(nth === 0 || number > (numbers[nth - 1] as number), `${number} comes again`)
}

function isMeant(task: Task, { groupId, states, tags = [] }: TaskQuery): boolean {
  const state: TaskState = stateOf(task.value)
  const isInState =
    states === 'unfinished' ? !isFinal(task.value) : (states?.includes(state) ?? true)
  return (
    isInState &&
    (groupId === undefined || task.groupId === groupId) &&
    tags.every(tag => task.tags.includes(tag))
  )
}

/** The lines of groups' history files. */
async function exportOf(store: Store, groupIds: readonly string[]): Promise<string[][]> {
  const files: string[][] = []
  for (const groupId of groupIds) files.push(await Array.fromAsync(exportGroup(store, groupId, 0)))
  return files
}

/** What a file tells happened makes the rows that it tells of. */
async function assertReplays(lines: readonly string[], file: string): Promise<void> {
  await writeFile(file, lines.join(''))
  const exported = await openHistory(file)
  const replay = new Replay(exported.group)
  for await (const { event, row } of exported.events())
    assert.deepEqual(replay.take(event, row).differences, [], `event ${event.eventId}`)
  assert.deepEqual(replay.end(exported.header.last_event_id), [])
}
