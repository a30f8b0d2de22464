// CONTRACT §4: the Prefer header (RFC 7240) on submissions and polls.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serverForFile } from './server.ts'

const server = await serverForFile()

const held = (key: string) => ({ call: 'hold', args: { key } })

for (const prefer of ['respond-async', 'Respond-Async, wait=30', 'wait=30; a=b, respond-async']) {
  test(`${prefer} makes a synchronous call a 202`, async () => {
    const { status, headers } = await server.post('tasks/', { call: 'count' }, { prefer })
    assert.equal(status, 202)
    assert.equal(headers.get('preference-applied'), 'respond-async')
  })
}

test('wait makes an asynchronous call that ends in time a 200 with its result', async () => {
  const { status, headers, body } = await server.post(
    'tasks/',
    { call: 'count.later' },
    { prefer: 'wait=30' },
  )
  assert.equal(status, 200)
  assert.equal(typeof body, 'number')
  assert.equal(headers.get('preference-applied'), 'wait=30')
})

test('wait also waits for a task that is postponed', async () => {
  const update = (key?: string) => ({
    call: 'thing.use',
    args: { id: 'p', operation: 'update', ...(key && { key }) },
  })
  await server.queue(update('a'))
  const second = server.post('tasks/', update(), { prefer: 'wait=30' })
  await server.open('a')
  assert.deepEqual((await second).body, 'used')
})

for (const prefer of ['wait=0', 'wait=1', 'WAIT="1"', 'wait=1; foo="a", handling=lenient']) {
  test(`${prefer} falls back to a 202 when the result is not there in time`, async () => {
    const { status, body } = await server.post('tasks/', held('b'), { prefer })
    assert.equal(status, 202)
    await server.request('DELETE', body.spawned_tasks[0]._href)
  })
}

for (const prefer of ['wait=x', 'wait', 'wait=-1', 'colour=red', ';;,,=']) {
  test(`${prefer} is passed over`, async () => {
    const { status, headers } = await server.post('tasks/', { call: 'count' }, { prefer })
    assert.equal(status, 200)
    assert.equal(headers.get('preference-applied'), null)
  })
}

test('a wait longer than 300 seconds is granted as 300', async () => {
  const { headers } = await server.post('tasks/', { call: 'count' }, { prefer: 'wait=99999' })
  assert.equal(headers.get('preference-applied'), 'wait=300')
})

test('a poll that waits is answered when the task has ended', async () => {
  const taskId = await server.queue(held('c'))
  const poll = server.get(`tasks/${taskId}/`, { prefer: 'wait=30' })
  await server.open('c')
  const { body, headers } = await poll
  assert.equal(body.state, 'finished')
  assert.equal(headers.get('preference-applied'), 'wait=30')
})

test('a poll that knows the content waits for other content', async () => {
  const first = await server.queue(held('d'))
  const second = await server.queue({ ...held('d'), depends_on: [first] })
  const { headers } = await server.get(`tasks/${second}/`)
  const tag = headers.get('etag') ?? ''
  const poll = server.get(`tasks/${second}/`, { prefer: 'wait=30', 'if-none-match': tag })
  await server.open('d')
  const { status, body, headers: after } = await poll
  assert.equal(status, 200)
  assert.notEqual(body.state, 'waiting')
  assert.notEqual(after.get('etag'), tag)
})

test('a poll whose time is up is a 304 when it knows the content, and else a 200', async () => {
  const taskId = await server.queue(held('e'))
  const { headers } = await server.get(`tasks/${taskId}/`)
  const known = { prefer: 'wait=1', 'if-none-match': headers.get('etag') ?? '' }
  const [silent, told] = await Promise.all([
    server.get(`tasks/${taskId}/`, known),
    server.get(`tasks/${taskId}/`, { prefer: 'wait=1' }),
  ])
  assert.deepEqual([silent.status, told.status, told.body.state], [304, 200, 'running'])
  await server.open('e')
})

for (const path of ['', 'state_summary/']) {
  test(`a poll of a group's ${path || 'list'} waits for its end, or for a change`, async () => {
    const key = `f${path}`
    const groupId = await server.group({ calls: [held(key), held(key)] })
    const url = `task_groups/${groupId}/${path}`
    const [{ task_id }] = (await server.get(`task_groups/${groupId}/`)).body
    await server.until(task_id, 'running')
    const { headers } = await server.get(url)
    const end = server.get(url, { prefer: 'wait=30' })
    const change = server.get(url, {
      prefer: 'wait=30',
      'if-none-match': headers.get('etag') ?? '',
    })
    await server.request('DELETE', `tasks/${task_id}/`)
    const { status, headers: after } = await change
    assert.equal(status, 200)
    assert.notEqual(after.get('etag'), headers.get('etag'))
    await server.open(key)
    const { body } = await end
    const ended = path
      ? body.finished + body.canceled
      : body.filter((row: { finish_time: string | null }) => row.finish_time !== null).length
    assert.equal(ended, 2)
  })
}

test('a client that goes away while it waits leaves the server as it was', async () => {
  const taskId = await server.queue(held('g'))
  const gone = new AbortController()
  const poll = server.request('GET', `tasks/${taskId}/`, {
    headers: { prefer: 'wait=300' },
    signal: gone.signal,
  })
  await server.get('/readyz')
  gone.abort()
  await assert.rejects(poll, { name: 'AbortError' })
  await server.open('g')
  assert.equal((await server.ended(taskId)).state, 'finished')
})
