// The inspector's data about this process: what is unfinished, what happens, and what a person should know.
import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { createEngine, defineCall, memoryStore } from '../../../server/index.ts'
import { FaultyStore } from '../../../server/testing/faulty-store.ts'
import { packageVersion } from '../../../server/version.ts'
import { STORES, startWorld, uses, type World } from './world.ts'

interface System {
  version: string
  mount: string
  started_ms: number
  now_ms: number
  slots: { total: number; busy: number }
  workers: { name: string; running: number }[]
  unfinished: { waiting: number; suspended: number; running: number }
  oldest_waiting_ms: number | null
  rates: { seconds: { submitted: number; started: number; ended: number }[] }
  readers: number
  refusals: number
  warnings: string[]
}

const system = async (world: World) => (await world.get('system/')) as System

for (const [name, store] of Object.entries(STORES)) {
  describe(`With ${name}`, () => {
    const started = async (t: TestContext) => startWorld(t, { store: await store(t) })

    test('the system without a task is at rest', async t => {
      const world = await started(t)
      const { now_ms, started_ms, rates, ...rest } = await system(world)
      assert.ok(now_ms >= started_ms)
      assert.ok(rates.seconds.length > 0)
      assert.deepEqual(rest, {
        version: packageVersion(),
        mount: '/pulp/api',
        slots: { total: 100, busy: 0 },
        workers: [],
        unfinished: { waiting: 0, suspended: 0, running: 0 },
        oldest_waiting_ms: null,
        readers: 0,
        refusals: 0,
        warnings: [],
      })
    })

    test('unfinished tasks are counted as they are, and the oldest that waits for no time is the oldest', async t => {
      const world = await started(t)
      await world.engine.submit('ping', {}, { start_after: '2099-01-01T00:00:00Z' })
      const { groupId } = await world.engine.submitGroup({
        calls: [
          { call: 'hold', args: { gate: 'first' }, resources: uses('update') },
          { call: 'hold', resources: uses('update') },
          { call: 'hold', resources: uses('update') },
        ],
      })
      await world.counts(groupId, { running: 1, waiting: 2 })
      const first = await system(world)
      assert.deepEqual(first.slots, { total: 100, busy: 1 })
      assert.deepEqual(first.unfinished, { waiting: 3, suspended: 0, running: 1 })
      assert.deepEqual(
        first.workers.map(({ running }) => running),
        [1],
      )
      const group = await world.engine.core.group(groupId)
      assert.equal(first.oldest_waiting_ms, group.submitMs)
      const sum = (of: 'submitted' | 'started' | 'ended') =>
        first.rates.seconds.reduce((total, second) => total + second[of], 0)
      assert.deepEqual([sum('submitted'), sum('started'), sum('ended')], [4, 1, 0])

      await world.engine.changeGroup(groupId, 'suspend')
      world.release('first')
      await world.counts(groupId, { finished: 1, suspended: 2 })
      const second = await system(world)
      assert.deepEqual(second.unfinished, { waiting: 1, suspended: 2, running: 0 })
      assert.deepEqual([second.workers, second.oldest_waiting_ms], [[], null])
    })

    test('readers of the streams are counted', async t => {
      const world = await started(t)
      const gone = new AbortController()
      const lists = world.engine.core.feed.follow({}, null, { signal: gone.signal, idleMs: 1 })
      await lists.next()
      assert.equal((await system(world)).readers, 1)
      gone.abort()
      await lists.next()
      assert.equal((await system(world)).readers, 0)
    })

    test('tasks whose call is not registered in this process are a warning', async t => {
      const kept = await store(t)
      const gone = defineCall({ name: 'gone', run: () => null })
      const before = createEngine({ calls: [gone], store: kept })
      await before.submit('gone', {}, { start_after: '2099-01-01T00:00:00Z' })
      await before.close()
      const world = await startWorld(t, { store: kept })
      assert.deepEqual((await system(world)).warnings, [
        'One unfinished task needs the call gone, which is not registered in this process.',
      ])
    })
  })
}

test('A store that refuses to commit is a warning until it commits', async t => {
  const store = new FaultyStore(memoryStore())
  const world = await startWorld(t, { store })
  store.refuse(1)
  await assert.rejects(world.engine.submit('ping'))
  const { refusals, warnings } = await system(world)
  assert.equal(refusals, 1)
  assert.deepEqual(warnings, ['The store refuses to commit (once): nothing moves until it does.'])
  const { result } = await world.engine.submit('ping')
  await result()
  const after = await system(world)
  assert.deepEqual([after.refusals, after.warnings], [0, []])
})

test('A store that cannot be inspected is a 503 that says so', async t => {
  const store = new FaultyStore(memoryStore())
  Object.defineProperty(store, 'inspection', { value: undefined })
  const world = await startWorld(t, { store })
  const answer = await world.app.inject('/inspect/data/groups/')
  assert.equal(answer.statusCode, 503)
  assert.equal(answer.json().error_message, 'this store cannot be inspected')
})
