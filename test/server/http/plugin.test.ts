// The plugin in somebody else's app: mounts its paths, and leaves the rest of the app alone.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify from 'fastify'
import { createEngine, defineCall, memoryStore, rollcall, Type } from '../../../server/index.ts'
import { appWith } from '../../support/plugin-app.ts'

const ping = defineCall({ name: 'ping', execution: 'sync', run: () => 'pong' })
const never = defineCall({
  name: 'never',
  execution: 'sync',
  run: (_args, { signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
    }),
})

for (const ignoreTrailingSlash of [true, false]) {
  test(`both spellings of a path work with ignoreTrailingSlash ${ignoreTrailingSlash}`, async t => {
    const fastify = { routerOptions: { ignoreTrailingSlash } }
    const app = await appWith(t, { calls: [ping], fastify })
    for (const url of ['/pulp/api/v2/tasks/', '/pulp/api/v2/tasks']) {
      assert.equal((await app.inject({ method: 'GET', url })).statusCode, 200, url)
      assert.equal((await app.inject({ method: 'HEAD', url })).statusCode, 200, url)
      const posted = await app.inject({ method: 'POST', url, payload: { call: 'ping' } })
      assert.deepEqual([posted.statusCode, posted.json()], [200, 'pong'])
      assert.equal((await app.inject({ method: 'PUT', url })).statusCode, 405, url)
    }
    assert.equal((await app.inject('/pulp/api/v2/nothing')).json().error.code, 'RCL0005')
  })
}

test("the app's own validation changes nothing of the interface's strictness", async t => {
  const fastify = {
    ajv: { customOptions: { coerceTypes: 'array', removeAdditional: true } },
  } as const
  const app = await appWith(t, { calls: [ping], fastify })
  for (const payload of [
    { call: 'ping', colour: 'red' },
    { call: 'ping', priority: '5' },
  ]) {
    const { statusCode } = await app.inject({ method: 'POST', url: '/pulp/api/v2/tasks/', payload })
    assert.equal(statusCode, 400)
  }
})

test("the app's other routes keep Fastify's bodies, parsers, 404 and errors", async t => {
  const app = await appWith(t, {
    calls: [ping],
    routes: app => {
      app.post('/text', async request => ({ got: request.body }))
      app.get('/throws', async () => {
        throw Object.assign(new Error('own'), { statusCode: 418 })
      })
    },
  })
  const text = await app.inject({
    method: 'POST',
    url: '/text',
    headers: { 'content-type': 'text/plain' },
    payload: 'hello',
  })
  assert.deepEqual(text.json(), { got: 'hello' })
  const thrown = await app.inject('/throws')
  assert.deepEqual(thrown.json(), { statusCode: 418, error: "I'm a Teapot", message: 'own' })
  assert.deepEqual(Object.keys((await app.inject('/nothing')).json()), [
    'message',
    'error',
    'statusCode',
  ])
})

test("an error handler of the app's own gets the errors of its routes, and none of ours", async t => {
  const app = Fastify()
  t.after(() => app.close())
  app.setErrorHandler((_error, _request, reply) => reply.code(599).send('own'))
  await app.register(rollcall, { calls: [ping], store: memoryStore() })
  app.get('/own', async () => {
    throw new Error('x')
  })
  assert.equal((await app.inject('/own')).statusCode, 599)
  assert.equal((await app.inject('/pulp/api/v2/tasks/?colour=red')).statusCode, 400)
})

test('with wholeApp every error of the app has the standard body', async t => {
  const app = await appWith(t, {
    calls: [ping],
    plugin: { wholeApp: true },
    routes: app => {
      app.post('/own', { schema: { body: Type.Object({ a: Type.Number() }) } }, async () => 'ok')
      app.get('/throws', async () => {
        throw new Error('secret')
      })
    },
  })
  const json = { 'content-type': 'application/json' }
  const answers = await Promise.all([
    app.inject('/nothing'),
    app.inject('/own'),
    app.inject('/throws'),
    app.inject({ method: 'POST', url: '/own', headers: json, payload: '{' }),
    app.inject({ method: 'POST', url: '/own', payload: { a: 'x' } }),
    app.inject({ method: 'POST', url: '/own', headers: { 'content-type': 'a/b' }, payload: 'x' }),
  ])
  assert.deepEqual(
    answers.map(answer => [answer.statusCode, answer.json().error.code]),
    [
      [404, 'RCL0005'],
      [405, 'RCL0006'],
      [500, 'RCL0021'],
      [400, 'RCL0001'],
      [400, 'RCL0001'],
      [415, 'RCL0008'],
    ],
  )
  assert.doesNotMatch(answers[2]?.payload ?? '', /secret/)
})

test('a synchronous call that takes longer than syncWaitMs is answered 202, and goes on', async t => {
  const app = await appWith(t, { calls: [never], plugin: { syncWaitMs: 20 } })
  const posted = await app.inject({
    method: 'POST',
    url: '/pulp/api/v2/tasks/',
    payload: { call: 'never' },
  })
  assert.equal(posted.statusCode, 202)
  const { task_id } = posted.json().spawned_tasks[0]
  assert.equal((await app.rollcall.report(task_id)).state, 'running')
})

test('closing the app ends what waits in it, and its engine', async () => {
  const app = Fastify()
  const store = memoryStore()
  await app.register(rollcall, { calls: [never], store })
  const url = '/pulp/api/v2/tasks/'
  // An injected request starts when somebody waits for it.
  const started = Promise.withResolvers<string>()
  app.rollcall.subscribe(({ tasks }) => started.resolve([...tasks.keys()].join()))
  const posted = Promise.resolve(app.inject({ method: 'POST', url, payload: { call: 'never' } }))
  const taskId = await started.promise
  const headers = { prefer: 'wait=300' }
  const polled = Promise.resolve(app.inject({ url: `${url}${taskId}/`, headers }))
  await app.close()
  assert.equal((await polled).json().state, 'running')
  assert.equal((await posted).statusCode, 202)
  await assert.rejects(app.rollcall.submit(never, {}), { code: 'RCL0014' })
})

test('an engine that is given outlives the app', async t => {
  const engine = createEngine({ calls: [ping], store: memoryStore() })
  t.after(() => engine.close())
  const app = Fastify()
  await app.register(rollcall, { engine })
  assert.equal((await app.inject('/readyz')).statusCode, 200)
  await app.close()
  assert.equal(await (await engine.submit(ping, {})).result(), 'pong')
})

test('a list of calls with something else in it ends the start', async () => {
  const app = Fastify()
  app.register(rollcall, { calls: [ping, {}], store: memoryStore() })
  await assert.rejects(async () => app.ready(), /calls must hold what defineCall returns/)
})
