// `rollcall watch` against servers that run, stop, and come back.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import { NotFoundError } from '../../server/errors.ts'
import { defineCall, memoryStore, rollcall, Type } from '../../server/index.ts'
import { watchGroup } from '../../server/terminal/command.ts'
import type { Output } from '../../server/terminal/display.ts'
import type { WatchConfig } from '../../server/terminal/options.ts'
import { api, startServer } from '../contract/server.ts'
import { temporaryFolder } from '../support/temp.ts'

/** Standard output that can be waited for. */
class Screen implements Output {
  text = ''
  readonly isTTY: boolean
  readonly columns = 80
  readonly rows = 30
  #watchers: (() => void)[] = []

  constructor(isTTY = false) {
    this.isTTY = isTTY
  }

  write(text: string): void {
    this.text += text
    for (const watcher of this.#watchers.splice(0)) watcher()
  }

  async until(wanted: RegExp): Promise<void> {
    while (!wanted.test(this.text)) await new Promise<void>(done => this.#watchers.push(done))
  }
}

const gates = new Map<string, PromiseWithResolvers<void>>()

function gate(key: string): PromiseWithResolvers<void> {
  const known = gates.get(key) ?? Promise.withResolvers<void>()
  gates.set(key, known)
  return known
}

const held = defineCall({
  name: 'held',
  args: Type.Object({ key: Type.String() }),
  resources: ({ key }) => [{ resource_type: 'feed', resource_id: key, operation: 'update' }],
  run: async ({ key }, { progress, signal }) => {
    progress({ done: 3, total: 10 })
    const stopped = new Promise<void>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
    })
    await Promise.race([gate(key).promise, stopped])
  },
})
const nothing = defineCall({ name: 'nothing', run: () => null })
const fail = defineCall({
  name: 'fail',
  run: () => {
    throw new Error('no')
  },
})

async function serving(t: TestContext): Promise<FastifyInstance> {
  const app = Fastify()
  t.after(() => app.close())
  await app.register(rollcall, {
    calls: [held, nothing, fail],
    store: memoryStore(),
    wholeApp: true,
  })
  await app.listen({ port: 0 })
  return app
}

function configFor(app: FastifyInstance, groupId: string, once = false): WatchConfig {
  const { port } = new URL(app.listeningOrigin)
  return { groupId, url: `http://127.0.0.1:${port}`, mount: '/pulp/api', once }
}

const never = new AbortController().signal

test('a group of which every task finishes ends the watch with 0, and any other with 1', async t => {
  const app = await serving(t)
  const screen = new Screen()
  const good = await app.rollcall.submitGroup({ calls: [{ call: nothing }, { call: nothing }] })
  assert.equal(await watchGroup(configFor(app, good.groupId), screen, never), 0)
  assert.match(screen.text, /settled: 2 finished; 2 of 2 ended · 100%\n$/)
  const bad = await app.rollcall.submitGroup({ calls: [{ call: nothing }, { call: fail }] })
  assert.equal(await watchGroup(configFor(app, bad.groupId), screen, never), 1)
  assert.match(screen.text, /settled: 1 finished, 1 error; 2 of 2 ended · 100%\n$/)
})

test('a terminal shows what runs and why who waits longest does, and is left as it was', async t => {
  const app = await serving(t)
  const screen = new Screen(true)
  const { groupId, taskIds } = await app.rollcall.submitGroup({
    calls: [
      { call: held, args: { key: 'fedora' } },
      { call: held, args: { key: 'fedora' } },
    ],
  })
  const watched = watchGroup(configFor(app, groupId), screen, never)
  const [first = '', second = ''] = taskIds.map(taskId => taskId.slice(-8))
  await screen.until(new RegExp(`held ${first} {2}for \\d+ s {2}3 of 10`))
  await screen.until(new RegExp(`waits longest\n {2}held ${second}`))
  await screen.until(new RegExp(`it waits for held ${first}, which runs`))
  gate('fedora').resolve()
  assert.equal(await watched, 0)
  assert.ok(screen.text.startsWith('\x1b[?25l'))
  assert.ok(screen.text.endsWith('2 of 2 ended · 100%\n█ 2 finished\n\x1b[?25h'))
})

test('an open group is watched until it is closed', async t => {
  const app = await serving(t)
  const screen = new Screen()
  const { groupId } = await app.rollcall.submitGroup({ calls: [], open: true })
  const watched = watchGroup(configFor(app, groupId), screen, never)
  await screen.until(/active, takes more tasks: no tasks/)
  await app.rollcall.addToGroup(groupId, [{ call: nothing }])
  await screen.until(/takes more tasks: 1 finished/)
  await app.rollcall.changeGroup(groupId, 'close')
  assert.equal(await watched, 0)
})

test('whoever asks once is told once', async t => {
  const app = await serving(t)
  const screen = new Screen()
  const { groupId } = await app.rollcall.submitGroup({
    calls: [{ call: held, args: { key: 'a' } }],
  })
  assert.equal(await watchGroup(configFor(app, groupId, true), screen, never), 0)
  const [head, , rate] = screen.text.split('\n')
  assert.deepEqual([head, rate], [`group ${groupId}  active`, '0 of 1 ended · 0%'])
  assert.ok(!screen.text.includes('\x1b'))
  await app.rollcall.cancelGroup(groupId)
  await watchGroup(configFor(app, groupId), new Screen(), never)
  assert.equal(await watchGroup(configFor(app, groupId, true), screen, never), 1)
})

test('an interrupted watch ends at once with 130, and the terminal is left as it was', async t => {
  const app = await serving(t)
  const screen = new Screen(true)
  const { groupId } = await app.rollcall.submitGroup({
    calls: [{ call: held, args: { key: 'b' } }],
  })
  const interrupt = new AbortController()
  const watched = watchGroup(configFor(app, groupId), screen, interrupt.signal)
  await screen.until(/1 running/)
  interrupt.abort()
  assert.equal(await watched, 130)
  assert.ok(screen.text.endsWith('\x1b[?25h'))
  assert.equal((await app.rollcall.summary(groupId)).running, 1)
})

test('a group that does not exist, and a server that does not answer, are said', async t => {
  const app = await serving(t)
  const nobody = '00000000-0000-7000-8000-000000000000'
  const screen = new Screen()
  await assert.rejects(
    watchGroup(configFor(app, nobody), screen, never),
    new NotFoundError(`no task group has the id ${nobody}`),
  )
  const config = configFor(app, nobody)
  await app.close()
  for (const once of [false, true]) {
    await assert.rejects(
      watchGroup({ ...config, once }, screen, never),
      /^Error: no server answers at/,
    )
  }
  assert.equal(screen.text, '')
})

test('a watch goes on when the reports of the group are deleted', async t => {
  const app = await serving(t)
  const screen = new Screen()
  const { groupId } = await app.rollcall.submitGroup({ calls: [{ call: nothing }], open: true })
  const watched = watchGroup(configFor(app, groupId), screen, never)
  await screen.until(/takes more tasks: 1 finished/)
  await app.rollcall.core.purge(['finished'])
  await screen.until(/takes more tasks: no tasks/)
  await app.rollcall.changeGroup(groupId, 'close')
  assert.equal(await watched, 0)
})

test('a watch goes on when its server was killed and started again', async t => {
  const data = join(await temporaryFolder(t), 'data')
  const first = await startServer(data)
  t.after(() => first.end('SIGKILL'))
  const { port } = new URL(first.base)
  const groupId = await first.group({ calls: [{ call: 'hold', args: { key: 'x' } }] })
  const screen = new Screen()
  const mount = api.replace('/v2', '')
  const config = { groupId, url: first.base, mount, once: false }
  const watched = watchGroup(config, screen, never)
  await screen.until(/1 running/)
  await first.end('SIGKILL')
  await screen.until(/the server does not answer; trying again/)
  const second = await startServer(data, ['--port', port])
  t.after(() => second.end('SIGKILL'))
  await second.open('x')
  assert.equal(await watched, 0)
  assert.match(screen.text, /settled: 1 finished; 1 of 1 ended · 100%\n$/)
})
