// CONTRACT §4: what lies outside the mount, the list of calls, and requests that are no HTTP.
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { api, ERROR_KEYS, serverForFile } from './server.ts'

const server = await serverForFile()

test('it lives and is ready', async () => {
  assert.deepEqual((await server.get('/healthz')).body, { status: 'ok' })
  assert.deepEqual((await server.get('/readyz')).body, { status: 'ready' })
})

test('the calls are listed with the schema of their arguments', async () => {
  const { body } = await server.get('calls/')
  const echo = body.find((call: { name: string }) => call.name === 'echo')
  assert.deepEqual(echo, {
    name: 'echo',
    description: 'Gives back what it was given.',
    execution: 'sync',
    cancellable: true,
    on_interrupted: 'rerun',
    timeout_ms: null,
    retry: null,
    args: {
      type: 'object',
      required: ['value'],
      properties: { value: {} },
      additionalProperties: false,
    },
  })
})

test('the OpenAPI document has every path once, with answers and what is refused', async () => {
  const { body } = await server.get('/openapi.json')
  assert.match(body.openapi, /^3\./)
  const paths: [string, Record<string, { responses: object; requestBody?: object }>][] =
    Object.entries(body.paths)
  assert.deepEqual(
    paths.map(([path]) => path).sort(),
    [
      '/healthz',
      '/readyz',
      ...[
        'calls/',
        'events/',
        'machines/',
        'machines/{name}/',
        'task_groups/',
        'task_groups/{group_id}/',
        'task_groups/{group_id}/actions/close/',
        'task_groups/{group_id}/actions/resume/',
        'task_groups/{group_id}/actions/suspend/',
        'task_groups/{group_id}/events/',
        'task_groups/{group_id}/state-summary/',
        'task_groups/{group_id}/state_summary/',
        'task_groups/{group_id}/tasks/',
        'tasks/',
        'tasks/search/',
        'tasks/{task_id}/',
        'tasks/{task_id}/events/',
      ].map(path => `${api}/${path}`),
    ].sort(),
  )
  for (const [path, methods] of paths) {
    for (const [method, { responses, requestBody }] of Object.entries(methods)) {
      assert.ok('4XX' in responses && '5XX' in responses, `${method} ${path}`)
      assert.equal(requestBody !== undefined, method === 'post', `${method} ${path}`)
    }
  }
})

async function raw(bytes: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const { hostname, port } = new URL(server.base)
  const socket = connect(Number(port), hostname)
  socket.end(bytes)
  const answer = await text(socket)
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  return { status: Number(head.split(' ')[1]), body: JSON.parse(body) }
}

const noHttp: [what: string, bytes: string, status: number][] = [
  ['garbage', 'garbage\r\n\r\n', 400],
  ['an unknown method', 'BREW /coffee HTTP/1.1\r\nHost: x\r\n\r\n', 400],
  ['a header without an end', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  [
    'two lengths',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    400,
  ],
]
for (const [what, bytes, status] of noHttp) {
  test(`${what} is a ${status} in the standard body`, async () => {
    const answer = await raw(bytes)
    assert.equal(answer.status, status)
    assert.deepEqual(Object.keys(answer.body), ERROR_KEYS)
    assert.equal(answer.body.http_status, status)
  })
}

test('a body in chunks that are empty is no body', async () => {
  const chunked = `Host: x\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked`
  const { status } = await raw(`POST ${api}/tasks/ HTTP/1.1\r\n${chunked}\r\n\r\n0\r\n\r\n`)
  assert.equal(status, 400)
})

const typedNothing: [request: string, status: number][] = [
  [`POST ${api}/tasks/`, 400],
  [`DELETE ${api}/tasks/`, 403],
  [`GET ${api}/tasks/`, 200],
  ['POST /nowhere', 404],
  ['POST /healthz', 405],
  ['POST /inspect/', 405],
]
for (const [request, status] of typedNothing) {
  test(`${request} that names a type and says nothing of a body is a ${status}`, async () => {
    const typed = 'Host: x\r\nConnection: close\r\nContent-Type: application/json'
    assert.equal((await raw(`${request} HTTP/1.1\r\n${typed}\r\n\r\n`)).status, status)
  })
}
