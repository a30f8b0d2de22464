// kill -9 at random moments under load on SQLite, then counting: nothing acknowledged is lost, nothing is
// half, nothing conflicting overlapped. ROLLCALL_CRASH_KILLS raises the number of kills.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { isFinal, type Task } from '../../machines/index.ts'
import { sqliteStore } from '../../server/store/sqlite/store.ts'
import type { Store } from '../../server/store/store.ts'
import { seededRandom } from '../../server/testing/repeatable.ts'
import { verdict } from '../model/rules.ts'
import { temporaryFolder } from '../support/temp.ts'
import type { Acknowledged, LogLine } from './worker.ts'

const KILLS = Number(process.env.ROLLCALL_CRASH_KILLS ?? 6)
const SEED = Number(process.env.ROLLCALL_CRASH_SEED ?? Math.floor(Math.random() * 2 ** 31))
const WORKER = join(import.meta.dirname, 'worker.ts')

test(`After ${KILLS} kills under load everything acknowledged has ended once (seed ${SEED})`, async t => {
  const folder = await temporaryFolder(t)
  const logFile = join(folder, 'handlers.log')
  const random = seededRandom(SEED)
  const below = (limit: number) => Math.floor(random.draw01() * limit)
  const acknowledged: Acknowledged[] = []
  const begin = (mode: 'load' | 'finish') => {
    const args = [WORKER, join(folder, 'data'), logFile, mode, `${below(2 ** 31)}`]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    t.after(() => child.kill('SIGKILL'))
    return child
  }

  for (let kill = 0; kill < KILLS; kill += 1) {
    const child = begin('load')
    const exited = once(child, 'exit')
    await acknowledgements(child, acknowledged, 20 + below(150))
    await setTimeout(below(15))
    child.kill('SIGKILL')
    const [, signal] = await exited
    assert.equal(signal, 'SIGKILL', 'the worker ended by itself')
  }
  const [status] = await once(begin('finish'), 'exit')
  assert.equal(status, 0)

  const store = sqliteStore(join(folder, 'data'))
  await store.open()
  t.after(() => store.close())
  const tasks = new Map<string, Task>()
  for await (const task of store.tasks({})) tasks.set(task.taskId, task)
  const log = (await readFile(logFile, 'utf8'))
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as LogLine)
  assert.ok(acknowledged.length > KILLS * 20, `${acknowledged.length} groups`)

  assertNothingLost(acknowledged, tasks)
  await assertGroupsWhole(store, tasks)
  await assertEndedOnce(store, tasks)
  assertNoOverlap(log, tasks)
  assertAttemptsRise(log, tasks)
  assertCanceledGainNothing(log, tasks)
})

/** Collects what the worker acknowledges; resolves after so many lines, and goes on collecting. */
function acknowledgements(child: ChildProcess, into: Acknowledged[], lines: number): Promise<void> {
  let left = lines
  return new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error('the worker ended before it was killed')))
    createInterface({ input: child.stdout as NonNullable<ChildProcess['stdout']> }).on(
      'line',
      line => {
        // The last line may have been cut off by the kill: then nothing was acknowledged.
        if (line.endsWith('}')) into.push(JSON.parse(line) as Acknowledged)
        left -= 1
        if (left === 0) resolve()
      },
    )
  })
}

function assertNothingLost(acknowledged: Acknowledged[], tasks: Map<string, Task>): void {
  for (const { groupId, taskIds } of acknowledged) {
    for (const taskId of taskIds) {
      assert.equal(tasks.get(taskId)?.groupId, groupId, `${taskId} was acknowledged`)
    }
  }
}

async function assertGroupsWhole(store: Store, tasks: Map<string, Task>): Promise<void> {
  const sizes = new Map<string, number>()
  for (const { groupId } of tasks.values()) {
    sizes.set(groupId as string, (sizes.get(groupId as string) ?? 0) + 1)
  }
  for (const [groupId, size] of sizes) {
    const group = await store.group(groupId)
    assert.deepEqual(group?.tags, [`size:${size}`], groupId)
    assert.equal(group?.value, 'settled', groupId)
  }
}

async function assertEndedOnce(store: Store, tasks: Map<string, Task>): Promise<void> {
  const ends = new Map<string, string[]>()
  for (let afterEventId = 0; ; ) {
    const page = await store.history({ afterEventId, limit: 1_000 })
    for (const { taskId, value } of page) {
      if (taskId === null || !isFinal(value as Task['value'])) continue
      ends.set(taskId, [...(ends.get(taskId) ?? []), value])
    }
    if (page.length === 0) break
    afterEventId = page.at(-1)?.eventId ?? 0
  }
  for (const { taskId, value } of tasks.values()) {
    assert.deepEqual(ends.get(taskId), [value], `${taskId} ends once`)
  }
}

function assertNoOverlap(log: LogLine[], tasks: Map<string, Task>): void {
  let live: Task[] = []
  for (const line of log) {
    if (line.at === 'boot') live = []
    if (line.at === 'end') live = live.filter(each => each.taskId !== line.taskId)
    if (line.at !== 'start') continue
    const started = tasks.get(line.taskId) as Task
    for (const other of live) {
      const [earlier, later] =
        (other.place as number) < (started.place as number) ? [other, started] : [started, other]
      const fine = earlier.resources.every(theirs =>
        later.resources.every(own => verdict(theirs, own) === 'A'),
      )
      assert.ok(fine, `${later.taskId} ran beside ${earlier.taskId}`)
    }
    live.push(started)
  }
}

function assertAttemptsRise(log: LogLine[], tasks: Map<string, Task>): void {
  const last = new Map<string, number>()
  for (const line of log) {
    if (line.at !== 'start') continue
    assert.ok(line.attempt > (last.get(line.taskId) ?? 0), `${line.taskId} attempt ${line.attempt}`)
    last.set(line.taskId, line.attempt)
  }
  for (const { taskId, value, attempt } of tasks.values()) {
    if (value === 'finished') assert.equal(last.get(taskId), attempt, `${taskId} ran and finished`)
  }
}

function assertCanceledGainNothing(log: LogLine[], tasks: Map<string, Task>): void {
  const canceled = new Set<string>()
  for (const line of log) {
    if (line.at === 'canceled') canceled.add(line.groupId)
    if (line.at !== 'start') continue
    const groupId = tasks.get(line.taskId)?.groupId as string
    assert.ok(!canceled.has(groupId), `${line.taskId} started after its group was cancelled`)
  }
}
