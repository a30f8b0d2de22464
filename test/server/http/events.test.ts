// The live streams over real connections: what they say, what they resume from, and whom they may not harm.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { cp } from 'node:fs/promises'
import { get } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import {
  createEngine,
  defineCall,
  memoryStore,
  rollcall,
  type Store,
  sqliteStore,
} from '../../../server/index.ts'
import { VirtualClock } from '../../../server/testing/virtual-clock.ts'
import { startServer } from '../../contract/server.ts'
import { type EventStream, type Frame, openStream } from '../../support/event-stream.ts'
import { temporaryFolder } from '../../support/temp.ts'

const nothing = defineCall({ name: 'nothing', run: () => null })
const hold = defineCall({
  name: 'hold',
  run: (_args, { signal }) =>
    new Promise<void>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
    }),
})
const count = defineCall({
  name: 'count',
  run: async (_args, { progress }) => {
    progress({ counted: 3 })
  },
})

interface Running {
  app: FastifyInstance
  url: string
  streamOf(path: string, lastId?: string): Promise<EventStream>
}

async function serving(t: TestContext, store: Store = memoryStore()): Promise<Running> {
  const app = Fastify()
  await app.register(rollcall, {
    calls: [nothing, hold, count],
    store,
    concurrency: 10,
    wholeApp: true,
  })
  await app.listen({ port: 0 })
  t.after(() => app.close())
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/pulp/api/v2/`
  return { app, url, streamOf: (path, lastId) => openStream(t, url + path, lastId) }
}

const stored = (frames: readonly Frame[]) =>
  frames.flatMap(({ data }) => ('event_id' in data ? [data.event_id] : []))

async function groupOf(app: FastifyInstance, size: number): Promise<string> {
  const calls = Array.from({ length: size }, () => ({ call: nothing }))
  return (await app.rollcall.submitGroup({ calls })).groupId
}

test('a stream is an event stream that nothing on the way may keep or collect', async t => {
  const { streamOf } = await serving(t)
  const { response } = await streamOf('events/')
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  assert.equal(response.headers.get('cache-control'), 'no-store')
  assert.equal(response.headers.get('x-accel-buffering'), 'no')
})

test('every event has its number, its time, its task or group and the state that it led to', async t => {
  const { app, streamOf } = await serving(t)
  const { groupId, taskIds } = await app.rollcall.submitGroup({ calls: [{ call: nothing }] })
  const stream = await streamOf(`task_groups/${groupId}/events/`, '0')
  const frames = await stream.until('group.settled')
  const start = frames.find(({ data }) => data.type === 'task.start') as Frame
  const { time, at_ms, data, ...rest } = start.data
  assert.deepEqual(rest, {
    event_id: rest.event_id,
    type: 'task.start',
    task_id: taskIds[0],
    task_group_id: groupId,
    attempt: 1,
    value: 'running.executing',
  })
  assert.equal(start.event, 'task')
  assert.equal(start.lastId, `${rest.event_id}.${at_ms}`)
  assert.equal(time, `${new Date(at_ms).toISOString().slice(0, 19)}Z`)
  assert.equal(typeof data.worker, 'string')
  const settled = frames.at(-1) as Frame
  assert.deepEqual([settled.event, settled.data.task_id], ['group', null])
})

test('a group says its counts and a task its progress, with no place in the history', async t => {
  const { app, streamOf } = await serving(t)
  const stream = await streamOf('events/')
  const { groupId, taskIds } = await app.rollcall.submitGroup({
    calls: [{ call: hold }],
    open: true,
  })
  const changed = (await stream.until('group.changed')).at(-1) as Frame
  assert.equal(changed.data.task_group_id, groupId)
  assert.equal(changed.data.state_summary.total, 1)
  assert.equal('event_id' in changed.data, false)
  assert.ok(stream.lastId.startsWith(`${stored([changed])[0] ?? ''}`))

  const ofTask = await streamOf(`tasks/${taskIds[0]}/events/`)
  const { data } = (await ofTask.until('task.changed')).at(-1) as Frame
  assert.deepEqual([data.state, data.attempt, data.progress], ['running', 1, {}])
})

test('a client that has seen nothing yet comes back to where it was', async t => {
  const { app, streamOf } = await serving(t)
  await groupOf(app, 1)
  const stream = await streamOf('events/')
  const held = await app.rollcall.submitGroup({ calls: [{ call: hold }] })
  await stream.until('task.start')
  stream.cut()

  const quiet = await streamOf(`task_groups/${held.groupId}/events/`)
  await quiet.until('group.changed')
  assert.match(quiet.lastId, /^\d+\.\d+$/)
  quiet.cut()
  await app.rollcall.cancelGroup(held.groupId)
  const back = await streamOf(`task_groups/${held.groupId}/events/`, quiet.lastId)
  assert.equal((await back.next()).data.type, 'group.cancel')
})

test('a query stands in for the header, and the header counts when there are both', async t => {
  const { app, streamOf } = await serving(t)
  const groupId = await groupOf(app, 2)
  const path = `task_groups/${groupId}/events/`
  const whole = stored(await (await streamOf(path, '0')).until('group.settled'))
  const third = whole[2]
  const byQuery = await streamOf(`${path}?after=${third}`)
  assert.deepEqual(stored(await byQuery.until('group.settled')), whole.slice(3))
  const byBoth = await streamOf(`${path}?after=0`, String(third))
  assert.deepEqual(stored(await byBoth.until('group.settled')), whole.slice(3))
})

test('a stream resumes where it was when the server was killed', async t => {
  const data = join(await temporaryFolder(t), 'data')
  const first = await startServer(data)
  t.after(() => first.end('SIGKILL'))
  const call = { call: 'echo', args: { value: 1 } }
  const path = '/pulp/api/v2/events/'
  const before = await openStream(t, first.base + path)
  await first.group({ calls: [call, call, call] })
  const seen = [await before.next(), await before.next(), await before.next()]
  before.cut()
  await first.end('SIGKILL')

  const second = await startServer(data)
  t.after(() => second.end('SIGKILL'))
  const after = await openStream(t, second.base + path, before.lastId)
  const rest = await after.until('group.settled')
  const all = await (await openStream(t, second.base + path, '0')).until('group.settled')
  assert.deepEqual([...stored(seen), ...stored(rest)], stored(all))
})

test('a store that was put back to an earlier time is told to those who know more', async t => {
  const folder = await temporaryFolder(t)
  const [data, backup] = [join(folder, 'data'), join(folder, 'backup')]
  const write = async (at: string, groups: number) => {
    const engine = createEngine({ calls: [nothing], store: sqliteStore(at) })
    for (let index = 0; index < groups; index += 1) {
      const task = await engine.submit(nothing, {})
      await task.result()
    }
    await engine.close()
  }
  await write(data, 1)
  await cp(data, backup, { recursive: true })
  await write(data, 2)
  const before = await serving(t, sqliteStore(data))
  const stream = await before.streamOf('events/', '0')
  while (stored([await stream.next()])[0] < 8) {}
  stream.cut()
  await before.app.close()

  for (const later of [0, 9]) {
    await write(backup, later)
    const { app, streamOf } = await serving(t, sqliteStore(backup))
    const { event, data } = await (await streamOf('events/', stream.lastId)).next()
    assert.deepEqual(
      [event, data.type, `${data.after}`],
      ['gap', 'gap', stream.lastId.split('.')[0]],
    )
    await app.close()
  }
})

test('a store in memory that began anew is told to those who know the one before', async t => {
  const first = await serving(t)
  await groupOf(first.app, 3)
  const stream = await first.streamOf('events/', '0')
  await stream.until('group.settled')
  const second = await serving(t)
  await groupOf(second.app, 30)
  const again = await second.streamOf('events/', stream.lastId)
  assert.equal((await again.next()).event, 'gap')
})

test('a client that comes back a thousand times is given each event exactly once', async t => {
  const { app, url, streamOf } = await serving(t)
  const groupId = await groupOf(app, 400)
  const path = `task_groups/${groupId}/events/`
  const seen: number[] = []
  let lastId = '0'
  for (let times = 0; times < 1_000; times += 1) {
    const client = await rawClient(t, new URL(path, url), lastId)
    const [, id = '', eventId] = await client.until(/^id: (.*)\nevent.*\ndata: {"event_id":(\d+)/m)
    client.socket.destroy()
    seen.push(Number(eventId))
    lastId = id
  }
  seen.push(...stored(await (await streamOf(path, lastId)).until('group.settled')))
  const whole = await (await streamOf(path, '0')).until('group.settled')
  assert.deepEqual(seen, stored(whole))
})

test('a thousand clients are told the same', async t => {
  const { app, url, streamOf } = await serving(t)
  const { groupId } = await app.rollcall.submitGroup({ calls: [], open: true })
  const path = `task_groups/${groupId}/events/`
  const clients = await Promise.all(
    Array.from({ length: 1_000 }, () => rawClient(t, new URL(path, url))),
  )
  await app.rollcall.addToGroup(
    groupId,
    Array.from({ length: 50 }, () => ({ call: nothing })),
  )
  await app.rollcall.changeGroup(groupId, 'close')
  const whole = await (await streamOf(path, '0')).until('group.settled')
  const texts = await Promise.all(clients.map(client => client.until(/^.*"group.settled"/s)))
  const expected = stored(whole).filter(eventId => eventId > 1)
  for (const [text] of texts) {
    assert.deepEqual(
      [...text.matchAll(/"event_id":(\d+)/g)].map(([, eventId]) => Number(eventId)),
      expected,
    )
  }
})

interface RawClient {
  socket: Socket
  /** Reads up to something, and gives the match. */
  until(text: RegExp): Promise<RegExpExecArray>
}

/** A client that is a bare socket. */
async function rawClient(t: TestContext, url: URL, lastId?: string): Promise<RawClient> {
  const socket = connect(Number(url.port), url.hostname)
  t.after(() => socket.destroy())
  const header = lastId === undefined ? '' : `last-event-id: ${lastId}\r\n`
  socket.write(`GET ${url.pathname} HTTP/1.1\r\nhost: ${url.host}\r\n${header}\r\n`)
  await once(socket, 'readable')
  return {
    socket,
    async until(text) {
      let read = ''
      for await (const chunk of socket.setEncoding('utf8')) {
        read += chunk
        const match = text.exec(read)
        if (match !== null) return match
      }
      throw new Error('the stream has ended')
    },
  }
}

test('clients that never read cost a bounded amount of memory and hold nobody up', async t => {
  const { app, url } = await serving(t)
  const { groupId } = await app.rollcall.submitGroup({ calls: [], open: true })
  for (let index = 0; index < 20; index += 1) {
    await rawClient(t, new URL(`task_groups/${groupId}/events/`, url))
  }
  const size = 5_000
  const settled = new Promise<void>(resolve => {
    app.rollcall.subscribe(({ groups }) => {
      if (groups.get(groupId)?.value === 'settled') resolve()
    })
  })
  await app.rollcall.addToGroup(
    groupId,
    Array.from({ length: size }, () => ({ call: nothing })),
  )
  await app.rollcall.changeGroup(groupId, 'close')
  await settled
  assert.equal((await app.rollcall.summary(groupId)).finished, size)
  assert.equal(app.rollcall.core.feed.readers, 20)
})

test('HEAD gives the head alone, and another method is refused', async t => {
  const { app, url } = await serving(t)
  const groupId = await groupOf(app, 1)
  for (const path of ['events/', `task_groups/${groupId}/events/`]) {
    const head = await fetch(url + path, { method: 'HEAD' })
    assert.equal(head.status, 200)
    assert.equal(head.headers.get('content-type'), 'text/event-stream; charset=utf-8')
    const post = await fetch(url + path, { method: 'POST' })
    assert.deepEqual([post.status, post.headers.get('allow')], [405, 'GET, HEAD'])
  }
  assert.equal(app.rollcall.core.feed.readers, 0)
})

test('what names nothing has no stream, and what is no place is refused', async t => {
  const { url } = await serving(t)
  const nobody = '00000000-0000-7000-8000-000000000000'
  for (const path of [`tasks/${nobody}/events/`, `task_groups/${nobody}/events/`]) {
    assert.equal((await fetch(url + path)).status, 404)
    assert.equal((await fetch(url + path, { method: 'HEAD' })).status, 404)
  }
  for (const id of ['x', '-1', '1.2.3', '1.', '9'.repeat(16)]) {
    const { status } = await fetch(`${url}events/`, { headers: { 'last-event-id': id } })
    assert.equal(status, 400, id)
  }
  assert.equal((await fetch(`${url}events/?after=x`)).status, 400)
  assert.equal((await fetch(`${url}events/?since=1`)).status, 400)
})

test('a client that takes no event stream is told at once that there is nothing else', async t => {
  const { url } = await serving(t)
  const status = async (accept: string) => {
    const request = get(`${url}events/`, { headers: { accept }, agent: false })
    const [response] = await once(request, 'response')
    request.destroy()
    return response.statusCode
  }
  for (const accept of ['application/json', 'text/html, image/*', 'text/event-stream;q=0']) {
    assert.equal(await status(accept), 406, accept)
  }
  for (const accept of ['*/*', 'text/*', 'application/json, text/event-stream;q=0.1']) {
    assert.equal(await status(accept), 200, accept)
  }
})

test('a client that goes away is forgotten', async t => {
  const { app, streamOf } = await serving(t)
  const { feed } = app.rollcall.core
  const streams = await Promise.all([streamOf('events/'), streamOf('events/')])
  assert.equal(feed.readers, 2)
  for (const stream of streams) stream.cut()
  while (feed.readers > 0) await new Promise<void>(resolve => setImmediate(resolve))
})

test('a stream of a task that is deleted says so and ends', async t => {
  const { app, streamOf } = await serving(t)
  const { groupId, taskIds } = await app.rollcall.submitGroup({ calls: [{ call: nothing }] })
  await (await streamOf(`task_groups/${groupId}/events/`, '0')).until('group.settled')
  const stream = await streamOf(`tasks/${taskIds[0]}/events/`)
  await stream.until('task.changed')
  await app.rollcall.core.purge(['finished'])
  assert.equal((await stream.next()).data.type, 'task.deleted')
  await assert.rejects(stream.next(), /the stream has ended/)
})

test('whoever reads everything is told that histories were deleted, also when it comes back', async t => {
  const { app, streamOf } = await serving(t)
  const task = await app.rollcall.submit(nothing, {})
  await task.result()
  const [live, ofTask] = [
    await streamOf('events/', '0'),
    await streamOf(`tasks/${task.taskId}/events/`),
  ]
  const before = (await live.until('task.submitted')).at(-1) as Frame
  await ofTask.until('task.changed')
  await app.rollcall.core.purge(['finished'])
  const told = (await live.until('tasks.purged')).at(-1) as Frame
  assert.deepEqual([told.event, told.data.data], ['store', { finished: 1 }])
  assert.equal((await ofTask.next()).data.type, 'task.deleted')

  const back = await streamOf('events/', before.lastId)
  assert.deepEqual(
    (await back.until('tasks.purged')).map(({ event }) => event),
    ['gap', 'store'],
  )
})

test('a connection on which nothing happens is kept alive by comments', async t => {
  const clock = new VirtualClock()
  const engine = createEngine({ calls: [nothing], store: memoryStore(), clock })
  const app = Fastify()
  await app.register(rollcall, { engine })
  await app.listen({ port: 0 })
  t.after(() => app.close())
  const port = (app.server.address() as AddressInfo).port
  const socket = connect(port, '127.0.0.1')
  t.after(() => socket.destroy())
  socket.setEncoding('utf8')
  socket.write('GET /pulp/api/v2/events/ HTTP/1.1\r\nhost: x\r\n\r\n')
  const said = async (text: RegExp) => {
    let read = ''
    while (!text.test(read)) read += (await once(socket, 'data'))[0]
  }
  await said(/id: 0\n\n/)
  while (clock.nextAtMs === null) await new Promise<void>(resolve => setImmediate(resolve))
  for (let times = 0; times < 2; times += 1) {
    const beat = said(/^: .*\n\n/m)
    await clock.advance(15_000)
    await beat
  }
  const closed = engine.close()
  await clock.advance(1_000)
  await closed
})

test('open streams end with the server, which closes without waiting for them', async t => {
  const { app, streamOf } = await serving(t)
  const streams = await Promise.all([streamOf('events/'), streamOf('events/')])
  await app.close()
  for (const stream of streams) await assert.rejects(stream.next(), /the stream has ended/)
})

test('an engine that outlives its app lets the streams of the app end', async t => {
  const engine = createEngine({ calls: [nothing], store: memoryStore() })
  t.after(() => engine.close())
  const app = Fastify()
  await app.register(rollcall, { engine })
  await app.listen({ port: 0 })
  const port = (app.server.address() as AddressInfo).port
  const stream = await openStream(t, `http://127.0.0.1:${port}/pulp/api/v2/events/`)
  await app.close()
  await assert.rejects(stream.next(), /the stream has ended/)
  assert.equal(engine.core.feed.readers, 0)
})
