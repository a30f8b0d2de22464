// The memory store against the contract, and what it alone promises.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryStore } from '../../../server/store/memory.ts'
import { commit, puts, task } from './builders.ts'
import { storeSuite } from './suite.ts'

async function opened() {
  const store = memoryStore()
  await store.open()
  return store
}

storeSuite(opened)

test('What was put cannot be changed from outside, before or after it is read', async () => {
  const store = await opened()
  const mine = task(1, 'waiting', { args: { list: [1] } })
  await commit(store, ...puts(mine))
  mine.args.list = 'changed'
  const read = await store.task('t1')
  assert.deepEqual(read?.args, { list: [1] })
  assert.throws(() => (read.args.list as number[]).push(2), TypeError)
})
