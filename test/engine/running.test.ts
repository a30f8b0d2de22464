// One attempt after the other: timeouts, retries, progress, and handlers that do not stop.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { defineCall } from '../../server/calls.ts'
import { quiet } from '../../server/testing/virtual-clock.ts'
import { Script, start } from './world.ts'

type Definition = Partial<Parameters<typeof defineCall>[0]>

/** An engine with one call and one task of it, whose handler runs. */
async function running(definition: Definition, polite = false) {
  const script = new Script()
  const run = polite ? script.runPolitely : script.run
  const world = await start({ calls: [defineCall({ name: 'work', run, ...definition })] })
  const submitted = await world.rollcall.submit({ call: 'work' })
  const taskId = submitted.taskIds[0] as string
  const live = await script.of(taskId)
  return { ...world, script, taskId, live, report: () => world.look(taskId) }
}

describe('A timeout', () => {
  test('aborts the handler and ends the task in error', async () => {
    const { clock, live, report } = await running({ timeoutMs: 5_000 }, true)
    await clock.advance(4_999)
    assert.equal(live.context.signal.aborted, false)
    await clock.advance(1)
    assert.equal(live.context.signal.reason.name, 'TimeoutError')
    const { state, error } = await report()
    assert.deepEqual([state, error?.code], ['error', 'RCL0017'])
  })

  test('is an error also when the handler answers it with a result', async () => {
    const { clock, live, report } = await running({ timeoutMs: 5_000 })
    await clock.advance(5_000)
    live.succeed({ late: true })
    const { state, error, result } = await report()
    assert.deepEqual([state, error?.code, result], ['error', 'RCL0017', null])
  })

  test('does not count against a handler that ended in time', async () => {
    const { clock, live, report } = await running({ timeoutMs: 5_000 })
    live.succeed(1)
    await clock.advance(10_000)
    assert.equal((await report()).state, 'finished')
  })

  test('that a cancellation overtakes ends the task as canceled', async () => {
    const { clock, live, report, rollcall, taskId } = await running({ timeoutMs: 5_000 })
    await clock.advance(5_000)
    await rollcall.cancel(taskId)
    live.fail(new Error('stopped'))
    const { state, error } = await report()
    assert.deepEqual([state, error], ['canceled', null])
  })

  test('does not cut an attempt short that comes after it', async () => {
    const retry = { limit: 1, delayMs: 1_000, backoff: 'fixed' } as const
    const { clock, live, report, script, taskId } = await running({ timeoutMs: 5_000, retry })
    live.fail(new Error('at once'))
    await clock.advance(1_000)
    const second = await script.of(taskId)
    await clock.advance(4_500)
    assert.equal(second.context.signal.aborted, false)
    second.succeed()
    assert.equal((await report()).state, 'finished')
  })
})

describe('A retry', () => {
  test('comes after its delay, keeps what failed in the report, and ends with the last attempt', async () => {
    const retry = { limit: 2, delayMs: 1_000, backoff: 'exponential' } as const
    const { clock, script, taskId, report } = await running({ retry })
    ;(await script.of(taskId)).fail(new Error('first'))
    const waiting = await report()
    assert.deepEqual(
      [waiting.state, waiting.attempt, waiting.exception, waiting.start_time],
      ['waiting', 2, 'Error: first', null],
    )
    await clock.advance(1_000)
    ;(await script.of(taskId)).fail(new Error('second'))
    await clock.advance(2_000)
    ;(await script.of(taskId)).fail(new Error('third'))
    const { state, attempt, exception } = await report()
    assert.deepEqual([state, attempt, exception], ['error', 3, 'Error: third'])
    assert.equal(script.started.length, 3)
  })

  test('keeps the place of the task: nobody behind it starts meanwhile', async () => {
    const script = new Script()
    const retry = { limit: 1, delayMs: 1_000, backoff: 'fixed' } as const
    const resources = () => [
      { resource_type: 'repo', resource_id: '1', operation: 'update' as const },
    ]
    const { rollcall, clock } = await start({
      calls: [defineCall({ name: 'work', run: script.run, retry, resources })],
    })
    const { taskIds } = await rollcall.submit({ call: 'work' })
    await rollcall.submit({ call: 'work' })
    ;(await script.of(taskIds[0] as string)).fail(new Error('first'))
    await clock.advance(999)
    assert.equal(script.live.size, 0)
    await clock.advance(1)
    assert.deepEqual([...script.live.keys()], taskIds)
  })

  test('that waits is cancelled at once, and never comes', async () => {
    const retry = { limit: 1, delayMs: 1_000, backoff: 'fixed' } as const
    const { clock, live, report, rollcall, script, taskId } = await running({ retry })
    live.fail(new Error('first'))
    await quiet()
    await rollcall.cancel(taskId)
    await clock.advance(5_000)
    assert.equal((await report()).state, 'canceled')
    assert.equal(script.started.length, 1)
  })

  test('in a suspended group is suspended, and comes when the group is resumed', async () => {
    const script = new Script()
    const retry = { limit: 1, delayMs: 1_000, backoff: 'fixed' } as const
    const world = await start({ calls: [defineCall({ name: 'work', run: script.run, retry })] })
    const { rollcall, clock } = world
    const { groupId, taskIds } = await rollcall.submitGroup({ calls: [{ call: 'work' }] })
    const taskId = taskIds[0] as string
    await rollcall.changeGroup(groupId, 'suspend')
    ;(await script.of(taskId)).fail(new Error('first'))
    await clock.advance(5_000)
    assert.equal((await world.look(taskId)).state, 'suspended')
    await rollcall.changeGroup(groupId, 'resume')
    assert.equal((await script.of(taskId)).context.attempt, 2)
  })

  test('in a cancelled group is cancelled at once, without waiting for its delay', async () => {
    const script = new Script()
    const retry = { limit: 1, delayMs: 60_000, backoff: 'fixed' } as const
    const firm = defineCall({ name: 'firm', run: script.run, retry, cancellable: false })
    const world = await start({ calls: [firm], concurrency: 1 })
    const { rollcall } = world
    const { groupId, taskIds } = await rollcall.submitGroup({
      calls: [{ call: 'firm' }, { call: 'firm' }],
    })
    await rollcall.cancelGroup(groupId)
    ;(await script.of(taskIds[0] as string)).fail(new Error('first'))
    await quiet()
    assert.equal((await rollcall.summary(groupId)).canceled, 2)
    assert.equal((await rollcall.group(groupId)).value, 'settled')
  })
})

describe('Progress', () => {
  test('of a thousand ticks costs a few writes, and the last tick is kept', async () => {
    const { clock, live, report, store } = await running({})
    const before = store.commits
    for (let done = 1; done <= 1_000; done += 1) {
      live.context.progress({ done })
      if (done % 100 === 0) await clock.advance(50)
    }
    await clock.advance(1_000)
    assert.deepEqual((await report()).progress, { done: 1_000 })
    assert.ok(store.commits - before <= 6, `${store.commits - before} commits`)
  })

  test('is written before the end, so that the report ends with the last of it', async () => {
    const { live, report } = await running({})
    live.context.progress({ done: 1 })
    live.context.progress({ done: 2 })
    live.succeed()
    const { state, progress } = await report()
    assert.deepEqual([state, progress], ['finished', { done: 2 }])
  })

  test('after the end changes nothing', async () => {
    const { live, report } = await running({})
    live.succeed()
    await quiet()
    live.context.progress({ done: 9 })
    assert.deepEqual((await report()).progress, {})
  })

  test('that JSON cannot carry is thrown at the handler, and nothing is written', async () => {
    const { live, report } = await running({})
    const { progress } = live.context
    for (const bad of [{ n: 1n }, { at: Number.NaN }, [1], new Map(), { run() {} }]) {
      assert.throws(() => progress(bad), TypeError)
    }
    assert.deepEqual((await report()).progress, {})
  })

  test('of an earlier attempt is forgotten when the next begins', async () => {
    const retry = { limit: 1, delayMs: 1_000, backoff: 'fixed' } as const
    const { clock, live, report } = await running({ retry })
    live.context.progress({ done: 1 })
    live.fail(new Error('first'))
    await clock.advance(1_000)
    assert.deepEqual((await report()).progress, {})
  })
})

describe('A handler that ignores the signal', () => {
  test('is reported, keeps its slot and its reservations, and ends as canceled', async () => {
    const script = new Script()
    const resources = () => [
      { resource_type: 'repo', resource_id: '1', operation: 'update' as const },
    ]
    const call = defineCall({ name: 'work', run: script.run, resources })
    const { rollcall, clock, look, logged } = await start({ calls: [call] })
    const { taskIds } = await rollcall.submit({ call: 'work' })
    const behind = await rollcall.submit({ call: 'work' })
    const taskId = taskIds[0] as string
    await rollcall.cancel(taskId)
    await clock.advance(60_000)
    const stuck = await look(taskId)
    assert.deepEqual([stuck.state, stuck.error?.code], ['running', 'RCL0020'])
    assert.equal(logged.length, 1)
    assert.equal((await look(behind.taskIds[0] as string)).state, 'waiting')

    ;(await script.of(taskId)).succeed('at last')
    const ended = await look(taskId)
    assert.deepEqual([ended.state, ended.error, ended.result], ['canceled', null, null])
    assert.equal((await look(behind.taskIds[0] as string)).state, 'running')
  })
})
