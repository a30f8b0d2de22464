// Decide, commit, act: what the engine says and does before, after and without a commit.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { TaskSpec } from '../../machines/index.ts'
import { defineCall } from '../../server/calls.ts'
import { Engine } from '../../server/engine.ts'
import { StoreError, UnavailableError } from '../../server/errors.ts'
import { systemIds } from '../../server/ports.ts'
import { memoryStore } from '../../server/store/memory.ts'
import { FaultyStore } from '../../server/testing/faulty-store.ts'
import { quiet, VirtualClock } from '../../server/testing/virtual-clock.ts'
import { spec, updates } from '../support/builders.ts'
import { Script, start } from './world.ts'

function work(script = new Script()) {
  return { script, calls: [defineCall({ name: 'work', run: script.run })] }
}

describe('Before the commit', () => {
  test('nobody gets a reply, no handler starts, and readers see nothing', async () => {
    const { script, calls } = work()
    const { rollcall, store } = await start({ calls })
    const release = store.hold()
    let replied = false
    const sent = rollcall.submit({ call: 'work' }).then(submitted => {
      replied = true
      return submitted
    })
    let seen = -1
    const counted = store.count({}).then(count => {
      seen = count
    })
    await quiet()
    assert.deepEqual([replied, script.started.length, seen <= 0], [false, 0, true])

    release()
    const { taskIds } = await sent
    await counted
    assert.deepEqual(script.started, taskIds)
  })

  test('a handler is not aborted, and its cancellation is not answered', async () => {
    const { script, calls } = work()
    const { rollcall, store } = await start({ calls })
    const { taskIds } = await rollcall.submit({ call: 'work' })
    const live = await script.of(taskIds[0] as string)
    const release = store.hold()
    const canceling = rollcall.cancel(live.taskId)
    await quiet()
    assert.equal(live.context.signal.aborted, false)
    release()
    await canceling
    assert.equal(live.context.signal.aborted, true)
  })
})

describe('A refused commit', () => {
  test('leaves nothing, starts nothing, and is told to the sender', async () => {
    const { script, calls } = work()
    const { rollcall, store, clock } = await start({ calls })
    const before = await store.rev()
    store.refuse(1)
    const group = rollcall.submitGroup({ calls: [{ call: 'work' }, { call: 'work' }] })
    await assert.rejects(group, StoreError)
    await clock.advance(1_000)
    assert.equal(await store.count({}), 0)
    assert.equal(await store.rev(), before)
    assert.deepEqual(script.started, [])
  })

  test('is tried again for what a handler reports, until the store takes it', async () => {
    const { script, calls } = work()
    const { rollcall, store, clock } = await start({ calls })
    const { taskIds } = await rollcall.submit({ call: 'work' })
    const live = await script.of(taskIds[0] as string)
    store.refuse(5)
    live.succeed({ added: 3 })
    await quiet()
    assert.equal((await rollcall.report(live.taskId)).state, 'running')
    await clock.advance(10_000)
    const { state, result } = await rollcall.report(live.taskId)
    assert.deepEqual([state, result], ['finished', { added: 3 }])
    assert.equal(rollcall.engine.refusals, 0)
  })

  test('gives the same slots to the same tasks once the store works again', async () => {
    const { script, calls } = work()
    const { rollcall, store, clock } = await start({ calls, concurrency: 1 })
    const first = await rollcall.submit({ call: 'work' })
    const second = await rollcall.submit({ call: 'work' })
    store.refuse(2)
    ;(await script.of(first.taskIds[0] as string)).succeed()
    await quiet()
    assert.equal(script.started.length, 1)
    await clock.advance(1_000)
    assert.deepEqual(script.started, [...first.taskIds, ...second.taskIds])
  })
})

describe('A process that dies at a commit', () => {
  for (const moment of ['before', 'after'] as const) {
    test(`just ${moment} it: a group is there ${moment === 'after' ? 'whole and runs' : 'not at all'}`, async () => {
      const { script, calls } = work()
      const world = await start({ calls })
      world.store.dieAt(moment)
      const lost = world.rollcall.submitGroup({ calls: [{ call: 'work' }, { call: 'work' }] })
      const answered = await Promise.race([lost.then(() => true), quiet().then(() => false)])
      assert.equal(answered, false)
      const next = await world.restart()
      const count = moment === 'after' ? 2 : 0
      assert.equal(await next.store.count({}), count)
      assert.equal(script.started.length, count)
    })
  }

  test('when a handler has ended and that is not on disk, runs the handler again', async () => {
    const { script, calls } = work()
    const world = await start({ calls })
    const { taskIds } = await world.rollcall.submit({ call: 'work' })
    world.store.dieAt('before')
    ;(await script.of(taskIds[0] as string)).succeed()
    await quiet()
    const next = await world.restart()
    const again = await script.of(taskIds[0] as string)
    assert.equal(again.context.attempt, 2)
    again.succeed()
    assert.equal((await next.look(again.taskId)).state, 'finished')
  })

  test('when a handler has ended and that is on disk, does not run it again', async () => {
    const { script, calls } = work()
    const world = await start({ calls })
    const { taskIds } = await world.rollcall.submit({ call: 'work' })
    world.store.dieAt('after')
    ;(await script.of(taskIds[0] as string)).succeed()
    await quiet()
    const next = await world.restart()
    assert.equal((await next.look(taskIds[0] as string)).state, 'finished')
    assert.equal(script.started.length, 1)
  })
})

describe('One batch', () => {
  const engineOn = async (store = new FaultyStore(memoryStore())) => {
    await store.open()
    return { store, engine: new Engine({ store, clock: new VirtualClock(), ids: systemIds }) }
  }
  const submit = (fields: Partial<TaskSpec> = {}) => ({
    type: 'tasks.submit' as const,
    specs: [spec(fields)],
    group: null,
    idempotency: null,
  })

  test('takes all the commands that wait, and commits once', async () => {
    const { engine, store } = await engineOn()
    await Promise.all(Array.from({ length: 100 }, () => engine.send(submit())))
    assert.equal(store.commits, 1)
    assert.equal(await store.count({}), 100)
  })

  test('goes on without a command that breaks an assertion', async () => {
    const { engine, store } = await engineOn()
    const [first, second, third] = await Promise.allSettled([
      engine.send(submit()),
      engine.send({ ...submit(), specs: undefined as unknown as TaskSpec[] }),
      engine.send(submit({ resources: [updates('repo:1')] })),
    ])
    assert.deepEqual(
      [first?.status, second?.status, third?.status],
      ['fulfilled', 'rejected', 'fulfilled'],
    )
    assert.equal(await store.count({}), 2)
  })

  test('that is on disk is not taken again when a listener throws', async () => {
    const { engine, store } = await engineOn()
    const failure = new Error('a listener threw')
    engine.subscribe(() => {
      throw failure
    })
    const sent = Promise.all([engine.send(submit()), engine.send(submit())])
    await assert.rejects(engine.drain(), failure)
    const replies = await sent
    assert.deepEqual(
      replies.map(each => each.outcome),
      ['submitted', 'submitted'],
    )
    assert.equal(await store.count({}), 2)
  })

  test('is refused beyond what the mailbox holds, and the rest goes through', async () => {
    const store = new FaultyStore(memoryStore())
    await store.open()
    const parts = { store, clock: new VirtualClock(), ids: systemIds, mailboxLimit: 2 }
    const engine = new Engine(parts)
    const sent = [1, 2, 3].map(() => engine.send(submit()))
    await assert.rejects(sent[2] as Promise<unknown>, UnavailableError)
    await Promise.all(sent.slice(0, 2))
    assert.equal(await store.count({}), 2)
  })
})

describe('Cancelling a group of 5,000', () => {
  test('lets other commands through in between, and answers when all are cancelled', async () => {
    const { calls } = work()
    const { rollcall, store } = await start({ calls, concurrency: 1 })
    const many = Array.from({ length: 5_000 }, () => ({ call: 'work' }))
    const { groupId } = await rollcall.submitGroup({ calls: many })
    let answered = false
    const canceling = rollcall.cancelGroup(groupId).then(() => {
      answered = true
    })
    await rollcall.submit({ call: 'work' })
    await rollcall.submit({ call: 'work' })
    assert.equal(answered, false)
    await canceling
    const { waiting, canceled } = await rollcall.summary(groupId)
    assert.deepEqual({ waiting, canceled }, { waiting: 0, canceled: 4_999 })
    assert.ok(store.commits < 40, `${store.commits} commits`)
  })

  test('starts none of them after the first commit, whatever slots become free', async () => {
    const { script, calls } = work()
    const { rollcall } = await start({ calls, concurrency: 1 })
    const many = Array.from({ length: 5_000 }, () => ({ call: 'work' }))
    const { groupId, taskIds } = await rollcall.submitGroup({ calls: many })
    const live = await script.of(taskIds[0] as string)
    const canceling = rollcall.cancelGroup(groupId)
    await new Promise(resolve => live.context.signal.addEventListener('abort', resolve))
    live.fail(new Error('stopped'))
    await canceling
    await quiet()
    assert.equal(script.started.length, 1)
    assert.equal((await rollcall.summary(groupId)).canceled, 5_000)
  })
})
