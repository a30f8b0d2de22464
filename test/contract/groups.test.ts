// CONTRACT §4: groups over HTTP, submitted whole, polled and cancelled as one.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { api, assertError, serverForFile } from './server.ts'

const server = await serverForFile()

const held = (key: string, more: object = {}) => ({ call: 'hold', args: { key }, ...more })
const statesOf = (rows: { state: string }[]) => rows.map(row => row.state)

test('a group answers 202 with its path and id, and nothing else', async () => {
  const { status, headers, body } = await server.post('task_groups/', {
    calls: [{ call: 'count' }],
  })
  assert.equal(status, 202)
  const _href = `${api}/task_groups/${body.group_id}/`
  assert.deepEqual(body, { _href, group_id: body.group_id })
  assert.equal(headers.get('location'), _href)
  assert.ok(headers.get('retry-after'))
})

test('its list has every task in submission order, each with the path of the group', async () => {
  const groupId = await server.group({
    calls: [held('a', { id: 'second', depends_on: ['first'] }), held('a', { id: 'first' })],
    tags: ['both'],
  })
  const { body } = await server.get(`task_groups/${groupId}/`)
  assert.deepEqual(statesOf(body), ['waiting', 'running'])
  const [second, first] = body
  assert.equal(second._href, `${api}/task_groups/${groupId}/`)
  assert.equal(second.task_group_id, groupId)
  assert.deepEqual(second.tags, ['both'])
  assert.deepEqual(second.dependencies, [{ task_id: first.task_id, states: ['finished'] }])
  await server.open('a')
  const { body: ended } = await server.get(`task_groups/${groupId}/`, { prefer: 'wait=30' })
  assert.deepEqual(statesOf(ended), ['finished', 'finished'])
})

test('a long list comes whole, in order, streamed', async () => {
  const groupId = await server.group({
    calls: Array.from({ length: 3_000 }, (_, index) => ({
      ...held('long', { tags: [String(index)] }),
    })),
  })
  const { body, headers } = await server.get(`task_groups/${groupId}/`)
  assert.equal(headers.get('content-length'), null)
  assert.deepEqual(
    body.map((row: { tags: string[] }) => Number(row.tags[0])),
    Array.from({ length: 3_000 }, (_, index) => index),
  )
  assert.equal((await server.request('DELETE', `task_groups/${groupId}/`)).status, 200)
})

test('the list can be paged, and narrowed to states', async () => {
  const groupId = await server.group({
    calls: [{ call: 'count' }, held('b'), { call: 'refuse', args: { status: 500 } }, held('b')],
  })
  const list = `task_groups/${groupId}/`
  for (const { task_id, task_type } of (await server.get(list)).body) {
    if (task_type !== 'hold') await server.ended(task_id)
  }
  const both = await server.get(`${list}?state=finished&state=error`)
  assert.deepEqual(statesOf(both.body), ['finished', 'error'])
  const page = await server.get(`${list}?limit=2&skip=1`)
  assert.deepEqual(statesOf(page.body), ['running', 'error'])
  assert.match(page.headers.get('link') ?? '', /skip=0>; rel="prev".*skip=3>; rel="next"/)
  await server.open('b')
})

for (const spelling of ['state_summary/', 'state_summary', 'state-summary/', 'state-summary']) {
  test(`${spelling} counts the tasks of a group by state`, async () => {
    const groupId = await server.group({ calls: [{ call: 'count' }, { call: 'count.later' }] })
    await server.get(`task_groups/${groupId}/`, { prefer: 'wait=30' })
    const { body } = await server.get(`task_groups/${groupId}/${spelling}`)
    assert.deepEqual(Object.entries(body), [
      ['accepted', 0],
      ['waiting', 0],
      ['running', 0],
      ['suspended', 0],
      ['finished', 2],
      ['error', 0],
      ['canceled', 0],
      ['skipped', 0],
      ['total', 2],
    ])
  })
}

test('the list of groups has those with an unfinished task, and links to them', async () => {
  const groupId = await server.group({ calls: [held('c')] })
  const link = { task_group_id: groupId, _href: `${api}/task_groups/${groupId}/` }
  assert.deepEqual((await server.get('task_groups/')).body, [link])
  await server.open('c')
  await server.get(link._href, { prefer: 'wait=30' })
  assert.deepEqual((await server.get('task_groups/')).body, [])
})

test('cancelling a group cancels its unfinished tasks and leaves the finished', async () => {
  const groupId = await server.group({
    calls: [{ call: 'count', id: 'done' }, held('d', { depends_on: ['done'] }), held('d')],
  })
  const [done, second] = (await server.get(`task_groups/${groupId}/`)).body
  await server.ended(done.task_id)
  await server.until(second.task_id, 'running')
  const { status, body } = await server.request('DELETE', `task_groups/${groupId}/`)
  assert.deepEqual([status, body], [200, null])
  const { body: ended } = await server.get(`task_groups/${groupId}/`, { prefer: 'wait=30' })
  assert.deepEqual(statesOf(ended), ['finished', 'canceled', 'canceled'])
})

test('a group of which nothing can be cancelled is a 501, and one of which something can is a 200', async () => {
  const stubborn = { call: 'hold.stubborn', args: { key: 'e' } }
  const [none, some] = [
    await server.group({ calls: [stubborn] }),
    await server.group({ calls: [stubborn, held('e')] }),
  ]
  for (const group of [none, some]) {
    const [first] = (await server.get(`task_groups/${group}/`)).body
    await server.until(first.task_id, 'running')
  }
  assertError(await server.request('DELETE', `task_groups/${none}/`), 501, 'RCL0012')
  assert.equal((await server.request('DELETE', `task_groups/${some}/`)).status, 200)
  await server.open('e')
  const { body } = await server.get(`task_groups/${some}/`, { prefer: 'wait=30' })
  assert.deepEqual(statesOf(body), ['finished', 'canceled'])
})

test('one member that can never run refuses the group whole, and says which and why', async () => {
  const thing = (operation: string, id: string) => ({
    call: 'thing.use',
    id: `${operation} ${id}`,
    args: { id, operation, key: 'f' },
  })
  const answer = await server.post('task_groups/', {
    calls: [thing('update', 'whole'), thing('delete', 'whole'), thing('read', 'whole')],
  })
  assertError(answer, 409, 'RCL0009')
  assert.deepEqual(answer.body.reasons, [
    { resource_type: 'thing', resource_id: 'whole', operation: 'delete' },
  ])
  assert.deepEqual(answer.body.error.data.member, { index: 2, id: 'read whole' })
  const { body } = await server.post('tasks/search/', {
    criteria: { filters: { 'args.id': 'whole' } },
  })
  assert.deepEqual(body, [])
})

test('an open group takes more tasks until it is closed', async () => {
  const groupId = await server.group({ calls: [], open: true, tags: ['later'] })
  const path = `task_groups/${groupId}/`
  const added = await server.post(`${path}tasks/`, { calls: [{ call: 'count' }] })
  assert.equal(added.status, 202)
  assert.deepEqual(added.body, { _href: `${api}/${path}`, group_id: groupId })
  const { body } = await server.get(path)
  assert.deepEqual(body[0].tags, ['later'])
  await server.ended(body[0].task_id)
  const closed = await server.post(`${path}actions/close/`)
  assert.deepEqual([closed.status, closed.body], [200, null])
  assertError(await server.post(`${path}tasks/`, { calls: [{ call: 'count' }] }), 409, 'RCL0010')
  assertError(await server.post(`${path}actions/close/`), 409, 'RCL0010')
})

test('a cancelled group takes no more tasks', async () => {
  const groupId = await server.group({ calls: [held('g')], open: true })
  await server.request('DELETE', `task_groups/${groupId}/`)
  const answer = await server.post(`task_groups/${groupId}/tasks/`, { calls: [{ call: 'count' }] })
  assertError(answer, 409, 'RCL0010')
})

test('a suspended group starts nothing until it is resumed', async () => {
  const groupId = await server.group({
    calls: [held('h', { id: 'first' }), { call: 'count', depends_on: ['first'] }],
  })
  const path = `task_groups/${groupId}/`
  const [first, second] = (await server.get(path)).body
  assert.equal((await server.post(`${path}actions/suspend/`, {})).status, 200)
  await server.open('h')
  await server.ended(first.task_id)
  assert.equal((await server.get(`tasks/${second.task_id}/`)).body.state, 'suspended')
  assert.equal((await server.post(`${path}actions/resume/`)).status, 200)
  assert.equal((await server.ended(second.task_id)).state, 'finished')
})

test('with on_failure cancel the error of one member cancels the others', async () => {
  const groupId = await server.group({
    calls: [held('i'), { call: 'refuse', args: { status: 500 } }],
    on_failure: 'cancel',
  })
  const { body } = await server.get(`task_groups/${groupId}/`, { prefer: 'wait=30' })
  assert.deepEqual(statesOf(body), ['canceled', 'error'])
})
