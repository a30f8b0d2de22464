// CONTRACT §4, "Ran now, or queued": what a synchronous call answers, however it ends.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertError, serverForFile } from './server.ts'

const server = await serverForFile()

const post = (call: string, args: object, headers = {}) =>
  server.post('tasks/', { call, args }, headers)

for (const value of [{ a: [1] }, [], 'text', '', 5, 0, true, null]) {
  test(`a result of ${JSON.stringify(value)} is the body of a 200`, async () => {
    const { status, body, headers } = await post('echo', { value })
    assert.equal(status, 200)
    assert.deepEqual(body, value)
    assert.match(headers.get('content-type') ?? '', /^application\/json/)
  })
}

test('a call without a result answers null', async () => {
  assert.deepEqual((await post('gate.open', { key: 'nobody' })).body, null)
})

test('a call that made something answers 201 with its Location', async () => {
  const { status, body, headers } = await post('thing.make', { id: 'ü 1' })
  assert.equal(status, 201)
  assert.deepEqual(body, { id: 'ü 1' })
  assert.equal(headers.get('location'), '/things/%C3%BC%201/')
})

for (const status of [400, 404, 409, 422, 500, 503]) {
  test(`a call's error that names ${status} is answered with it, and with all that it says`, async () => {
    const answer = await post('refuse', { status })
    assertError(answer, status, 'CON0001')
    const { error, exception, _href } = answer.body
    assert.deepEqual(error, {
      code: 'CON0001',
      description: 'refused',
      data: { why: 'so' },
      sub_errors: ['a'],
    })
    assert.equal(exception, 'CallError: refused')
    assert.equal(_href, '/pulp/api/v2/tasks/')
  })
}

for (const status of [200, 302, 99, 600]) {
  test(`a call's error that names ${status} is a 500`, async () => {
    assertError(await post('refuse', { status }), 500, 'CON0001')
  })
}

for (const what of ['error', 'text', 'null', 'undefined', 'object']) {
  test(`a call that throws ${what} is a 500 that shows no absolute path`, async () => {
    const answer = await post('fling', { what })
    assertError(answer, 500, 'RCL0015')
    assert.equal(typeof answer.body.exception, 'string')
    const whole = JSON.stringify(answer.body)
    assert.equal(whole.includes(process.cwd()), false, whole)
    assert.equal(whole.includes('file:'), false, whole)
  })
}

test('the traceback of an error is its stack, relative to the folder of the calls', async () => {
  const { body } = await post('fling', { what: 'error' })
  assert.match(body.traceback, /^TypeError: flung\n {4}at .*calls\.ts:\d+/)
  assert.doesNotMatch(body.traceback, /runner|server\//)
})

for (const what of ['bigint', 'function', 'cycle', 'nan', 'map']) {
  test(`a result that holds a ${what} is an error of the task`, async () => {
    assertError(await post('uncarried', { what }), 500, 'RCL0016')
    assert.equal((await server.get('/readyz')).status, 200)
  })
}

test('a call that has to wait for others answers 202, and runs later', async () => {
  const holder = await server.queue({
    call: 'thing.use',
    args: { id: 'busy', operation: 'update', key: 'a' },
  })
  const { status, body } = await post('thing.use', { id: 'busy', operation: 'update' })
  assert.equal(status, 202)
  await server.open('a')
  await server.ended(holder)
  assert.equal((await server.ended(body.spawned_tasks[0].task_id)).result, 'used')
})

test('a call that can never run answers 409 with the reasons', async () => {
  const holder = await server.queue({
    call: 'thing.use',
    args: { id: 'gone', operation: 'delete', key: 'b' },
  })
  const answer = await post('thing.use', { id: 'gone', operation: 'update' })
  assertError(answer, 409, 'RCL0009')
  assert.deepEqual(answer.body.reasons, [
    { resource_type: 'thing', resource_id: 'gone', operation: 'delete' },
  ])
  await server.open('b')
  await server.ended(holder)
})

test('a call whose turn comes later by the clock or by another task answers 202', async () => {
  const first = await server.queue({ call: 'hold', args: { key: 'c' } })
  const start_after = new Date(Date.now() + 3_600_000).toISOString()
  for (const later of [{ start_after }, { depends_on: [first] }]) {
    const { status, body } = await server.post('tasks/', { call: 'count', ...later })
    assert.equal(status, 202)
    await server.request('DELETE', body.spawned_tasks[0]._href)
  }
  await server.open('c')
})

test('a call that is cancelled while its caller waits answers 409', async () => {
  const waiting = server.post('tasks/', {
    call: 'hold.sync',
    args: { key: 'd' },
    tags: ['to be cancelled'],
  })
  let rows: { task_id: string }[] = []
  while (rows.length === 0) rows = (await server.get('tasks/?tag=to+be+cancelled')).body
  await server.request('DELETE', `tasks/${rows[0]?.task_id}/`)
  assertError(await waiting, 409, 'RCL0023')
})
