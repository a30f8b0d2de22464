// What tasks wait for: uses ahead of them, dependencies, times, and groups that are held or cancelled.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ResourceUse } from '../../machines/index.ts'
import { type CallRequest, defineCall } from '../../server/calls.ts'
import { quiet } from '../../server/testing/virtual-clock.ts'
import { AT_MS, creates, reads, updates } from '../support/builders.ts'
import { Script, start } from './world.ts'

async function world(concurrency = 10) {
  const script = new Script()
  const made = await start({
    calls: [defineCall({ name: 'work', run: script.run })],
    concurrency,
  })
  const submit = async (resources: ResourceUse[] = [], more: Partial<CallRequest> = {}) => {
    const { taskIds } = await made.rollcall.submit({ call: 'work', resources, ...more })
    return taskIds[0] as string
  }
  return { ...made, script, submit }
}

const inMs = (ms: number) => new Date(AT_MS + ms).toISOString()

describe('Reasons', () => {
  test('stay in submission order across resources when an earlier task is cancelled', async () => {
    const { rollcall, submit, look } = await world()
    await submit([creates('a:1')])
    const reader = await submit([reads('a:1')])
    await submit([updates('b:2')])
    await submit([reads('a:1')])
    const last = await submit([updates('a:1'), updates('b:2')])
    assert.deepEqual((await look(last)).reasons, [creates('a:1'), reads('a:1'), updates('b:2')])
    await rollcall.cancel(reader)
    assert.deepEqual((await look(last)).reasons, [creates('a:1'), updates('b:2'), reads('a:1')])
  })

  test('are kept when what postponed the task has ended and it runs', async () => {
    const { script, submit, look } = await world()
    const first = await submit([updates('a:1')])
    const second = await submit([updates('a:1')])
    ;(await script.of(first)).succeed()
    const { state, response, reasons } = await look(second)
    assert.deepEqual([state, response, reasons], ['running', 'postponed', [updates('a:1')]])
  })

  test('of a thousand tasks follow when the one that they all wait behind is cancelled', async () => {
    const { rollcall, submit, look } = await world(1)
    await submit()
    const first = await submit([creates('a:1')])
    const { taskIds } = await rollcall.submitGroup({
      calls: Array.from({ length: 1_000 }, () => ({ call: 'work', resources: [reads('a:1')] })),
    })
    await rollcall.cancel(first)
    for (const taskId of [taskIds[0], taskIds[499], taskIds[999]]) {
      const { response, reasons } = await look(taskId as string)
      assert.deepEqual([response, reasons], ['accepted', []])
    }
  })
})

describe('A start time', () => {
  test('is not lost when it is committed while the store is asked for the next one', async () => {
    const { store, clock, script, submit } = await world()
    await submit([], { start_after: inMs(1_000) })
    const asked = Promise.withResolvers<void>()
    const answer = Promise.withResolvers<void>()
    const ask = store.nextWakeMs.bind(store)
    store.nextWakeMs = async () => {
      const known = await ask()
      asked.resolve()
      await answer.promise
      return known
    }
    await clock.advance(1_000)
    await asked.promise
    const second = await submit([], { start_after: inMs(2_000) })
    answer.resolve()
    await clock.advance(1_000)
    assert.ok(script.live.has(second))
  })

  test('comes also while the group is suspended: the task takes its place, and does not start', async () => {
    const { rollcall, clock, submit, look, script } = await world()
    const { groupId, taskIds } = await rollcall.submitGroup({
      calls: [{ call: 'work', resources: [updates('a:1')], start_after: inMs(1_000) }],
    })
    await rollcall.changeGroup(groupId, 'suspend')
    await clock.advance(1_000)
    const behind = await submit([updates('a:1')])
    assert.deepEqual((await look(behind)).reasons, [updates('a:1')])
    assert.equal(script.live.size, 0)
    await rollcall.changeGroup(groupId, 'resume')
    assert.deepEqual([...script.live.keys()], taskIds)
  })

  test('in the past is no start time', async () => {
    const { submit, look } = await world()
    const taskId = await submit([], { start_after: inMs(-1_000) })
    const { state, response } = await look(taskId)
    assert.deepEqual([state, response], ['running', 'accepted'])
  })

  test('that a wall clock set forward has passed is noticed within half a minute', async () => {
    const { clock, script, submit } = await world()
    await submit([], { start_after: inMs(3_600_000) })
    clock.jump(7_200_000)
    await clock.advance(30_000)
    assert.equal(script.live.size, 1)
  })

  test('of 600 tasks at once starts them all', async () => {
    const { rollcall, clock, script } = await world(1_000)
    const { groupId } = await rollcall.submitGroup({
      calls: Array.from({ length: 600 }, () => ({ call: 'work', start_after: inMs(1_000) })),
    })
    await clock.advance(1_000)
    await quiet()
    assert.equal(script.live.size, 600)
    assert.equal((await rollcall.summary(groupId)).running, 600)
  })
})

describe('A dependant', () => {
  test('of a task that is held back waits for its turn, and starts after it', async () => {
    const { clock, script, submit, look } = await world()
    const held = await submit([], { start_after: inMs(1_000) })
    const after = await submit([updates('a:1')], { depends_on: [held] })
    const { response, reasons } = await look(after)
    assert.deepEqual([response, reasons], ['postponed', []])
    await clock.advance(1_000)
    assert.equal((await look(after)).response, 'accepted')
    ;(await script.of(held)).succeed()
    assert.equal((await look(after)).state, 'running')
  })

  test('is skipped with all that depend on it, 600 of them and in a chain', async () => {
    const { rollcall, script } = await world(1)
    const calls: CallRequest[] = Array.from({ length: 600 }, (_, nth) => ({
      call: 'work',
      id: `m${nth}`,
      depends_on: nth === 0 ? [] : [nth % 2 === 0 ? 'm0' : `m${nth - 1}`],
    }))
    const { groupId, taskIds } = await rollcall.submitGroup({ calls })
    ;(await script.of(taskIds[0] as string)).fail(new Error('it broke'))
    await quiet()
    const { error, skipped } = await rollcall.summary(groupId)
    assert.deepEqual({ error, skipped }, { error: 1, skipped: 599 })
  })

  test('in a cancelled group is canceled and not skipped, however large the group', async () => {
    const { rollcall } = await world(1)
    const calls: CallRequest[] = Array.from({ length: 700 }, (_, nth) => ({
      call: 'work',
      id: `m${nth}`,
      depends_on: nth === 699 ? [] : [`m${nth + 1}`],
    }))
    const { groupId, taskIds } = await rollcall.submitGroup({ calls })
    const running = taskIds[699] as string
    await rollcall.cancelGroup(groupId)
    assert.equal((await rollcall.report(running)).state, 'running')
    const { canceled, skipped } = await rollcall.summary(groupId)
    assert.deepEqual({ canceled, skipped }, { canceled: 699, skipped: 0 })
  })

  test('of a task in another group is skipped when that group is cancelled', async () => {
    const { rollcall, submit, look } = await world(1)
    await submit()
    const { groupId, taskIds } = await rollcall.submitGroup({ calls: [{ call: 'work' }] })
    const dependency = taskIds[0] as string
    const dependant = await submit([], { depends_on: [dependency] })
    await rollcall.cancelGroup(groupId)
    const { state, dependency_failures } = await look(dependant)
    assert.equal(state, 'skipped')
    assert.deepEqual(dependency_failures, {
      [dependency]: { expected: ['finished'], actual: 'canceled' },
    })
  })
})

describe('An error in a group with on_failure cancel', () => {
  test('cancels what waits, and what runs when it has stopped; a child cannot be added', async () => {
    const { rollcall, script } = await world(2)
    const { groupId, taskIds } = await rollcall.submitGroup({
      calls: [{ call: 'work' }, { call: 'work' }, { call: 'work' }],
      on_failure: 'cancel',
    })
    const [first, second] = [
      await script.of(taskIds[0] as string),
      await script.of(taskIds[1] as string),
    ]
    first.fail(new Error('it broke'))
    await quiet()
    assert.equal(second.context.signal.aborted, true)
    await assert.rejects(second.context.spawn('work', {}))
    const { error, running, canceled } = await rollcall.summary(groupId)
    assert.deepEqual({ error, running, canceled }, { error: 1, running: 1, canceled: 1 })
    second.succeed()
    await quiet()
    assert.equal((await rollcall.group(groupId)).value, 'settled')
  })
})

describe('Ready tasks', () => {
  test('start by priority, then in the order of their submission, whatever became ready first', async () => {
    const { script, submit } = await world(1)
    const first = await submit()
    const low = await submit([], { priority: -1 })
    const second = await submit()
    const third = await submit()
    const high = await submit([], { priority: 5 })
    for (const taskId of [first, high, second, third, low]) {
      assert.deepEqual([...script.live.keys()], [taskId])
      script.live.get(taskId)?.succeed()
      await quiet()
    }
  })
})
