// Whatever a handler throws or returns is the end of its own task, and of nothing else.
import assert from 'node:assert/strict'
import { relative } from 'node:path'
import { describe, test } from 'node:test'
import { created, defineCall } from '../../server/calls.ts'
import { CallError } from '../../server/errors.ts'
import { quiet } from '../../server/testing/virtual-clock.ts'
import { start } from './world.ts'

/** The report of a task whose handler does this, and of one that runs after it. */
async function after(run: () => unknown) {
  const { rollcall, look } = await start({
    calls: [defineCall({ name: 'odd', run }), defineCall({ name: 'plain', run: () => 'fine' })],
    callsFolder: import.meta.dirname,
  })
  const odd = await rollcall.submit({ call: 'odd' })
  await quiet()
  const plain = await rollcall.submit({ call: 'plain' })
  assert.equal((await look(plain.taskIds[0] as string)).result, 'fine')
  return look(odd.taskIds[0] as string)
}

function throwing(thrown: unknown) {
  return () => {
    throw thrown
  }
}

const cyclic: Record<string, unknown> = {}
cyclic.self = cyclic

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < depth; level += 1) value = [value]
  return value
}

const unreadable = Object.defineProperty(new Error('x'), 'message', {
  get() {
    throw new Error('no')
  },
})

/** A proxy of which every question throws. */
function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

function hidden(field: string): Error {
  return Object.defineProperty(new CallError('E', 'x'), field, { get: throwing(new Error('no')) })
}

describe('A handler that throws', () => {
  const thrown: [what: string, value: unknown, exception: string][] = [
    ['an error', new TypeError('it broke'), 'TypeError: it broke'],
    ['a string', 'it broke', 'it broke'],
    ['null', null, 'null'],
    ['undefined', undefined, 'null'],
    ['a number', 42, '42'],
    ['an object', { reason: 'it broke' }, '{"reason":"it broke"}'],
    ['a BigInt', 1n, 'a bigint'],
    ['a symbol', Symbol('it'), 'a symbol'],
    ['a cyclic object', cyclic, 'a object'],
    ['an object without a prototype', Object.create(null), '{}'],
    ['an error that cannot be read', unreadable, 'an error that cannot be read'],
    ['a proxy that cannot be looked at', revoked(), 'an error that cannot be read'],
    ['a CallError whose data cannot be read', hidden('data'), 'an error that cannot be read'],
  ]
  for (const [what, value, exception] of thrown) {
    test(`${what} ends its task in error, and the next task runs`, async () => {
      const report = await after(throwing(value))
      assert.deepEqual(
        [report.state, report.error?.code, report.exception, report.result],
        ['error', 'RCL0015', exception, null],
      )
    })
  }

  test('a CallError gives the report its code, its description and its data', async () => {
    const failure = new CallError('FEED1', 'no such feed', {
      data: { feed: 'f' },
      subErrors: ['s'],
    })
    const { state, error } = await after(throwing(failure))
    assert.equal(state, 'error')
    assert.deepEqual(error, {
      code: 'FEED1',
      description: 'no such feed',
      data: { feed: 'f' },
      sub_errors: ['s'],
    })
  })

  test('a CallError with data that JSON cannot carry still gives code and description', async () => {
    const failure = new CallError('FEED1', 'no such feed', { data: cyclic as never })
    const { error } = await after(throwing(failure))
    assert.deepEqual([error?.code, error?.data], ['FEED1', null])
  })

  test('a CallError without a message still gives its code', async () => {
    const { error } = await after(throwing(Object.assign(new CallError('E1', ''), { message: 5 })))
    assert.deepEqual([error?.code, error?.description], ['E1', '5'])
  })

  test('an error with absolute paths shows none, not even in its data', async () => {
    const data = { file: `${import.meta.dirname}/a`, list: ['open failed:/tmp/secret'] }
    const report = await after(throwing(new CallError('E1', 'at:/tmp/secret', { data })))
    const said = JSON.stringify([report.error, report.exception, report.traceback])
    assert.doesNotMatch(said, /[^.]\/tmp/)
    const secret = relative(import.meta.dirname, '/tmp/secret')
    assert.deepEqual(report.error?.data, { file: 'a', list: [`open failed:${secret}`] })
  })

  test('an error leaves a traceback that starts in the call and names no absolute path', async () => {
    const { traceback } = await after(throwing(new Error(`cannot read ${import.meta.filename}`)))
    assert.match(traceback ?? '', /handlers\.test\.ts:\d+/)
    assert.ok(!traceback?.includes(import.meta.dirname), traceback ?? '')
    assert.doesNotMatch(traceback ?? '', /runner\.ts|calls\.ts/)
  })
})

describe('A handler that returns', () => {
  const fine: [what: string, value: unknown, result: unknown][] = [
    ['nothing', undefined, null],
    ['a list', [1, 'a', null], [1, 'a', null]],
    ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['an object with undefined in it', { a: 1, b: undefined }, { a: 1 }],
    ['what it created', created('/here/', { id: 1 }), { id: 1 }],
    ['256 levels', nested(256), nested(256)],
  ]
  for (const [what, value, result] of fine) {
    test(`${what} finishes its task with that as JSON`, async () => {
      const report = await after(() => value)
      assert.deepEqual([report.state, report.result], ['finished', result])
    })
  }

  const bad: [what: string, value: unknown][] = [
    ['a BigInt', { n: 1n }],
    ['a cyclic object', cyclic],
    ['NaN', { n: Number.NaN }],
    ['a function', { run() {} }],
    ['a symbol', Symbol('it')],
    ['a map', new Map([[1, 2]])],
    ['a promise in an object', { a: Promise.resolve(1) }],
    // Once a value that no store could keep: the task ran for ever.
    ['what it created under a path that is an object', created({} as string, 1)],
    ['what it created under no path', created('', 1)],
    ['what it created under a path too long for a header', created('/x'.repeat(2_000), 1)],
    ['a toJSON that throws what cannot be said', { toJSON: throwing(Object.create(null)) }],
    ['100,000 levels', nested(100_000)],
    // Once carried by JSON, and too deep for what freezes and walks it: the task ran for ever.
    ['1,500 levels', nested(1_500)],
    ['257 levels', nested(257)],
    [
      'a getter that throws',
      Object.defineProperty({}, 'x', { enumerable: true, get: throwing(1) }),
    ],
  ]
  for (const [what, value] of bad) {
    test(`${what} ends its task in error, and the next task runs`, async () => {
      const report = await after(() => value)
      assert.deepEqual(
        [report.state, report.error?.code, report.result],
        ['error', 'RCL0016', null],
        report.exception ?? '',
      )
    })
  }

  test('the arguments, which it has changed, does not change those of the task', async () => {
    const change = defineCall({
      name: 'change',
      args: { type: 'object' } as const,
      run: (args: object) => Object.assign(args, { changed: true }),
    })
    const { rollcall, look } = await start({ calls: [change] })
    const { taskIds } = await rollcall.submit({ call: 'change', args: { list: [] } })
    await look(taskIds[0] as string)
    const task = await rollcall.task(taskIds[0] as string)
    assert.deepEqual(task.args, { list: [] })
    assert.deepEqual(task.result, { list: [], changed: true })
  })
})

describe('A handler that reports progress', () => {
  test('which JSON cannot carry ends in error, even when it catches what progress() throws', async () => {
    const { rollcall, look } = await start({
      calls: [
        defineCall({
          name: 'careless',
          run: (_, { progress }) => {
            try {
              progress({ n: 1n })
            } catch {
              return 'never mind'
            }
            return 'not refused'
          },
        }),
      ],
    })
    const { taskIds } = await rollcall.submit({ call: 'careless' })
    const { state, error } = await look(taskIds[0] as string)
    assert.deepEqual([state, error?.code], ['error', 'RCL0016'])
  })
})

describe('A handler that spawns', () => {
  const spawning = (tags: unknown) =>
    defineCall({
      name: 'parent',
      run: async (_, { spawn }) => {
        spawn('nobody', {})
        await spawn('plain', {}, { tags: tags as string[] })
      },
    })
  const plain = defineCall({ name: 'plain', run: () => 'fine' })

  test('an unknown call without awaiting it ends nothing but that spawn', async () => {
    const { rollcall, look } = await start({ calls: [spawning([]), plain] })
    const { taskIds } = await rollcall.submit({ call: 'parent' })
    assert.equal((await look(taskIds[0] as string)).state, 'finished')
  })

  // Once a row that no store takes: the engine tried for ever, and refused everybody else.
  test('a child with a tag that is no string fails, and the next task runs', async () => {
    const { rollcall, look } = await start({ calls: [spawning([null]), plain] })
    const { taskIds } = await rollcall.submit({ call: 'parent' })
    const { state, error } = await look(taskIds[0] as string)
    assert.deepEqual([state, error?.code], ['error', 'RCL0001'])
    const next = await rollcall.submit({ call: 'plain' })
    assert.equal((await look(next.taskIds[0] as string)).result, 'fine')
  })
})

test('A call that declares a tag that is no string is refused as its author’s fault', async () => {
  const call = defineCall({ name: 'odd', tags: () => [null as never], run: () => null })
  const { rollcall, store } = await start({ calls: [call] })
  await assert.rejects(rollcall.submit({ call: 'odd' }), { code: 'RCL0015', status: 500 })
  assert.equal(await store.count({}), 0)
})

for (const time of ['1', '2026', 'Jan 1 2030', '2026-02-30T00:00:00Z', '2030-01-01T00:00:00']) {
  test(`A start_after of ${time} is refused`, async () => {
    const { rollcall } = await start({ calls: [defineCall({ name: 'any', run: () => null })] })
    const refused = rollcall.submit({ call: 'any', start_after: time })
    await assert.rejects(refused, { code: 'RCL0001', status: 400 })
  })
}

describe('A submission', () => {
  const any = defineCall({ name: 'any', args: { type: 'object' } as const, run: () => 'ran' })

  for (const [what, value] of [
    ['1,500 levels', nested(1_500)],
    ['a BigInt', 1n],
    ['a function', () => 1],
    ['a cyclic object', cyclic],
  ]) {
    test(`with ${what} in its arguments is refused, leaves nothing, and the next one runs`, async () => {
      const { rollcall, look, store } = await start({ calls: [any] })
      const refused = rollcall.submit({ call: 'any', args: { value } })
      await assert.rejects(refused, { code: 'RCL0001', status: 400 })
      assert.equal(await store.count({}), 0)
      const { taskIds } = await rollcall.submit({ call: 'any' })
      assert.equal((await look(taskIds[0] as string)).result, 'ran')
    })
  }

  test('keeps the arguments as they were sent, whatever the sender does to them later', async () => {
    const { rollcall } = await start({ calls: [any], concurrency: 1 })
    const args = { list: [1] }
    const { taskIds } = await rollcall.submit({ call: 'any', args })
    args.list.push(2)
    assert.deepEqual((await rollcall.task(taskIds[0] as string)).args, { list: [1] })
  })
})

test('A task whose call is not registered any more ends in error and says which', async () => {
  const hangs = defineCall({ name: 'gone', run: () => new Promise(() => {}) })
  const world = await start({ calls: [hangs] })
  const { taskIds } = await world.rollcall.submit({ call: 'gone' })
  const next = await world.restart({ calls: [] })
  const { state, error } = await next.look(taskIds[0] as string)
  assert.deepEqual([state, error?.code], ['error', 'RCL0019'])
  assert.match(error?.description ?? '', /gone/)
})
