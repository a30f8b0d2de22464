// CONTRACT §4: Idempotency-Key. The same key and body give the first answer again.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../support/temp.ts'
import { type Answer, assertError, serverForFile, startServer } from './server.ts'

const server = await serverForFile()

let keys = 0
const keyed = () => ({ 'idempotency-key': `key-${++keys}` })

const HEADERS = ['location', 'retry-after', 'content-type', 'preference-applied']

function same(first: Answer, second: Answer): void {
  assert.deepEqual([second.status, second.body], [first.status, first.body])
  for (const name of HEADERS) {
    assert.equal(second.headers.get(name), first.headers.get(name), name)
  }
}

const things: [what: string, submission: object, status: number][] = [
  ['an asynchronous call', { call: 'count.later' }, 202],
  ['a synchronous call', { call: 'count' }, 200],
  ['a call that makes something', { call: 'thing.make', args: { id: '1' } }, 201],
  ['a call that fails', { call: 'refuse', args: { status: 422 } }, 422],
  ['a call that throws', { call: 'fling', args: { what: 'error' } }, 500],
]
for (const [what, submission, status] of things) {
  test(`${what}, sent again, is answered as before and runs once`, async () => {
    const tag = `once-${what}`
    const headers = keyed()
    const send = () => server.post('tasks/', { ...submission, tags: [tag] }, headers)
    const first = await send()
    assert.equal(first.status, status)
    same(first, await send())
    const { body } = await server.post('tasks/search/', { criteria: { filters: { tags: tag } } })
    assert.equal(body.length, 1)
  })

  test(`${what}, sent twenty times at once, runs once`, async () => {
    const headers = keyed()
    const send = () => server.post('tasks/', submission, headers)
    const [first, ...others] = await Promise.all(Array.from({ length: 20 }, send))
    assert.equal(first?.status, status)
    for (const other of others) same(first as Answer, other)
  })
}

test('what did not end in time stays a 202 when it is sent again after its end', async () => {
  const headers = { ...keyed(), prefer: 'wait=1' }
  const send = () => server.post('tasks/', { call: 'hold.sync', args: { key: 'a' } }, headers)
  const first = await send()
  assert.equal(first.status, 202)
  await server.open('a')
  await server.ended(first.body.spawned_tasks[0].task_id)
  same(first, await send())
})

test('the same fields in another order are the same request', async () => {
  const headers = keyed()
  const first = await server.post('tasks/', '{"call":"count","tags":["a"]}', headers)
  same(first, await server.post('tasks/', '{ "tags": ["a"], "call": "count" }', headers))
  same(first, await server.post('tasks', '{"call":"count","tags":["a"]}', headers))
})

test('a group, sent again, is the same group', async () => {
  const headers = keyed()
  const send = () => server.post('task_groups/', { calls: [{ call: 'count' }] }, headers)
  const [first, second] = await Promise.all([send(), send()])
  same(first, second)
  same(first, await send())
})

test('an addition to a group, sent again, adds once', async () => {
  const groupId = await server.group({ calls: [], open: true })
  const headers = keyed()
  const send = () =>
    server.post(`task_groups/${groupId}/tasks/`, { calls: [{ call: 'count' }] }, headers)
  same(await send(), await send())
  assert.equal((await server.get(`task_groups/${groupId}/`)).body.length, 1)
  await server.post(`task_groups/${groupId}/actions/close/`)
  assert.equal((await send()).status, 202)
})

test('a key used for another body, path or method is a 409', async () => {
  const headers = keyed()
  await server.post('tasks/', { call: 'count' }, headers)
  assertError(await server.post('tasks/', { call: 'count', tags: ['x'] }, headers), 409, 'RCL0011')
  const group = await server.post('task_groups/', { calls: [{ call: 'count' }] }, headers)
  assertError(group, 409, 'RCL0011')
})

test('a rejection, sent again, is the same rejection, also when its reason is gone', async () => {
  const deletion = { call: 'thing.use', args: { id: 'i', operation: 'delete', key: 'b' } }
  const holder = await server.queue(deletion)
  const headers = keyed()
  const first = await server.post('tasks/', deletion, headers)
  assertError(first, 409, 'RCL0009')
  await server.open('b')
  await server.ended(holder)
  same(first, await server.post('tasks/', deletion, headers))
})

test('a request that could not be read leaves its key free', async () => {
  const headers = keyed()
  assert.equal((await server.post('tasks/', { call: 'no.such' }, headers)).status, 400)
  assert.equal((await server.post('tasks/', { call: 'count' }, headers)).status, 200)
})

test('closing a group again with the same key gives the first answer, with another a 409', async () => {
  const { body } = await server.post('task_groups/', { calls: [], open: true })
  const close = (key: string) =>
    server.post(`task_groups/${body.group_id}/actions/close/`, undefined, {
      'idempotency-key': key,
    })
  const statuses = []
  for (const key of ['close it', 'close it', 'close it again']) {
    statuses.push((await close(key)).status)
  }
  assert.deepEqual(statuses, [200, 200, 409])
})

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  test(`the first answer is given again after ${signal} and a restart`, async t => {
    const data = join(await temporaryFolder(t), 'data')
    const requests = [
      ['tasks/', { call: 'count' }],
      ['tasks/', { call: 'count.later' }],
      ['tasks/', { call: 'thing.make', args: { id: '1' } }],
      ['tasks/', { call: 'refuse', args: { status: 404 } }],
      ['task_groups/', { calls: [{ call: 'count' }] }],
    ] as const
    const first = await startServer(data)
    t.after(() => first.end('SIGKILL'))
    const sendAll = (to: typeof first) =>
      Promise.all(
        requests.map(([path, body], index) =>
          to.post(path, body, { 'idempotency-key': `restart-${index}` }),
        ),
      )
    const before = await sendAll(first)
    await first.end(signal)
    const second = await startServer(data)
    t.after(() => second.end('SIGKILL'))
    for (const [index, answer] of (await sendAll(second)).entries()) {
      same(before[index] as Answer, answer)
    }
  })
}
