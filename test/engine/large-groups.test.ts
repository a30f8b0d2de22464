// Groups so large that what is proportional to them must not sit in one call's arguments.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SLICE_LIMIT } from '../../machines/index.ts'
import { defineCall } from '../../server/calls.ts'
import { Rollcall } from '../../server/rollcall.ts'
import { sqliteStore } from '../../server/store/sqlite/store.ts'
import { quiet } from '../../server/testing/virtual-clock.ts'
import { temporaryFolder } from '../support/temp.ts'
import { Script, start } from './world.ts'

const noop = defineCall({ name: 'noop', run: () => null })
const forever = defineCall({
  name: 'forever',
  resources: () => [{ resource_type: 'lock', resource_id: 'one', operation: 'update' }],
  run: (_, { signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
    }),
})

test('a group of 60,000 tasks behind one that runs is submitted and cancelled whole', async t => {
  const rollcall = new Rollcall({
    calls: [noop, forever],
    store: sqliteStore(await temporaryFolder(t)),
  })
  const { taskIds } = await rollcall.submit({ call: forever })
  const calls = Array.from({ length: 60_000 }, () => ({
    call: noop,
    resources: [{ resource_type: 'lock', resource_id: 'one', operation: 'update' as const }],
  }))
  const { groupId } = await rollcall.submitGroup({ calls })
  await rollcall.cancelGroup(groupId)
  const { canceled, total } = await rollcall.summary(groupId)
  assert.deepEqual([canceled, total], [60_000, 60_000])
  await rollcall.cancel(taskIds[0] as string)
  await rollcall.close()
})

test('20,000 dependants are skipped when the task that they wait for is cancelled', async t => {
  const rollcall = new Rollcall({
    calls: [noop, forever],
    store: sqliteStore(await temporaryFolder(t)),
  })
  const { taskIds } = await rollcall.submit({ call: forever })
  const [blocker = ''] = taskIds
  const calls = Array.from({ length: 20_000 }, () => ({ call: noop, depends_on: [blocker] }))
  const { groupId } = await rollcall.submitGroup({ calls })
  await rollcall.cancel(blocker)
  await rollcall.until({
    read: () => rollcall.summary(groupId),
    done: ({ skipped }) => skipped === 20_000,
    concerns: ({ groups }) => groups.has(groupId),
    timeoutMs: 60_000,
  })
  assert.equal((await rollcall.summary(groupId)).skipped, 20_000)
  await rollcall.close()
})

test('a group whose handlers stop at once is cancelled slice by slice, not in one transaction', async () => {
  const script = new Script()
  const calls = [defineCall({ name: 'work', run: script.runPolitely })]
  const { rollcall } = await start({ calls, concurrency: 1 })
  const { groupId } = await rollcall.submitGroup({
    calls: Array.from({ length: 5_000 }, () => ({ call: 'work' })),
  })
  await quiet()
  let largest = 0
  rollcall.subscribe(({ tasks }) => {
    largest = Math.max(largest, tasks.size)
  })
  await rollcall.cancelGroup(groupId)
  await quiet()
  assert.equal((await rollcall.summary(groupId)).canceled, 5_000)
  assert.ok(largest <= 2 * SLICE_LIMIT, `${largest} tasks in one transaction`)
  assert.equal(script.started.length, 1)
})
