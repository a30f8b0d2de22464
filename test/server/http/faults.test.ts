// What clients see when the store fails under the interface.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import Fastify from 'fastify'
import type { Task } from '../../../machines/index.ts'
import { defineCall, memoryStore, rollcall, StoreError } from '../../../server/index.ts'
import type { Store } from '../../../server/store/store.ts'
import { FaultyStore } from '../../../server/testing/faulty-store.ts'

const ping = defineCall({ name: 'ping', execution: 'sync', run: () => 'pong' })

async function appOn(t: TestContext, store: Store) {
  const app = Fastify()
  t.after(() => app.close())
  await app.register(rollcall, { calls: [ping], store })
  await app.ready()
  return app
}

test('a store that refuses to commit is a 503 with Retry-After, says no more, and recovers', async t => {
  const store = new FaultyStore(memoryStore())
  const app = await appOn(t, store)
  store.refuse(2)
  const post = () =>
    app.inject({ method: 'POST', url: '/pulp/api/v2/tasks/', payload: { call: 'ping' } })
  const refused = await post()
  assert.equal(refused.statusCode, 503)
  assert.equal(refused.headers['retry-after'], '1')
  const { error } = refused.json()
  assert.deepEqual(error, {
    code: 'RCL0022',
    description: 'the store cannot be used at the moment',
    data: null,
    sub_errors: [],
  })
  assert.equal((await app.inject('/readyz')).statusCode, 503)
  while ((await app.inject('/readyz')).statusCode !== 200) await delay(5)
  assert.equal((await post()).payload, '"pong"')
})

/** A store whose lists are read through `around`. */
function storeReading(around: (rows: AsyncIterable<Task>) => AsyncIterable<Task>): Store {
  const inner = memoryStore()
  const store = new FaultyStore(inner)
  store.tasks = query => around(inner.tasks(query))
  return store
}

test('a list that breaks off at once is a 503, and one that breaks off in the middle cuts the connection', async t => {
  let breakAfter = 0
  const store = storeReading(async function* (rows) {
    let given = 0
    for await (const task of rows) {
      if (given++ >= breakAfter) throw new StoreError('broken /tmp/secret')
      yield task
    }
  })
  const app = await appOn(t, store)
  const calls = Array.from({ length: 2_000 }, () => ({ call: 'ping' }))
  const { groupId } = await app.rollcall.submitGroup({ calls })
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  const url = `${origin}/pulp/api/v2/task_groups/${groupId}/`

  const refused = await fetch(url)
  assert.deepEqual([refused.status, refused.headers.get('etag')], [503, null])
  assert.doesNotMatch(await refused.text(), /secret/)

  breakAfter = 1_000
  const broken = await fetch(url)
  assert.equal(broken.status, 200)
  await assert.rejects(broken.text(), { name: 'TypeError' })

  breakAfter = Number.POSITIVE_INFINITY
  assert.equal(((await (await fetch(url)).json()) as unknown[]).length, 2_000)
})

test('a client that goes away in the middle of a list ends the reading of it', async t => {
  const ended = Promise.withResolvers<void>()
  const store = storeReading(async function* (rows) {
    try {
      yield* rows
    } finally {
      ended.resolve()
    }
  })
  const app = await appOn(t, store)
  const calls = Array.from({ length: 20_000 }, () => ({ call: 'ping' }))
  const { groupId } = await app.rollcall.submitGroup({ calls })
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  const gone = new AbortController()
  const url = `${origin}/pulp/api/v2/task_groups/${groupId}/`
  const response = await fetch(url, { signal: gone.signal })
  gone.abort()
  await assert.rejects(response.text(), { name: 'AbortError' })
  await ended.promise
})
