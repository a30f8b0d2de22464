// Where a program finds inspection: as an option of the engine, and on the server of the plugin.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { createWebSocketReceiver } from '@statelyai/inspect'
import Fastify from 'fastify'
import { createEngine, defineCall, memoryStore, rollcall } from '../../../server/index.ts'

const nothing = defineCall({ name: 'nothing', run: () => null })

test('an engine tells its inspector of each task', async t => {
  const types: string[] = []
  const inspect = ({ type }: { type: string }) => void types.push(type)
  const engine = createEngine({ calls: [nothing], store: memoryStore(), inspect })
  t.after(() => engine.close())
  await (await engine.submit(nothing, {})).result()
  assert.deepEqual(new Set(types), new Set(['@xstate.actor', '@xstate.event', '@xstate.snapshot']))
})

test('a stock receiver finds the server of the plugin', async t => {
  const app = Fastify()
  t.after(() => app.close())
  await app.register(rollcall, { calls: [nothing], store: memoryStore() })
  await app.listen({ port: 0 })
  const url = app.listeningOrigin.replace('http:', 'ws:').replace('[::1]', '127.0.0.1')
  const socket = new WebSocket(`${url}/inspect/ws`)
  await once(socket, 'open')
  const received = Promise.withResolvers<void>()
  let taskId = ''
  createWebSocketReceiver({ server: `${url}/inspect/ws` }).subscribe(event => {
    if (event.type === '@xstate.snapshot' && event.sessionId === taskId) received.resolve()
  })
  // Until the receiver is connected nothing that happens reaches it: there is always another task.
  let isOver = false
  const submitting = (async () => {
    while (!isOver) {
      const task = await app.rollcall.submit(nothing, {})
      taskId = task.taskId
      await task.result()
      await new Promise<void>(resolve => setImmediate(resolve))
    }
  })()
  await received.promise
  isOver = true
  await submitting
})

test('a server without the inspector has no endpoint', async t => {
  const app = Fastify()
  t.after(() => app.close())
  await app.register(rollcall, { calls: [nothing], store: memoryStore(), inspector: false })
  assert.equal((await app.inject('/inspect/ws')).statusCode, 404)
  assert.equal(app.server.listenerCount('upgrade'), 0)
})
