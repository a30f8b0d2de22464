// How long an engine remembers the keys of its clients.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineCall } from '../../server/calls.ts'
import { quiet } from '../../server/testing/virtual-clock.ts'
import { start } from './world.ts'

const HOUR_MS = 60 * 60 * 1_000

test('A key is remembered for 24 hours and more, and forgotten two days on while others come', async () => {
  const calls = [defineCall({ name: 'work', run: () => null })]
  const { rollcall, clock } = await start({ calls })
  const submit = async (key: string) => {
    const idempotency = { key, request: { call: 'work' } }
    const { taskIds } = await rollcall.submit({ call: 'work' }, { idempotency })
    return taskIds[0]
  }
  const first = await submit('one')
  for (let hour = 0; hour < 47; hour += 1) {
    await clock.advance(HOUR_MS)
    await submit(`other ${hour}`)
    assert.equal(await submit('one'), first)
  }
  await clock.advance(2 * HOUR_MS)
  await submit('another')
  await clock.advance(0)
  assert.notEqual(await submit('one'), first)
})

test('A key that added to a group gives the first answer when the group has been deleted since', async () => {
  const calls = [defineCall({ name: 'work', run: () => null })]
  const { rollcall } = await start({ calls })
  const { groupId } = await rollcall.submitGroup({ calls: [], open: true })
  const idempotency = { key: 'add', request: { calls: ['work'] } }
  const add = () => rollcall.addToGroup(groupId, [{ call: 'work' }], { idempotency })
  const first = await add()
  await quiet()
  await rollcall.changeGroup(groupId, 'close')
  await rollcall.purge(['finished'])
  await assert.rejects(rollcall.group(groupId), { code: 'RCL0005' })
  assert.deepEqual((await add()).taskIds, first.taskIds)
  await assert.rejects(rollcall.addToGroup(groupId, [{ call: 'work' }]), { code: 'RCL0005' })
})
