// A large submission lets other work through while its calls are checked.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineCall, Type } from '../../server/index.ts'
import { type Clock, systemClock } from '../../server/ports.ts'
import { Rollcall } from '../../server/rollcall.ts'
import { memoryStore } from '../../server/store/memory.ts'

test('between two turns of the event loop at most 256 calls of a group are checked', async t => {
  let checked = 0
  let most = 0
  const clock: Clock = {
    ...systemClock,
    async turn() {
      checked = 0
      await systemClock.turn()
    },
  }
  const counted = defineCall({
    name: 'counted',
    args: Type.Object({ at: Type.Integer() }),
    tags: ({ at }) => {
      checked += 1
      most = Math.max(most, checked)
      return [`${at}`]
    },
    run: () => null,
  })
  const rollcall = new Rollcall({ calls: [counted], store: memoryStore(), clock })
  t.after(() => rollcall.close())
  const calls = Array.from({ length: 1_000 }, (_, at) => ({ call: counted, args: { at } }))
  const { groupId } = await rollcall.submitGroup({ calls, open: true })
  await rollcall.addToGroup(groupId, calls)
  assert.equal(most, 256)
  const reports = await Array.fromAsync(rollcall.reports({ groupId }))
  const ats = reports.map(({ tags }) => Number(tags[0]))
  assert.deepEqual(
    ats,
    [...calls, ...calls].map(({ args }) => args.at),
  )
})
