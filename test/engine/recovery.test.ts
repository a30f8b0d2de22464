// What a restart takes up: interrupted attempts, cancellations and suspensions that were under way.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { defineCall } from '../../server/calls.ts'
import { RERUNS_MAX } from '../../server/recovery.ts'
import { quiet } from '../../server/testing/virtual-clock.ts'
import { failed, spec, updates } from '../support/builders.ts'
import { Script, start } from './world.ts'

async function running(definition: Partial<Parameters<typeof defineCall>[0]> = {}, polite = false) {
  const script = new Script()
  const run = polite ? script.runPolitely : script.run
  const call = defineCall({ ...definition, name: 'work', run })
  const world = await start({ calls: [call], concurrency: 2 })
  const { groupId, taskIds } = await world.rollcall.submitGroup({ calls: [{ call: 'work' }] })
  const taskId = taskIds[0] as string
  const live = await script.of(taskId)
  const crash = () => {
    script.forget()
    return world.restart()
  }
  return { ...world, script, taskId, groupId, live, crash }
}

describe('After a crash', () => {
  test('what ran runs again, and its attempt tells', async () => {
    const { crash, script, taskId } = await running()
    const next = await crash()
    const again = await script.of(taskId)
    assert.equal(again.context.attempt, 2)
    again.succeed('done')
    const { state, attempt, result } = await next.look(taskId)
    assert.deepEqual([state, attempt, result], ['finished', 2, 'done'])
  })

  test('what asks not to be run again ends in error', async () => {
    const { crash, script, taskId } = await running({ onInterrupted: 'fail' })
    const next = await crash()
    const { state, error } = await next.look(taskId)
    assert.deepEqual([state, error?.code], ['error', 'RCL0018'])
    assert.equal(script.live.size, 0)
  })

  test('what kills the process each time ends in error after its reruns', async () => {
    const { script, taskId, restart } = await running()
    let world = { restart }
    for (let crashes = 1; crashes <= RERUNS_MAX; crashes += 1) {
      script.forget()
      const next = await world.restart()
      assert.equal((await script.of(taskId)).context.attempt, crashes + 1)
      world = next
    }
    script.forget()
    const { state, error } = await (await world.restart()).look(taskId)
    assert.deepEqual([state, error?.code], ['error', 'RCL0018'])
    assert.equal(script.started.length, RERUNS_MAX + 1)
  })

  test('what was being cancelled is canceled, and does not run again', async () => {
    const { rollcall, crash, script, taskId } = await running()
    await rollcall.cancel(taskId)
    const next = await crash()
    assert.equal((await next.look(taskId)).state, 'canceled')
    assert.equal(script.live.size, 0)
  })

  test('what has a timeout to answer for runs again', async () => {
    const { clock, crash, script, taskId } = await running({ timeoutMs: 1_000 })
    await clock.advance(1_000)
    await crash()
    assert.equal((await script.of(taskId)).context.attempt, 2)
  })

  test('a retry that waited keeps its time', async () => {
    const retry = { limit: 1, delayMs: 5_000, backoff: 'fixed' } as const
    const { clock, live, crash, script } = await running({ retry })
    live.fail(new Error('first'))
    await clock.advance(2_000)
    await crash()
    await clock.advance(2_999)
    assert.equal(script.live.size, 0)
    await clock.advance(1)
    assert.equal(script.live.size, 1)
  })

  test('a cancellation of 2,000 that was cut short is finished before anything starts', async () => {
    const script = new Script()
    const world = await start({
      calls: [defineCall({ name: 'work', run: script.run })],
      concurrency: 1,
    })
    await world.rollcall.submit({ call: 'work', resources: [updates('a:1')] })
    const { groupId } = await world.rollcall.submitGroup({
      calls: Array.from({ length: 2_000 }, () => ({ call: 'work' })),
    })
    const before = world.store.commits
    const cut = new Promise<void>(resolve => {
      const unsubscribe = world.rollcall.subscribe(() => {
        if (world.store.commits < before + 2) return
        unsubscribe()
        world.store.dieAt('before')
        resolve()
      })
    })
    void world.rollcall.cancelGroup(groupId)
    await cut
    await quiet()
    script.forget()
    const next = await world.restart()
    const { waiting, canceled } = await next.rollcall.summary(groupId)
    assert.deepEqual({ waiting, canceled }, { waiting: 0, canceled: 2_000 })
    assert.equal(script.started.length, 2)
  })

  test('a suspended group stays suspended, with what had run in it', async () => {
    const { rollcall, crash, groupId, taskId, script } = await running()
    await rollcall.changeGroup(groupId, 'suspend')
    const next = await crash()
    assert.equal((await next.look(taskId)).state, 'suspended')
    assert.equal(script.live.size, 0)
    await next.rollcall.changeGroup(groupId, 'resume')
    assert.equal((await script.of(taskId)).context.attempt, 2)
  })

  test('a report of the process that died changes nothing', async () => {
    const { live, crash, taskId } = await running()
    const next = await crash()
    live.succeed('too late')
    const { state, result } = await next.look(taskId)
    assert.deepEqual([state, result], ['running', null])
  })
})

describe('A report of an attempt that was replaced', () => {
  test('is stale, and neither ends the attempt that runs nor spawns for it', async () => {
    const { crash, taskId, script } = await running()
    const { rollcall, look } = await crash()
    await script.of(taskId)
    const { engine } = rollcall
    const about = { taskId, attempt: 1 }
    const progress = { done: 9 }
    const replies = [
      await engine.send({ type: 'task.succeeded', ...about, result: 1, location: null }),
      await engine.send({ type: 'task.failed', ...about, failure: failed(), retryAtMs: null }),
      await engine.send({ type: 'task.progressed', ...about, progress }),
      await engine.send({ type: 'task.timed_out', ...about }),
    ]
    assert.deepEqual(replies, Array(4).fill({ outcome: 'stale' }))
    const spawned = { type: 'task.spawn', parentId: taskId, attempt: 1, spec: spec() } as const
    assert.deepEqual(await engine.send(spawned), { outcome: 'parent_replaced' })
    const { state, attempt, progress: seen } = await look(taskId)
    assert.deepEqual([state, attempt, seen], ['running', 2, {}])
  })
})

describe('Closing', () => {
  test('lets what runs end within the grace, and starts nothing more', async () => {
    const { rollcall, script, taskId, live, store } = await running()
    const second = await rollcall.submit({ call: 'work', resources: [updates('a:1')] })
    await rollcall.submit({ call: 'work', resources: [updates('a:1')] })
    const closing = rollcall.close(60_000)
    await quiet()
    await assert.rejects(rollcall.submit({ call: 'work' }), { code: 'RCL0014' })
    live.succeed('done')
    ;(await script.of(second.taskIds[0] as string)).succeed()
    await closing
    assert.equal(script.started.length, 2)
    await store.open()
    assert.equal((await store.task(taskId))?.value, 'finished')
    assert.equal(await store.count({ states: ['waiting'] }), 1)
  })

  test('interrupts what runs after the grace; it waits, and the next process runs it again', async () => {
    const { rollcall, clock, script, taskId, restart } = await running({}, true)
    const closing = rollcall.close(1_000)
    await clock.advance(1_000)
    await closing
    assert.equal(script.live.size, 0)
    const next = await restart()
    assert.equal((await script.of(taskId)).context.attempt, 2)
    assert.equal((await next.look(taskId)).state, 'running')
  })

  test('uses up no retry: what it interrupted may still fail as often as its call allows', async () => {
    const retry = { limit: 1, delayMs: 0, backoff: 'fixed' as const }
    const { rollcall, clock, script, taskId, restart } = await running({ retry }, true)
    const closing = rollcall.close(0)
    await clock.advance(1_000)
    await closing
    const next = await restart()
    ;(await script.of(taskId)).fail(new Error('once'))
    await clock.advance(0)
    ;(await script.of(taskId)).succeed('done')
    const { state, attempt } = await next.look(taskId)
    assert.deepEqual([state, attempt], ['finished', 3])
  })

  test('leaves a handler that does not stop to the next start', async () => {
    const { rollcall, clock, script, taskId, restart, logged } = await running()
    const closing = rollcall.close(0)
    await clock.advance(1_000)
    await closing
    assert.equal(logged.length, 1)
    script.forget()
    await restart()
    assert.equal((await script.of(taskId)).context.attempt, 2)
  })
})
