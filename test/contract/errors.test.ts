// CONTRACT §4: the table of statuses. Every refused request gets the whole error body and leaves nothing.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Answer, api, assertError, serverForFile } from './server.ts'

const server = await serverForFile()

const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
const task = (more: object) => ({ call: 'echo', args: { value: 1 }, ...more })
const use = (operation: string) => ({ resource_type: 'r', resource_id: '1', operation })
const unknown = '01890000-0000-7000-8000-000000000000'

const badTasks: [what: string, body: unknown, code?: string][] = [
  ['nothing', ''],
  ['half of an object', '{"call": '],
  ['two values', '{} {}'],
  ['a list', []],
  ['a text', '"echo"'],
  ['null', 'null'],
  ['no call', {}],
  ['a call that is a number', { call: 5 }],
  ['an unknown call', { call: 'no.such' }, 'RCL0002'],
  ['an empty name of a call', { call: '' }],
  ['an unknown field', task({ colour: 'red' })],
  ['arguments that are a list', { call: 'echo', args: [] }],
  ['arguments that are null', { call: 'echo', args: null }],
  ['arguments of a wrong type', { call: 'hold', args: { key: 5 } }],
  ['an argument too many', { call: 'hold', args: { key: 'a', colour: 'red' } }],
  ['an argument too few', { call: 'hold', args: {} }],
  ['no arguments for a call that has some', { call: 'hold' }],
  ['tags that are a text', task({ tags: 'a' })],
  ['a tag that is a number', task({ tags: [1] })],
  [
    'a resource without an operation',
    task({ resources: [{ resource_type: 'r', resource_id: '1' }] }),
  ],
  ['a resource with an unknown operation', task({ resources: [use('burn')] })],
  ['a resource with an empty id', task({ resources: [{ ...use('read'), resource_id: '' }] })],
  ['a resource with one more field', task({ resources: [{ ...use('read'), colour: 'red' }] })],
  ['a resource with two operations', task({ resources: [use('read'), use('update')] })],
  ['a priority that is a text', task({ priority: '5' })],
  ['a priority that is no integer', task({ priority: 1.5 })],
  ['a priority out of range', task({ priority: 1e9 })],
  ['a start that is no time', task({ start_after: 'tomorrow' })],
  ['a start that is a number', task({ start_after: 5 })],
  ['a dependency that does not exist', task({ depends_on: [unknown] }), 'RCL0004'],
  ['a dependency that is no id', task({ depends_on: ['me'] }), 'RCL0004'],
  [
    'a dependency on an unknown state',
    task({ depends_on: [{ id: unknown, states: ['running'] }] }),
  ],
  ['a local name outside a group', task({ id: 'me' })],
  ['__proto__', '{"call": "echo", "args": {"value": {"__proto__": {"a": 1}}}}'],
  ['deep nesting', `{"call": "echo", "args": {"value": ${deep(100)}}}`],
  ['very deep nesting', `{"call": "echo", "args": {"value": ${deep(100_000)}}}`],
  ['a number beyond all', '{"call": "echo", "args": {"value": 1e999}}'],
  ['half of a surrogate pair', '{"call": "echo", "args": {"value": "\\ud800"}}'],
]
for (const [what, body, code = 'RCL0001'] of badTasks) {
  test(`a task with ${what} is a 400`, async () => {
    assertError(await server.post('tasks/', body), 400, code)
  })
}

const badGroups: [what: string, body: unknown, code?: string][] = [
  ['no calls', {}],
  ['no call in it, and not open', { calls: [] }],
  ['an unknown call in it', { calls: [task({}), { call: 'no.such' }] }, 'RCL0002'],
  ['an unknown field in a call', { calls: [task({ colour: 'red' })] }],
  ['an unknown field', { calls: [task({})], colour: 'red' }],
  ['an unknown policy', { calls: [task({})], on_failure: 'explode' }],
  ['open as a text', { calls: [task({})], open: 'true' }],
  ['a task that depends on itself', { calls: [task({ id: 'a', depends_on: ['a'] })] }, 'RCL0004'],
  [
    'a cycle',
    { calls: [task({ id: 'a', depends_on: ['b'] }), task({ id: 'b', depends_on: ['a'] })] },
    'RCL0004',
  ],
  ['one name twice', { calls: [task({ id: 'a' }), task({ id: 'a' })] }, 'RCL0004'],
  ['an unknown name', { calls: [task({ id: 'a', depends_on: ['b'] })] }, 'RCL0004'],
]
for (const [what, body, code = 'RCL0001'] of badGroups) {
  test(`a group with ${what} is a 400`, async () => {
    assertError(await server.post('task_groups/', body), 400, code)
  })
}

const badQueries: [path: string, code?: string][] = [
  ['tasks/?colour=red'],
  ['tasks/?limit=-1'],
  ['tasks/?limit=1.5'],
  ['tasks/?limit='],
  ['tasks/?limit=1&limit=2'],
  ['tasks/?tag=%zz'],
  ['tasks/?tag=%ff'],
  ['tasks/?__proto__=1'],
  [`tasks/${unknown}/?colour=red`],
  ['tasks/search/?filters={'],
  ['tasks/search/?filters={"$no":1}', 'RCL0003'],
  ['tasks/search/?filters={"colour":1}', 'RCL0003'],
  ['tasks/search/?filters=[]', 'RCL0003'],
  ['tasks/search/?sort=[["state","up"]]', 'RCL0003'],
  ['tasks/search/?field=colour', 'RCL0003'],
  ['tasks/search/?limit=x'],
]
for (const [path, code = path.includes('={') ? 'RCL0003' : 'RCL0001'] of badQueries) {
  test(`GET ${path} is a 400`, async () => {
    const answer = await server.get(path)
    assertError(answer, 400, code)
    assert.equal(answer.body._href, `${api}/${path.split('?')[0]}`)
    assert.equal(answer.headers.get('etag'), null)
  })
}

test('a path that cannot be decoded is a 400', async () => {
  assertError(await server.get(`tasks/%zz/`), 400, 'RCL0001')
  assertError(await server.get(`/%c3%28`), 400, 'RCL0001')
})

const missing: [method: string, path: string][] = [
  ['GET', '/'],
  ['GET', '/pulp/api/'],
  ['GET', '/pulp/api/v1/tasks/'],
  ['GET', 'nothing/'],
  ['POST', 'nothing/'],
  ['GET', `tasks/${unknown}/`],
  ['DELETE', `tasks/${unknown}/`],
  ['GET', 'tasks/5/'],
  ['GET', `tasks/${'x'.repeat(5_000)}/`],
  ['GET', 'tasks/%00/'],
  ['DELETE', "tasks/'; DROP TABLE tasks; --/"],
  ['GET', `task_groups/${unknown}/`],
  ['GET', `task_groups/${unknown}/state_summary/`],
  ['DELETE', `task_groups/${unknown}/`],
  ['DELETE', 'task_groups/x/'],
  ['POST', `task_groups/${unknown}/actions/close/`],
  ['POST', `task_groups/${unknown}/actions/explode/`],
  ['GET', '/metrics'],
  ['GET', '/docs/'],
  ['GET', 'machines/lamp/'],
  ['GET', `tasks/${unknown}/events/`],
  ['GET', `task_groups/${unknown}/events/`],
]
for (const [method, path] of missing) {
  test(`${method} ${path.slice(0, 60)} is a 404`, async () => {
    assertError(await server.request(method, path), 404, 'RCL0005')
  })
}

test('adding to a group that does not exist is a 404', async () => {
  const answer = await server.post(`task_groups/${unknown}/tasks/`, { calls: [task({})] })
  assertError(answer, 404, 'RCL0005')
})

const wrongMethods: [method: string, path: string, allow: string][] = [
  ['PUT', 'tasks/', 'GET, HEAD, POST, DELETE'],
  ['PATCH', 'tasks', 'GET, HEAD, POST, DELETE'],
  ['POST', `tasks/${unknown}/`, 'GET, HEAD, DELETE'],
  ['DELETE', 'tasks/search/', 'GET, HEAD, POST'],
  ['DELETE', 'task_groups/', 'GET, HEAD, POST'],
  ['POST', `task_groups/${unknown}/`, 'GET, HEAD, DELETE'],
  ['GET', `task_groups/${unknown}/tasks/`, 'POST'],
  ['GET', `task_groups/${unknown}/actions/close/`, 'POST'],
  ['OPTIONS', `task_groups/${unknown}/state-summary/`, 'GET, HEAD'],
  ['POST', 'calls/', 'GET, HEAD'],
  ['POST', '/healthz', 'GET, HEAD'],
  ['DELETE', '/openapi.json', 'GET, HEAD'],
]
for (const [method, path, allow] of wrongMethods) {
  test(`${method} ${path} is a 405 that allows ${allow}`, async () => {
    const answer = await server.request(method, path)
    assertError(answer, 405, 'RCL0006')
    const methods = (text: string | null) => (text ?? '').split(', ').sort()
    assert.deepEqual(methods(answer.headers.get('allow')), methods(allow))
  })
}

test('a method that the path has not is a 405 whatever its body', async () => {
  const answer = await server.request('PUT', 'tasks/', {
    body: '{',
    headers: { 'content-type': 'x' },
  })
  assertError(answer, 405, 'RCL0006')
})

const contentTypes = [
  'text/plain',
  'application/x-www-form-urlencoded',
  'application/jsonp',
  'x',
  '',
]
for (const type of contentTypes) {
  test(`a body of the type ${JSON.stringify(type)} is a 415`, async () => {
    const headers = { 'content-type': type }
    const answer = await server.request('POST', 'tasks/', { body: task({}), headers })
    assertError(answer, 415, 'RCL0008')
  })
}

for (const type of [
  'application/json',
  'application/json; charset=utf-8',
  'APPLICATION/JSON',
  'application/vnd.api+json',
]) {
  test(`a body of the type ${type} is JSON`, async () => {
    const headers = { 'content-type': type }
    const answer: Answer = await server.request('POST', 'tasks/search/', {
      body: { criteria: {} },
      headers,
    })
    assert.equal(answer.status, 200)
  })
}

for (const type of ['application/json', 'text/plain', 'nonsense']) {
  test(`an empty body of the type ${type} is no body`, async () => {
    const headers = { 'content-type': type }
    const path = `task_groups/${unknown}/actions/close/`
    assertError(await server.request('POST', path, { headers }), 404, 'RCL0005')
    assertError(await server.request('POST', path, { body: '', headers }), 404, 'RCL0005')
  })
}

test('a task of more than a mebibyte is a 413', async () => {
  const answer = await server.post('tasks/', task({ args: { value: 'x'.repeat(1024 * 1024) } }))
  assertError(answer, 413, 'RCL0007')
})

test('a group may be larger, up to 32 mebibytes', async () => {
  const calls = [{ call: 'no.such', args: { value: 'x'.repeat(2 * 1024 * 1024) } }]
  assertError(await server.post('task_groups/', { calls }), 400, 'RCL0002')
  const answer = await server.post('task_groups/', { calls: 'x'.repeat(33 * 1024 * 1024) })
  assertError(answer, 413, 'RCL0007')
})

test('a body that is not UTF-8 is a 400', async () => {
  const response = await fetch(`${server.base}${api}/tasks/`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: Buffer.from([0x22, 0xff, 0x22]),
  })
  assert.equal(response.status, 400)
})

test('a purge without a state is a 403, and of another state a 400', async () => {
  assertError(await server.request('DELETE', 'tasks/'), 403, 'RCL0013')
  for (const query of ['state=running', 'state=finished&state=waiting', 'state=', 'state=x']) {
    assertError(await server.request('DELETE', `tasks/?${query}`), 400, 'RCL0001')
  }
})

for (const key of ['', ' ', 'ä', 'x'.repeat(256)]) {
  test(`the idempotency key ${JSON.stringify(key.slice(0, 9))} is a 400`, async () => {
    const headers = { 'idempotency-key': Buffer.from(key).toString('latin1') }
    assertError(await server.request('POST', 'tasks/', { body: task({}), headers }), 400, 'RCL0001')
  })
}

test('all of these left nothing behind', async () => {
  const { body } = await server.post('tasks/search/', { criteria: {} })
  assert.deepEqual(body, [])
})
