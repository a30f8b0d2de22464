// How long an engine remembers the keys of its clients.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineCall } from '../../server/calls.ts'
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
