// Children that a run spawns: whose they are, what cancels them, and when there can be none.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { defineCall } from '../../server/calls.ts'
import { RejectedError } from '../../server/errors.ts'
import { quiet } from '../../server/testing/virtual-clock.ts'
import { deletes, updates } from '../support/builders.ts'
import { Script, start } from './world.ts'

async function family(concurrency = 10) {
  const script = new Script()
  const calls = [
    defineCall({ name: 'work', run: script.run }),
    defineCall({ name: 'firm', run: script.run, cancellable: false }),
  ]
  const world = await start({ calls, concurrency })
  const { groupId, taskIds } = await world.rollcall.submitGroup({ calls: [{ call: 'work' }] })
  const parent = await script.of(taskIds[0] as string)
  return { ...world, script, groupId, parent }
}

describe('A child', () => {
  test('is on disk when its id is given, in its parent’s group and among its children', async () => {
    const { parent, rollcall, groupId } = await family()
    const child = await parent.context.spawn('work', {})
    const { task_group_id } = await rollcall.report(child)
    assert.equal(task_group_id, groupId)
    const { spawned_tasks } = await rollcall.report(parent.taskId)
    assert.deepEqual(
      spawned_tasks.map(each => each.task_id),
      [child],
    )
    assert.equal((await rollcall.summary(groupId)).total, 2)
  })

  test('that conflicts with its running parent waits for the parent’s end', async () => {
    const { parent, look, rollcall, script } = await family()
    const { taskIds } = await rollcall.submit({ call: 'work', resources: [updates('a:1')] })
    const holder = await script.of(taskIds[0] as string)
    const child = await holder.context.spawn('work', {}, { resources: [updates('a:1')] })
    assert.equal((await look(child)).state, 'waiting')
    holder.succeed()
    assert.equal((await look(child)).state, 'running')
    assert.equal((await look(parent.taskId)).state, 'running')
  })

  test('that can never be served is refused, with the reasons', async () => {
    const { parent, rollcall } = await family(1)
    await rollcall.submit({ call: 'work', resources: [deletes('a:1')] })
    const spawned = parent.context.spawn('work', {}, { resources: [updates('a:1')] })
    await assert.rejects(spawned, (error: unknown) => {
      assert.ok(error instanceof RejectedError)
      assert.deepEqual(error.reasons, [deletes('a:1')])
      return true
    })
    assert.deepEqual((await rollcall.report(parent.taskId)).spawned_tasks, [])
  })

  test('is cancelled with its parent, and so are its own children', async () => {
    const { parent, rollcall, script, look } = await family()
    const child = await parent.context.spawn('work', {})
    const grandchild = await (await script.of(child)).context.spawn('work', {})
    const running = await script.of(grandchild)
    await rollcall.cancel(parent.taskId)
    await quiet()
    assert.equal(running.context.signal.aborted, true)
    running.fail(new Error('stopped'))
    assert.equal((await look(grandchild)).state, 'canceled')
  })

  test('that cannot be cancelled outlives its cancelled parent', async () => {
    const { parent, rollcall, script, look } = await family()
    const child = await script.of(await parent.context.spawn('firm', {}))
    await rollcall.cancel(parent.taskId)
    parent.succeed()
    child.succeed('done')
    assert.equal((await look(parent.taskId)).state, 'canceled')
    assert.equal((await look(child.taskId)).state, 'finished')
  })

  test('of a suspended group is suspended', async () => {
    const { parent, rollcall, groupId, look } = await family()
    await rollcall.changeGroup(groupId, 'suspend')
    const child = await parent.context.spawn('work', {})
    assert.equal((await look(child)).state, 'suspended')
  })

  test('outlives a parent that ends first, and its group settles after it', async () => {
    const { parent, rollcall, script, groupId } = await family()
    const child = await script.of(await parent.context.spawn('work', {}))
    parent.succeed()
    await quiet()
    assert.equal((await rollcall.group(groupId)).value, 'active.closed')
    child.succeed()
    await quiet()
    assert.equal((await rollcall.group(groupId)).value, 'settled')
  })
})

describe('No child can be spawned', () => {
  test('once the group’s cancellation is accepted, not even by a task that cannot be cancelled', async () => {
    const { rollcall, script } = await family()
    const { groupId, taskIds } = await rollcall.submitGroup({
      calls: [{ call: 'firm' }, { call: 'work' }],
    })
    const firm = await script.of(taskIds[0] as string)
    await rollcall.cancelGroup(groupId)
    await assert.rejects(firm.context.spawn('work', {}), { code: 'RCL0010' })
    assert.equal((await rollcall.summary(groupId)).total, 2)
  })

  test('once the parent’s cancellation is accepted', async () => {
    const { parent, rollcall, groupId } = await family()
    await rollcall.cancel(parent.taskId)
    await assert.rejects(parent.context.spawn('work', {}))
    assert.equal((await rollcall.summary(groupId)).total, 1)
  })

  test('by a run that has ended, or by an attempt that was replaced', async () => {
    const { parent, rollcall, groupId } = await family()
    parent.succeed()
    await quiet()
    await assert.rejects(parent.context.spawn('work', {}))
    assert.equal((await rollcall.summary(groupId)).total, 1)
  })
})
