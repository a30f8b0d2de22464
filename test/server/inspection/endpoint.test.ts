// The endpoint in Stately's inspection protocol, with the stock receiver and with less friendly ones.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import websocket from '@fastify/websocket'
import { createWebSocketReceiver, type StatelyInspectionEvent } from '@statelyai/inspect'
import Fastify, { type FastifyInstance } from 'fastify'
import { CallError, defineCall, memoryStore, rollcall, Type } from '../../../server/index.ts'
import { type InspectionOptions, inspectionRoutes } from '../../../server/inspection/endpoint.ts'

const args = Type.Object({ value: Type.Unknown(), password: Type.Optional(Type.String()) })
const echo = defineCall({ name: 'echo', args, run: ({ value }) => value })
const count = defineCall({
  name: 'count',
  run: async (_args, { progress }) => {
    progress({ counted: 'so much' })
  },
})
const refuse = defineCall({
  name: 'refuse',
  run: () => {
    throw new CallError('APP0001', 'because of hunter2', { data: { why: 'hunter2' } })
  },
})
const hold = defineCall({
  name: 'hold',
  run: (_args, { signal }) =>
    new Promise<void>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
    }),
})

interface Running {
  app: FastifyInstance
  /** Of the endpoint. */
  url: string
}

async function serving(
  t: TestContext,
  options: Partial<InspectionOptions> = {},
  prepare: (app: FastifyInstance) => void = () => {},
): Promise<Running> {
  const app = Fastify()
  t.after(() => app.close())
  prepare(app)
  await app.register(rollcall, {
    calls: [echo, count, refuse, hold],
    store: memoryStore(),
    wholeApp: true,
    inspector: false,
  })
  const closing = new AbortController()
  app.addHook('preClose', async () => closing.abort())
  const parts = { rollcall: app.rollcall.core, closing: closing.signal, ...options }
  await app.register(async child => inspectionRoutes(child, parts))
  await app.listen({ port: 0 })
  return { app, url: `ws://127.0.0.1:${(app.server.address() as AddressInfo).port}/inspect/ws` }
}

class Received {
  readonly events: StatelyInspectionEvent[] = []
  #watchers: (() => void)[] = []

  take(event: StatelyInspectionEvent): void {
    this.events.push(event)
    for (const watcher of this.#watchers.splice(0)) watcher()
  }

  /** Waits until one of the messages is such. */
  async until<T extends StatelyInspectionEvent>(
    isWanted: (event: StatelyInspectionEvent) => event is T,
  ): Promise<T> {
    for (;;) {
      const found = this.events.find(isWanted)
      if (found !== undefined) return found
      await new Promise<void>(resolve => this.#watchers.push(resolve))
    }
  }

  /** Waits until this actor is done. */
  done(sessionId: string) {
    return this.until(
      (event): event is Extract<StatelyInspectionEvent, { type: '@xstate.snapshot' }> =>
        event.type === '@xstate.snapshot' &&
        event.sessionId === sessionId &&
        event.snapshot.status === 'done',
    )
  }

  actor(sessionId: string) {
    return this.until(
      (event): event is Extract<StatelyInspectionEvent, { type: '@xstate.actor' }> =>
        event.type === '@xstate.actor' && event.sessionId === sessionId,
    )
  }
}

/** What a stock receiver receives. */
function receiving(server: string): Received {
  const received = new Received()
  createWebSocketReceiver({ server }).subscribe(event => received.take(event))
  return received
}

test('a stock receiver shows a group and its tasks as actors with their messages', async t => {
  const { app, url } = await serving(t)
  const held = await app.rollcall.submit(hold, {})
  const received = receiving(url)
  await received.actor(held.taskId)
  const { groupId, taskIds } = await app.rollcall.submitGroup({
    calls: [{ call: echo, args: { value: 1 } }, { call: refuse }],
  })
  await received.done(groupId)

  const [first = '', second = ''] = taskIds
  const group = await received.actor(groupId)
  assert.deepEqual([group.parentId, group.rootId], [undefined, groupId])
  assert.equal(JSON.parse(group.definition ?? '').id, 'group')
  const task = await received.actor(first)
  assert.deepEqual([task.parentId, task.rootId], [groupId, groupId])
  assert.match(task.name, /^echo [0-9a-f]{8}$/)
  assert.equal(JSON.parse(task.definition ?? '').initial, 'waiting')
  assert.equal((await received.done(second)).snapshot.status, 'done')

  const messages = received.events.flatMap(event =>
    event.type === '@xstate.event' && event.sessionId === groupId
      ? [[event.sourceId, event.event.type, event.event.to]]
      : [],
  )
  assert.deepEqual(
    messages.toSorted(),
    [
      [first, 'group.moved', 'running'],
      [first, 'group.moved', 'finished'],
      [second, 'group.moved', 'running'],
      [second, 'group.moved', 'error'],
    ].toSorted(),
  )
  const values = received.events.flatMap(event =>
    event.type === '@xstate.snapshot' && event.sessionId === first
      ? [(event.snapshot as { value?: unknown }).value]
      : [],
  )
  assert.deepEqual(values, [{ running: 'executing' }, 'finished'])
  for (const { id, createdAt, _version } of received.events) {
    assert.deepEqual([typeof id, typeof createdAt, _version], ['string', 'string', '0.7.2'])
    assert.ok(Math.abs(Number(createdAt) - Date.now()) < 60_000)
  }
})

test('a receiver is told of those that there are, and of one group when it asks for that', async t => {
  const { app, url } = await serving(t)
  const lone = await app.rollcall.submit(hold, {})
  const { groupId, taskIds } = await app.rollcall.submitGroup({
    calls: [{ call: hold }, { call: hold }],
  })
  const everything = receiving(url)
  for (const id of [lone.taskId, groupId, ...taskIds]) await everything.actor(id)
  const one = receiving(`${url}?group=${groupId}`)
  for (const id of [groupId, ...taskIds]) await one.actor(id)
  await app.rollcall.cancel(lone.taskId)
  await app.rollcall.cancelGroup(groupId)
  await one.done(groupId)
  assert.ok(one.events.every(({ sessionId }) => sessionId !== lone.taskId))
})

test('nothing of what calls are given, give and say is shown', async t => {
  const { app, url } = await serving(t)
  const received = receiving(`${url}`)
  const held = await app.rollcall.submit(hold, {})
  await received.actor(held.taskId)
  for (const [call, given] of [
    [echo, { value: 'hunter2' }],
    [count, {}],
    [refuse, {}],
  ] as const) {
    const { taskId } = await app.rollcall.submit(call as typeof echo, given as { value: unknown })
    await received.done(taskId)
  }
  const text = JSON.stringify(received.events)
  for (const word of ['hunter2', 'so much', 'counted']) assert.ok(!text.includes(word), word)
  assert.ok(text.includes('APP0001'))
})

test('an operator may have contents shown, but no secrets, and nothing long', async t => {
  const { app, url } = await serving(t, { withContents: true })
  const held = await app.rollcall.submit(hold, {})
  const received = receiving(url)
  await received.actor(held.taskId)
  const value = { short: 'seen', long: 'x'.repeat(10_000), api_key: 'hunter2' }
  const short = await app.rollcall.submit(echo, { value: value.short, password: 'hunter2' })
  await received.done(short.taskId)
  const long = await app.rollcall.submit(echo, { value })
  const { context } = (await received.done(long.taskId)).snapshot as { context?: { args: unknown } }
  assert.match(String(context?.args), /^… \(\d+ characters\)$/)
  const text = JSON.stringify(received.events)
  assert.ok(text.includes('seen'))
  assert.ok(!text.includes('hunter2'))
})

/** The status with which a request for a WebSocket is answered; 101 when it gets one. */
async function answered(url: string, headers: Record<string, string> = {}): Promise<number> {
  const request = get(url.replace('ws:', 'http:'), {
    headers: {
      connection: 'upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
      ...headers,
    },
  })
  const upgraded = once(request, 'upgrade')
  const refused = once(request, 'response')
  const [{ statusCode }, socket] = await Promise.race([upgraded, refused])
  socket?.destroy()
  request.destroy()
  return statusCode
}

test('pages of other sites are refused, and programs and pages of this machine are not', async t => {
  const { url } = await serving(t)
  const { host } = new URL(url)
  assert.equal(await answered(url), 101)
  for (const origin of [`http://${host}`, 'http://localhost:5173', 'http://[::1]:3000']) {
    assert.equal(await answered(url, { origin }), 101, origin)
  }
  assert.equal(await answered(url, { origin: 'https://own.example', host: 'own.example' }), 101)
  for (const origin of [
    'https://stately.ai',
    'http://localhost.evil.example',
    'http://127.0.0.1.evil.example',
    'null',
    'nonsense',
  ]) {
    assert.equal(await answered(url, { origin }), 403, origin)
  }
})

test('what names nothing, or is no WebSocket, has no inspector', async t => {
  const { app, url } = await serving(t)
  const nobody = '00000000-0000-7000-8000-000000000000'
  assert.equal(await answered(`${url}?group=${nobody}`), 404)
  assert.equal(await answered(`${url}?task=${nobody}`), 404)
  assert.equal(await answered(`${url}?group=x`), 400)
  assert.equal(await answered(`${url}?colour=red`), 400)
  assert.equal((await app.inject('/inspect/ws')).statusCode, 404)
  assert.equal(app.rollcall.core.feed.readers, 0)
})

/** A request for a WebSocket, as it goes over a bare socket. */
function handshake(url: string): string {
  const lines = [
    'GET /inspect/ws HTTP/1.1',
    `host: ${new URL(url).host}`,
    'upgrade: websocket',
    'connection: upgrade',
    'sec-websocket-version: 13',
    'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==',
  ]
  return `${lines.join('\r\n')}\r\n\r\n`
}

test('a receiver that does not read holds nobody up, and is dropped', async t => {
  const { app, url } = await serving(t, { pingMs: 500 })
  const { port } = new URL(url)
  const socket = connect(Number(port), '127.0.0.1')
  t.after(() => socket.destroy())
  socket.write(handshake(url))
  await once(socket, 'readable')
  const { groupId } = await app.rollcall.submitGroup({
    calls: Array.from({ length: 2_000 }, () => ({ call: echo, args: { value: 1 } })),
  })
  const other = receiving(`${url}?group=${groupId}`)
  await other.done(groupId)
  assert.equal((await app.rollcall.summary(groupId)).finished, 2_000)
  const gone = once(socket, 'close')
  socket.resume()
  await gone
})

test('what an inspector sends is not read, and much of it ends the connection', async t => {
  const { app, url } = await serving(t)
  const held = await app.rollcall.submit(hold, {})
  const socket = new WebSocket(url)
  await once(socket, 'message')
  socket.send(JSON.stringify({ type: 'task.cancel', sessionId: held.taskId }))
  socket.send('x'.repeat(2_000))
  const [{ code }] = await once(socket, 'close')
  assert.equal(code, 1009)
  assert.equal((await app.rollcall.report(held.taskId)).state, 'running')
})

test('open inspectors are told that the server goes, which closes without waiting for them', async t => {
  const { app, url } = await serving(t)
  const socket = new WebSocket(url)
  await once(socket, 'open')
  const closed = once(socket, 'close')
  await app.close()
  assert.ok([1001, 1005].includes((await closed)[0].code))
})

test('an inspector that does not answer the farewell is cut off', async t => {
  const { app, url } = await serving(t)
  const { port } = new URL(url)
  const socket = connect(Number(port), '127.0.0.1')
  t.after(() => socket.destroy())
  socket.write(handshake(url))
  socket.resume()
  await once(socket, 'data')
  await app.close()
  if (!socket.closed) await once(socket, 'close')
})

test('an app that takes WebSockets of its own goes on doing so', async t => {
  const { url } = await serving(t, {}, app => {
    app.register(websocket)
    app.register(async child => {
      child.get('/own', { websocket: true }, socket => socket.send('mine'))
    })
  })
  const own = new WebSocket(url.replace('/inspect/ws', '/own'))
  assert.equal((await once(own, 'message'))[0].data, 'mine')
  own.close()
  const inspector = new WebSocket(url)
  await once(inspector, 'open')
  inspector.close()
})

test('a request that would like another protocol is answered in this one', async t => {
  const { url } = await serving(t)
  const headers = { connection: 'upgrade', upgrade: 'h2c' }
  const request = get(url.replace('ws:', 'http:').replace('/inspect/ws', '/healthz'), { headers })
  const [response] = await once(request, 'response')
  assert.equal(response.statusCode, 200)
  response.resume()
})
