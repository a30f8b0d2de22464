// Batches that are decided while others are on their way to the disk, which takes them when the test lets
// it: one that fails is at fault alone, and nothing that follows from it is carried out.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, type TestContext, test } from 'node:test'
import { setImmediate } from 'node:timers'
import type { TaskSpec } from '../../machines/index.ts'
import { Engine } from '../../server/engine.ts'
import { StoreError } from '../../server/errors.ts'
import { type Clock, systemIds } from '../../server/ports.ts'
import { sqliteStore } from '../../server/store/sqlite/store.ts'
import { FaultyStore } from '../../server/testing/faulty-store.ts'
import { quiet } from '../../server/testing/virtual-clock.ts'
import { AT_MS, spec, task } from '../support/builders.ts'
import { temporaryFolder } from '../support/temp.ts'

/** Nobody sleeps for longer than a turn. */
const clock: Clock = {
  nowMs: () => AT_MS,
  turn: async () => {},
  after(_, action) {
    const timer = setImmediate(action)
    return () => clearImmediate(timer)
  },
}

/** An engine on a store, and what holds its disk back until the answer is called. */
async function started(t: TestContext, sliceLimit?: number) {
  const folder = await temporaryFolder(t)
  const store = new FaultyStore(sqliteStore(folder))
  await store.open()
  const parts = { store, clock, ids: systemIds }
  const engine = new Engine(sliceLimit === undefined ? parts : { ...parts, sliceLimit })
  const other = new DatabaseSync(join(folder, 'rollcall.db'), { timeout: 1_000 })
  t.after(async () => {
    other.close()
    await engine.drain()
    await store.close()
  })
  const holdDisk = () => {
    other.exec('BEGIN IMMEDIATE')
    return () => other.exec('ROLLBACK')
  }
  return { engine, store, holdDisk }
}

const submit = (fields: Partial<TaskSpec> = {}) => ({
  type: 'tasks.submit' as const,
  specs: [spec(fields)],
  group: null,
  idempotency: null,
})

/** A submission whose row the database refuses. */
const broken = () => submit({ startAfterMs: AT_MS + 0.5 })

/** A submission that cannot be decided: those in its batch are decided again, each alone. */
const absurd = () => ({ ...submit(), specs: undefined as never })

test('As many tasks start as there are slots, half of them in a commit', async t => {
  const { engine } = await started(t)
  const commits: number[] = []
  const running = new Set<string>()
  engine.attach({
    worker: 'w1',
    concurrency: 100,
    freeSlots: () => 100 - running.size,
    perform(effect) {
      if (effect.type === 'task.run') running.add(effect.task.taskId)
    },
  })
  engine.subscribe(({ events }) => {
    commits.push(events.filter(({ type }) => type === 'task.start').length)
  })
  await engine.send({ ...submit(), specs: Array.from({ length: 120 }, () => spec()) })
  await quiet()
  await engine.drain()
  assert.equal(running.size, 100)
  assert.deepEqual(commits.filter(Boolean), [50, 50])
})

test('What has no slot shares a commit, however much comes and however few slots there are', async t => {
  const { engine } = await started(t)
  const performer = { worker: 'w1', concurrency: 1, freeSlots: () => 0, perform: () => {} }
  engine.attach(performer)
  let commits = 0
  engine.subscribe(() => {
    commits += 1
  })
  await Promise.all(Array.from({ length: 100 }, () => engine.sendReliably(submit())))
  assert.equal(commits, 1)
})

describe('A row that the database refuses', { timeout: 5_000 }, () => {
  test('is the fault of its own command, not of one that shares its commit', async t => {
    const { engine, holdDisk } = await started(t)
    const release = holdDisk()
    const innocent = engine.send(submit())
    await quiet()
    const guilty = engine.send(broken())
    await quiet()
    release()
    const outcomes = await Promise.allSettled([innocent, guilty])
    assert.deepEqual(
      outcomes.map(each => each.status),
      ['fulfilled', 'rejected'],
    )
  })

  test('keeps no task from starting whose start shares its commit', async t => {
    const { engine, store, holdDisk } = await started(t)
    await engine.send(submit())
    const [waiting] = await Array.fromAsync(store.tasks({}))
    const release = holdDisk()
    const run = new Promise(resolve => {
      let freeSlots = 1
      engine.attach({
        worker: 'w1',
        concurrency: 1,
        freeSlots: () => freeSlots,
        perform(effect) {
          freeSlots -= 1
          if (effect.type === 'task.run') resolve(effect.task.taskId)
        },
      })
    })
    await quiet()
    const guilty = assert.rejects(engine.send(broken()))
    await quiet()
    release()
    await guilty
    assert.equal(await run, waiting?.taskId)
  })
})

describe('A command that is tried alone', { timeout: 5_000 }, () => {
  test('shares no commit with one that was on its way before', async t => {
    const { engine, holdDisk } = await started(t)
    const release = holdDisk()
    const first = engine.send(submit())
    await quiet()
    const innocent = engine.send(submit())
    const undecided = assert.rejects(engine.send(absurd()))
    await quiet()
    const guilty = assert.rejects(engine.send(broken()))
    await quiet()
    release()
    await Promise.all([first, undecided, guilty])
    assert.equal((await innocent).outcome, 'submitted')
  })

  test('shares no commit with one that comes after', async t => {
    const { engine, holdDisk } = await started(t)
    const release = holdDisk()
    const undecided = assert.rejects(engine.send(absurd()))
    const innocent = engine.send(submit())
    await quiet()
    const guilty = assert.rejects(engine.send(broken()))
    await quiet()
    release()
    await Promise.all([undecided, guilty])
    assert.equal((await innocent).outcome, 'submitted')
  })
})

test('What follows from a purge that the store refuses is not carried out', async t => {
  const { engine, store, holdDisk } = await started(t, 3)
  const ended = Array.from({ length: 12 }, (_, n) => {
    const named = { taskId: `t${n + 1}`, seq: n + 1, place: n + 1, finishMs: AT_MS }
    return { type: 'task.put' as const, task: task({ ...named, value: 'finished' }) }
  })
  await store.transaction(async tx =>
    tx.apply([...ended, { type: 'counters.set', seq: 12, place: 12, rev: 12 }]),
  )
  const releaseDisk = holdDisk()
  const before = engine.send(submit())
  await quiet()
  const releasePurge = store.hold()
  store.refuse(1)
  const purge = assert.rejects(
    engine.send({ type: 'tasks.purge', states: ['finished'] }),
    StoreError,
  )
  await quiet()
  releasePurge()
  await quiet()
  releaseDisk()
  await Promise.all([before, purge])
  await engine.send(submit())
  assert.equal(await store.count({ states: ['finished'] }), 12)
})
