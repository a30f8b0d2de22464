// CONTRACT §4: a task from its submission to its end, over HTTP.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { api, assertError, serverForFile } from './server.ts'

const server = await serverForFile()

const REPORT_KEYS =
  `_href response reasons state task_id task_group_id schedule_id task_type tags progress
  progress_report result error exception traceback start_time finish_time spawned_tasks worker_name queue
  id attempt priority dependencies dependency_failures principal_login submit_time`.split(/\s+/)

test('an asynchronous call answers 202 with its call report, Location and Retry-After', async () => {
  const { status, headers, body } = await server.post('tasks/', {
    call: 'hold',
    args: { key: 'a' },
  })
  assert.equal(status, 202)
  const [{ task_id }] = body.spawned_tasks
  const _href = `${api}/tasks/${task_id}/`
  assert.deepEqual(body, { result: null, error: null, spawned_tasks: [{ _href, task_id }] })
  assert.equal(headers.get('location'), _href)
  assert.match(headers.get('retry-after') ?? '', /^\d+$/)
  assert.match(headers.get('content-type') ?? '', /^application\/json/)
  assert.match(task_id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  await server.open('a')
})

test('a report has the keys of the contract, in their order, while it runs and when it has ended', async () => {
  const taskId = await server.queue({
    call: 'hold',
    args: { key: 'b' },
    tags: ['x', 'x', 'y'],
    priority: 3,
  })
  const running = await server.until(taskId, 'running')
  assert.deepEqual(Object.keys(running), REPORT_KEYS)
  assert.equal(running.finish_time, null)
  await server.open('b')
  const report = await server.ended(taskId)
  assert.deepEqual(Object.keys(report), REPORT_KEYS)
  const { _href, response, state, task_group_id, task_type, tags, result, id, attempt, priority } =
    report
  assert.deepEqual(
    { _href, response, state, task_group_id, task_type, tags, result, id, attempt, priority },
    {
      _href: `${api}/tasks/${taskId}/`,
      response: 'accepted',
      state: 'finished',
      task_group_id: null,
      task_type: 'hold',
      tags: ['x', 'y'],
      result: 'b',
      id: taskId,
      attempt: 1,
      priority: 3,
    },
  )
  for (const time of [report.submit_time, report.start_time, report.finish_time]) {
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  }
})

for (const path of ['tasks', 'task_groups', 'calls', 'tasks/search']) {
  test(`/${path} is the same with a slash at its end and without`, async () => {
    const [bare, canonical] = [await server.get(path), await server.get(`${path}/`)]
    assert.equal(bare.status, 200)
    assert.deepEqual(bare.body, canonical.body)
  })
}

test('a task is found under both spellings of its path, and in capitals', async () => {
  const taskId = await server.queue({ call: 'count.later' })
  const report = await server.ended(taskId)
  for (const path of [`tasks/${taskId}`, `tasks/${taskId.toUpperCase()}/`]) {
    assert.deepEqual((await server.get(path)).body, report)
  }
})

test('the list shows unfinished tasks only, oldest first, by tags and ids', async () => {
  const held = { call: 'hold', args: { key: 'c' } }
  const [one, two] = [
    await server.queue({ ...held, tags: ['list', 'one'] }),
    await server.queue({ ...held, tags: ['list', 'two'] }),
  ]
  await server.ended(await server.queue({ call: 'count.later', tags: ['list'] }))
  const ids = async (query: string) =>
    (await server.get(`tasks/?${query}`)).body.map((row: { task_id: string }) => row.task_id)
  assert.deepEqual(await ids('tag=list'), [one, two])
  assert.deepEqual(await ids('tag=list&tag=two'), [two])
  assert.deepEqual(await ids('tag=one&tag=two'), [])
  assert.deepEqual(await ids(`id=${two}&id=${one}`), [one, two])
  assert.deepEqual(await ids(`id=${one}&tag=two`), [])
  await server.open('c')
})

test('pages of the list link to each other until the last', async () => {
  const held = { call: 'hold', args: { key: 'd' }, tags: ['pages'] }
  const ids: string[] = []
  for (let index = 0; index < 5; index += 1) ids.push(await server.queue(held))
  let path = 'tasks/?tag=pages&limit=2'
  const seen: string[] = []
  for (;;) {
    const { body, headers } = await server.get(path)
    seen.push(...body.map((row: { task_id: string }) => row.task_id))
    const link = headers.get('link') ?? ''
    assert.match(link, /<[^>]*limit=2&skip=0>; rel="first"/)
    assert.match(link, /<[^>]*limit=2&skip=4>; rel="last"/)
    const next = /<([^>]+)>; rel="next"/.exec(link)?.[1]
    if (next === undefined) break
    path = next
  }
  assert.deepEqual(seen, ids)
  assert.deepEqual((await server.get('tasks/?tag=pages&limit=0')).body, [])
  assert.equal((await server.get('tasks/?tag=pages&skip=4')).body.length, 1)
  await server.open('d')
})

test('cancelling answers null, also again, and the task ends canceled', async () => {
  const taskId = await server.queue({ call: 'hold', args: { key: 'e' } })
  for (let times = 0; times < 2; times += 1) {
    const { status, body } = await server.request('DELETE', `tasks/${taskId}/`)
    assert.deepEqual([status, body], [200, null])
    assert.equal((await server.ended(taskId)).state, 'canceled')
  }
})

test('a running task that cannot be cancelled is a 501, and a waiting one can', async () => {
  const taskId = await server.queue({ call: 'hold.stubborn', args: { key: 'f' } })
  const behind = await server.queue({
    call: 'hold.stubborn',
    args: { key: 'f' },
    depends_on: [taskId],
  })
  await server.until(taskId, 'running')
  assertError(await server.request('DELETE', `tasks/${taskId}/`), 501, 'RCL0012')
  assert.equal((await server.request('DELETE', `tasks/${behind}/`)).status, 200)
  await server.open('f')
  assert.equal((await server.ended(taskId)).state, 'finished')
  assert.equal((await server.ended(behind)).state, 'canceled')
})

test('a dependency that ended otherwise than asked skips the task and says why', async () => {
  const first = await server.queue({ call: 'refuse', args: { status: 500 } })
  const second = await server.queue({ call: 'count', depends_on: [first] })
  const third = await server.queue({
    call: 'count',
    depends_on: [{ id: first, states: ['error', 'canceled'] }],
  })
  const skipped = await server.ended(second)
  assert.equal(skipped.state, 'skipped')
  assert.deepEqual(skipped.dependency_failures, {
    [first]: { expected: ['finished'], actual: 'error' },
  })
  assert.equal((await server.ended(third)).state, 'finished')
})

test('a purge deletes reports of the named states, and nothing that is unfinished', async () => {
  const finished = await server.queue({ call: 'count' })
  await server.ended(finished)
  const held = await server.queue({ call: 'hold', args: { key: 'g' } })
  const { status, body } = await server.request('DELETE', 'tasks/?state=finished&state=skipped')
  assert.deepEqual([status, body], [204, undefined])
  assertError(await server.get(`tasks/${finished}/`), 404, 'RCL0005')
  assert.equal((await server.get(`tasks/${held}/`)).status, 200)
  await server.open('g')
})

test('tags and resources given in a request add to those of the call, which conflict as one', async () => {
  const update = { resource_type: 'thing', resource_id: 'both', operation: 'update' }
  const holder = await server.queue({ call: 'hold', args: { key: 'h' }, resources: [update] })
  const { status, body } = await server.post('tasks/', {
    call: 'echo',
    args: { value: 1 },
    tags: ['mine'],
    resources: [{ ...update, operation: 'delete' }],
  })
  assert.equal(status, 202)
  const report = (await server.get(body.spawned_tasks[0]._href)).body
  assert.equal(report.response, 'postponed')
  assert.deepEqual(report.reasons, [update])
  assert.deepEqual(report.tags, ['echo', 'mine'])
  await server.open('h')
  await server.ended(holder)
  assert.equal((await server.ended(report.task_id)).result, 1)
})

test('an id in upper case names the same task, in paths, lists and dependencies', async () => {
  const taskId = await server.queue({ call: 'hold', args: { key: 'upper' } })
  const upper = taskId.toUpperCase()
  assert.equal((await server.request('GET', `tasks/${upper}/`)).status, 200)
  const listed = await server.request('GET', `tasks/?id=${upper}`)
  assert.deepEqual(
    listed.body.map((report: { task_id: string }) => report.task_id),
    [taskId],
  )
  const dependant = await server.queue({ call: 'count', depends_on: [upper] })
  const both = { call: 'count', depends_on: [upper, taskId] }
  assertError(await server.post('tasks/', both), 400, 'RCL0004')
  await server.open('upper')
  assert.equal((await server.ended(dependant)).state, 'finished')
})
