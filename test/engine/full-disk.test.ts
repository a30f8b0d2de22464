// A disk that fills up while several transactions are on their way to it: what was acknowledged is there,
// what was refused is not, and with room again everything goes on to its end.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import { isFinal } from '../../machines/index.ts'
import { defineCall } from '../../server/calls.ts'
import { StoreError } from '../../server/errors.ts'
import { Rollcall } from '../../server/rollcall.ts'
import { sqliteStore } from '../../server/store/sqlite/store.ts'
import type { Store } from '../../server/store/store.ts'
import { temporaryFolder } from '../support/temp.ts'

const SUBMISSIONS = 600

const work = defineCall({
  name: 'work',
  args: Type.Object({ nth: Type.Number(), filler: Type.String() }),
  resources: ({ nth }) => [
    { resource_type: 'shelf', resource_id: `${nth % 7}`, operation: 'update' },
  ],
  run: ({ nth }) => ({ nth }),
})

async function taskIds(store: Store): Promise<string[]> {
  const found: string[] = []
  for await (const { taskId } of store.tasks({})) found.push(taskId)
  return found
}

test('A full disk loses nothing that was acknowledged and keeps nothing that was refused', async t => {
  const folder = await temporaryFolder(t)
  const store = sqliteStore(folder, { pageCountMax: 250 })
  const full = new Rollcall({ calls: [work], store, concurrency: 4 })
  await full.ready()
  const filler = 'x'.repeat(2_000)
  const sent = Array.from({ length: SUBMISSIONS }, async (_, nth) => {
    // One after another, so that they are spread over many transactions.
    for (let turn = 0; turn < nth / 20; turn += 1)
      await new Promise(resolve => setImmediate(resolve))
    return full.submit({ call: work, args: { nth, filler } })
  })
  const outcomes = await Promise.allSettled(sent)
  const acknowledged = outcomes.flatMap(each =>
    each.status === 'fulfilled' ? each.value.taskIds : [],
  )
  const refused = outcomes.flatMap(each => (each.status === 'rejected' ? [each.reason] : []))
  assert.ok(acknowledged.length > 50, `${acknowledged.length} acknowledged`)
  assert.ok(refused.length > 50, `${refused.length} refused`)
  for (const error of refused) assert.ok(error instanceof StoreError, String(error))
  assert.deepEqual((await taskIds(store)).sort(), acknowledged.sort())
  await full.close()

  const roomy = sqliteStore(folder)
  const again = new Rollcall({ calls: [work], store: roomy, concurrency: 4 })
  t.after(() => again.close())
  assert.deepEqual((await taskIdsOnceReady(again, roomy)).sort(), acknowledged.sort())
  for (const taskId of acknowledged) {
    const { value, result, args } = await again.ended(taskId, 20_000)
    assert.ok(isFinal(value), `${taskId} is ${value}`)
    assert.deepEqual(result, { nth: args.nth })
  }
})

async function taskIdsOnceReady(rollcall: Rollcall, store: Store): Promise<string[]> {
  await rollcall.ready()
  return taskIds(store)
}
