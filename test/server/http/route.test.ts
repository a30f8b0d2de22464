// rollcall.route and rollcall.groupRoute: a program's own routes that run as calls.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { CallError, created, defineCall, rollcall, Type } from '../../../server/index.ts'
import { appWith } from '../../support/plugin-app.ts'

const Id = Type.Object({ id: Type.String() })
const thing =
  (operation: 'update' | 'delete') =>
  ({ id }: { id: string }) => [{ resource_type: 'thing', resource_id: id, operation }]

const gates = new Map<string, () => void>()
const remove = defineCall({
  name: 'thing.remove',
  args: Id,
  resources: thing('delete'),
  run: ({ id }) => new Promise<void>(resolve => gates.set(id, resolve)),
})
const update = defineCall({
  name: 'thing.update',
  args: Id,
  execution: 'sync',
  resources: thing('update'),
  run: ({ id }) => ({ id, updated: true }),
})
const name = defineCall({ name: 'thing.name', args: Id, execution: 'sync', run: ({ id }) => id })
const make = defineCall({
  name: 'thing.make',
  args: Id,
  execution: 'sync',
  run: ({ id }) => created(`/things/${id}/`, { id }),
})

function appOf(t: TestContext) {
  return appWith(t, {
    calls: [remove, update, name, make],
    routes: app => {
      app.post(
        '/things/:id/',
        rollcall.route(make, request => ({ id: request.params.id as string })),
      )
      app.put(
        '/things/:id/',
        rollcall.route(update, request => ({ id: request.params.id as string })),
      )
      app.get(
        '/things/:id/name/',
        rollcall.route(name, request => ({ id: request.params.id as string })),
      )
      app.delete(
        '/things/:id/',
        rollcall.route(remove, request => ({ id: request.params.id as string }), {
          tags: ['removal'],
        }),
      )
      app.post(
        '/things/',
        { schema: { body: Type.Object({ ids: Type.Array(Type.String()) }) } },
        rollcall.groupRoute(request => {
          const { ids } = request.body as { ids: string[] }
          return { calls: ids.map(id => ({ call: update, args: { id } })) }
        }),
      )
      app.patch(
        '/things/:id/',
        rollcall.route(update, () => {
          throw new CallError('APP0001', 'not like this', { status: 422 })
        }),
      )
    },
  })
}

test('it answers 200 with the result, whatever JSON that is, or 201 with Location', async t => {
  const app = await appOf(t)
  const put = await app.inject({ method: 'PUT', url: '/things/a/' })
  assert.deepEqual([put.statusCode, put.json()], [200, { id: 'a', updated: true }])
  const got = await app.inject('/things/a/name/')
  assert.deepEqual([got.statusCode, got.payload], [200, '"a"'])
  const made = await app.inject({ method: 'POST', url: '/things/a/' })
  assert.deepEqual([made.statusCode, made.headers.location], [201, '/things/a/'])
})

test('it answers 202 for what is queued, and 409 with reasons behind a queued delete', async t => {
  const app = await appOf(t)
  const removal = await app.inject({ method: 'DELETE', url: '/things/b/' })
  assert.equal(removal.statusCode, 202)
  const { task_id, _href } = removal.json().spawned_tasks[0]
  assert.equal(removal.headers.location, _href)
  assert.deepEqual((await app.rollcall.report(task_id)).tags, ['removal'])

  const refused = [
    await app.inject({ method: 'PUT', url: '/things/b/' }),
    await app.inject({ method: 'POST', url: '/things/', payload: { ids: ['a', 'b'] } }),
  ]
  for (const answer of refused) {
    assert.equal(answer.statusCode, 409)
    assert.deepEqual(answer.json().reasons, [
      { resource_type: 'thing', resource_id: 'b', operation: 'delete' },
    ])
  }
  gates.get('b')?.()
})

test('a group route answers 202 with the group', async t => {
  const app = await appOf(t)
  const { statusCode, headers, ...answer } = await app.inject({
    method: 'POST',
    url: '/things/',
    payload: { ids: ['a', 'b'] },
  })
  const { group_id, _href } = answer.json()
  assert.deepEqual([statusCode, headers.location], [202, _href])
  assert.equal((await app.rollcall.summary(group_id)).total, 2)
})

test('what goes wrong before the call has the standard body, too', async t => {
  const app = await appOf(t)
  const json = { 'content-type': 'application/json' }
  const answers = [
    await app.inject({ method: 'POST', url: '/things/', payload: {} }),
    await app.inject({ method: 'POST', url: '/things/', headers: json, payload: '{' }),
    await app.inject({
      method: 'POST',
      url: '/things/',
      headers: { 'content-type': 'a/b' },
      payload: 'x',
    }),
    await app.inject({ method: 'PATCH', url: '/things/a/' }),
  ]
  assert.deepEqual(
    answers.map(answer => [answer.statusCode, answer.json().error.code]),
    [
      [400, 'RCL0001'],
      [400, 'RCL0001'],
      [415, 'RCL0008'],
      [422, 'APP0001'],
    ],
  )
})

test('an empty body with a content type is no body', async t => {
  const app = await appOf(t)
  const headers = { 'content-type': 'application/json', 'content-length': '0' }
  const { statusCode } = await app.inject({ method: 'PUT', url: '/things/a/', headers })
  assert.equal(statusCode, 200)
})

test('an idempotency key gives the first answer again, and is bound to the path', async t => {
  const app = await appOf(t)
  const headers = { 'idempotency-key': 'once' }
  const first = await app.inject({ method: 'PUT', url: '/things/a/', headers })
  const again = await app.inject({ method: 'PUT', url: '/things/a/', headers })
  assert.deepEqual(again.json(), first.json())
  const other = await app.inject({ method: 'PUT', url: '/things/b/', headers })
  assert.deepEqual([other.statusCode, other.json().error.code], [409, 'RCL0011'])
  const tasks = await Array.fromAsync(app.rollcall.reports({ states: ['finished'] }))
  assert.equal(tasks.length, 1)
})
