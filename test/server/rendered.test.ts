// Rendered reports of an engine that runs: what a poll shows is what was committed, with as few looks at
// the store as there are changes.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { callReport, type Task } from '../../machines/index.ts'
import { defineCall, Type } from '../../server/index.ts'
import type { RenderedTask } from '../../server/rendered.ts'
import { Rollcall } from '../../server/rollcall.ts'
import { memoryStore } from '../../server/store/memory.ts'
import type { TaskQuery } from '../../server/store/store.ts'
import { FaultyStore } from '../../server/testing/faulty-store.ts'

/** A store that counts what is read of it, and holds reads of tasks back when it is told to. */
class WatchedStore extends FaultyStore {
  reads: string[] = []
  #gate: Promise<void> | null = null

  /** Holds the answers of reads of tasks that begin from here on until the answer is called. */
  holdReads(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#gate = promise
    return () => {
      this.#gate = null
      resolve()
    }
  }

  override async task(taskId: string): Promise<Task | null> {
    this.reads.push('task')
    const gate = this.#gate
    const task = await super.task(taskId)
    await gate
    return task
  }

  override group(groupId: string) {
    this.reads.push('group')
    return super.group(groupId)
  }

  override tasks(query: TaskQuery) {
    this.reads.push('tasks')
    return super.tasks(query)
  }
}

const gates = new Map<string, PromiseWithResolvers<void>>()

function gateOf(key: string): PromiseWithResolvers<void> {
  const known = gates.get(key) ?? Promise.withResolvers<void>()
  gates.set(key, known)
  return known
}

/** Characters of the result, by key. */
const SIZES: Record<string, number> = { large: 300_000, wide: 200_000 }

const hold = defineCall({
  name: 'hold',
  args: Type.Object({ key: Type.String() }),
  run: async ({ key }) => {
    await gateOf(key).promise
    return 'x'.repeat(SIZES[key] ?? 1)
  },
})

async function worldFor(t: TestContext, mount?: string) {
  const store = new WatchedStore(memoryStore())
  const rollcall = new Rollcall({
    calls: [hold],
    store,
    concurrency: 100,
    ...(mount !== undefined && { mount }),
  })
  t.after(() => rollcall.close())
  await rollcall.ready()
  const submit = async (key: string) => {
    const { taskIds } = await rollcall.submit({ call: hold, args: { key } })
    return taskIds[0] as string
  }
  const group = async (keys: string[]) => {
    const calls = keys.map(key => ({ call: hold, args: { key } }))
    return rollcall.submitGroup({ calls })
  }
  return { rollcall, store, submit, group }
}

const stateIn = ({ json }: RenderedTask): string => JSON.parse(json).state

test('a task is read once for each change, and shown as the store has it', async t => {
  const { rollcall, store, submit } = await worldFor(t)
  const taskId = await submit('once')
  gateOf('once').resolve()
  const ended = await rollcall.ended(taskId, 5_000)
  store.reads = []
  for (let poll = 0; poll < 5; poll += 1) {
    const shown = await rollcall.rendered.task(taskId)
    assert.equal(shown.json, JSON.stringify(callReport(ended, rollcall.hrefs)))
    assert.deepEqual([shown.rev, shown.hasEnded], [ended.rev, true])
  }
  assert.deepEqual(store.reads, ['task'])
})

test('who has heard that a task ended never reads that it runs', async t => {
  const { rollcall, submit } = await worldFor(t)
  for (let round = 0; round < 20; round += 1) {
    const taskId = await submit(`heard ${round}`)
    const heard = Promise.withResolvers<string>()
    const seen: string[] = []
    const unsubscribe = rollcall.subscribe(async ({ tasks }) => {
      const state = tasks.get(taskId)?.value
      if (state === undefined) return
      seen.push(stateIn(await rollcall.rendered.task(taskId)))
      if (state === 'finished') heard.resolve(stateIn(await rollcall.rendered.task(taskId)))
    })
    await rollcall.rendered.task(taskId)
    gateOf(`heard ${round}`).resolve()
    assert.equal(await heard.promise, 'finished', seen.join())
    unsubscribe()
  }
})

test('a read that a commit has overtaken is not shown to who asks after the commit', async t => {
  const { rollcall, store, submit } = await worldFor(t)
  const taskId = await submit('race')
  const release = store.holdReads()
  const early = rollcall.rendered.task(taskId)
  await Promise.resolve()
  const ended = Promise.withResolvers<void>()
  rollcall.subscribe(({ tasks }) => {
    if (tasks.get(taskId)?.value === 'finished') ended.resolve()
  })
  gateOf('race').resolve()
  await ended.promise
  release()
  assert.notEqual(stateIn(await early), 'finished')
  assert.equal(stateIn(await rollcall.rendered.task(taskId)), 'finished')
})

test('after a reader has seen a commit that is not told yet, nobody is shown what was before it', async t => {
  const { rollcall, store, submit, group } = await worldFor(t)
  const { groupId, taskIds } = await group(['seen'])
  const taskId = taskIds[0] as string
  await submit('seen')
  await rollcall.rendered.group(groupId)
  await rollcall.rendered.list(groupId)
  // The store has committed; the engine has not been told, as when its thread is busy.
  const inner = store.transaction.bind(store)
  const told = Promise.withResolvers<void>()
  const isCommitted = Promise.withResolvers<void>()
  store.transaction = async work => {
    const result = await inner(work)
    if ((await store.task(taskId))?.value === 'finished') {
      isCommitted.resolve()
      await told.promise
    }
    return result
  }
  gateOf('seen').resolve()
  await isCommitted.promise
  assert.equal((await rollcall.report(taskId)).state, 'finished')
  const summary = JSON.parse((await rollcall.rendered.group(groupId)).summaryJson)
  const { body } = await rollcall.rendered.list(groupId)
  assert.equal(summary.finished, 1)
  assert.equal(JSON.parse(String(body))[0].state, 'finished')
  told.resolve()
})

test('a list is the reports of the group, rendered once until a member changes', async t => {
  const { rollcall, store, group } = await worldFor(t)
  const { groupId, taskIds } = await group(['first', 'last'])
  const list = async () => JSON.parse(String((await rollcall.rendered.list(groupId)).body))
  gateOf('first').resolve()
  await rollcall.ended(taskIds[0] as string, 5_000)
  store.reads = []
  const before = await list()
  assert.deepEqual(before, await Array.fromAsync(rollcall.reports({ groupId })))
  await list()
  assert.equal(store.reads.filter(read => read === 'tasks').length, 2)
  gateOf('last').resolve()
  await rollcall.ended(taskIds[1] as string, 5_000)
  const states = (await list()).map(({ state }: { state: string }) => state)
  assert.deepEqual(states, ['finished', 'finished'])
})

test('a summary is of the counts that the store has, before and after they change', async t => {
  const { rollcall, group } = await worldFor(t)
  const { groupId, taskIds } = await group(['counted'])
  const shown = async () => {
    const { summaryJson, hasEnded } = await rollcall.rendered.group(groupId)
    return [JSON.parse(summaryJson), hasEnded]
  }
  assert.deepEqual(await shown(), [await rollcall.summary(groupId), false])
  gateOf('counted').resolve()
  await rollcall.ended(taskIds[0] as string, 5_000)
  const summary = await rollcall.summary(groupId)
  assert.equal(summary.finished, 1)
  assert.deepEqual(await shown(), [summary, true])
})

test('a list that is too long is not kept, and neither is one of few large reports', async t => {
  const { rollcall, group } = await worldFor(t)
  gateOf('large').resolve()
  const large = await group(Array.from({ length: 4 }, () => 'large'))
  for (const taskId of large.taskIds) await rollcall.ended(taskId, 5_000)
  assert.equal((await rollcall.rendered.list(large.groupId)).body, null)
  const many = await group(Array.from({ length: 2_000 }, () => 'many'))
  assert.equal((await rollcall.rendered.list(many.groupId)).body, null)
  await rollcall.cancelGroup(many.groupId)
  gateOf('many').resolve()
})

test('a purge takes the reports of what it deletes with it', async t => {
  const { rollcall, group } = await worldFor(t)
  const { groupId, taskIds } = await group(['purged', 'kept'])
  const taskId = taskIds[0] as string
  gateOf('purged').resolve()
  await rollcall.ended(taskId, 5_000)
  await rollcall.rendered.task(taskId)
  await rollcall.rendered.list(groupId)
  await rollcall.purge(['finished'])
  const gone = { code: 'RCL0005' }
  await assert.rejects(async () => rollcall.rendered.task(taskId), gone)
  const { body } = await rollcall.rendered.list(groupId)
  assert.equal(JSON.parse(String(body)).length, 1)
  gateOf('kept').resolve()
  await rollcall.ended(taskIds[1] as string, 5_000)
  await rollcall.purge(['finished'])
  await assert.rejects(async () => rollcall.rendered.group(groupId), gone)
  await assert.rejects(async () => rollcall.rendered.list(groupId), gone)
})

test('what is kept stays within 32 MiB, however much is asked for', async t => {
  const { rollcall, group } = await worldFor(t)
  gateOf('wide').resolve()
  const { taskIds } = await group(Array.from({ length: 250 }, () => 'wide'))
  for (const taskId of taskIds) await rollcall.ended(taskId, 5_000)
  for (const taskId of taskIds) await rollcall.rendered.task(taskId)
  assert.ok(rollcall.rendered.bytes > 2 ** 20)
  assert.ok(rollcall.rendered.bytes <= 32 * 2 ** 20, `${rollcall.rendered.bytes} bytes`)
})

test('two engines with mounts of their own each show their own paths', async t => {
  for (const mount of ['/a', '/b']) {
    const { rollcall, submit } = await worldFor(t, mount)
    const taskId = await submit('mounted')
    const { json } = await rollcall.rendered.task(taskId)
    assert.equal(JSON.parse(json)._href, `${mount}/v2/tasks/${taskId}/`)
  }
  gateOf('mounted').resolve()
})
