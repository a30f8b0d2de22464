// The engine without HTTP, as a program uses it: typed requests, results as promises.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import {
  CallError,
  createEngine,
  defineCall,
  memoryStore,
  NoResultError,
  sqliteStore,
  Type,
  UnavailableError,
} from '../../server/index.ts'
import { temporaryFolder } from '../support/temp.ts'

const add = defineCall({
  name: 'add',
  args: Type.Object({ a: Type.Number(), b: Type.Number() }),
  run: async ({ a, b }) => ({ sum: a + b }),
})
const fail = defineCall({
  name: 'fail',
  run: () => {
    throw new CallError('APP0001', 'no', { status: 422, data: { why: 1 }, subErrors: ['x'] })
  },
})
const hold = defineCall({
  name: 'hold',
  run: (_args, { signal }) =>
    new Promise<void>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
    }),
})

function engineFor(t: TestContext) {
  const engine = createEngine({ calls: [add, fail, hold], store: memoryStore() })
  t.after(() => engine.close())
  return engine
}

test('a submitted call gives its result, typed', async t => {
  const engine = engineFor(t)
  const task = await engine.submit(add, { a: 1, b: 2 }, { tags: ['mine'], priority: 1 })
  const { sum } = await task.result()
  assert.equal(sum + 1, 4)
  const { state, tags, priority } = await engine.report(task.taskId)
  assert.deepEqual([state, tags, priority], ['finished', ['mine'], 1])
})

test('the compiler refuses arguments that the call does not take', async t => {
  const engine = engineFor(t)
  // @ts-expect-error: b is missing
  await assert.rejects(engine.submit(add, { a: 1 }), { code: 'RCL0001' })
  const members = [{ call: add, args: { a: 1, b: 'x' } }] as const
  // @ts-expect-error: b is a number, also inside a group
  await assert.rejects(engine.submitGroup({ calls: members }), { code: 'RCL0001' })
  // @ts-expect-error: a number is no text
  const text: string = (await (await engine.submit(add, { a: 1, b: 2 })).result()).sum
  assert.equal(text, 3)
})

test('a call can be named, or the whole request said in one object', async t => {
  const engine = engineFor(t)
  const [named, whole] = [
    await engine.submit('add', { a: 1, b: 2 }),
    await engine.submit({ call: 'add', args: { a: 1, b: 2 }, tags: ['whole'] }),
  ]
  assert.deepEqual([await named.result(), await whole.result()], [{ sum: 3 }, { sum: 3 }])
  assert.deepEqual((await engine.report(whole.taskId)).tags, ['whole'])
})

test('the error of a call is thrown with all that it says', async t => {
  const task = await engineFor(t).submit(fail, {})
  await assert.rejects(task.result(), (error: unknown) => {
    assert.ok(error instanceof CallError)
    const { code, message, status, data, subErrors } = error
    assert.deepEqual(
      { code, message, status, data, subErrors },
      { code: 'APP0001', message: 'no', status: 422, data: { why: 1 }, subErrors: ['x'] },
    )
    return true
  })
})

test('the result of a cancelled task is an error, and so is a wait that is given up', async t => {
  const engine = engineFor(t)
  const task = await engine.submit(hold, {})
  await assert.rejects(task.result({ signal: AbortSignal.timeout(10) }), UnavailableError)
  await engine.cancel(task.taskId)
  await assert.rejects(task.result(), NoResultError)
})

test('a group is submitted, summed up, listed and cancelled', async t => {
  const engine = engineFor(t)
  const { groupId, taskIds } = await engine.submitGroup({
    calls: [
      { id: 'first', call: hold },
      { call: add, args: { a: 1, b: 2 }, depends_on: ['first'] },
    ],
  })
  assert.equal((await engine.summary(groupId)).total, 2)
  await engine.cancelGroup(groupId)
  const reports = await Array.fromAsync(engine.reports({ groupId }))
  assert.deepEqual(
    reports.map(report => report.task_id),
    taskIds,
  )
})

test('a subscriber hears of each commit what changed, until it ends that', async t => {
  const engine = engineFor(t)
  const heard = new Set<string>()
  const stop = engine.subscribe(({ tasks }) => {
    for (const taskId of tasks.keys()) heard.add(taskId)
  })
  const first = await engine.submit(add, { a: 1, b: 2 })
  await first.result()
  stop()
  const second = await engine.submit(add, { a: 1, b: 2 })
  await second.result()
  assert.deepEqual([...heard], [first.taskId])
})

test('a text as the store is the folder of a SQLite store', async t => {
  const folder = join(await temporaryFolder(t), 'data')
  const engine = createEngine({ calls: [add], store: folder })
  const task = await engine.submit(add, { a: 1, b: 2 })
  await task.result()
  await engine.close()
  const next = createEngine({ calls: [add], store: sqliteStore(folder) })
  t.after(() => next.close())
  assert.deepEqual((await next.report(task.taskId)).result, { sum: 3 })
})

test('a closed engine takes no work, and closing it twice is no error', async t => {
  const engine = engineFor(t)
  const task = await engine.submit(hold, {})
  const result = task.result()
  await Promise.all([engine.close(), engine.close(), assert.rejects(result, UnavailableError)])
  await assert.rejects(engine.submit(add, { a: 1, b: 2 }), { code: 'RCL0014', status: 503 })
})
