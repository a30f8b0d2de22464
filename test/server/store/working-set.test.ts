// What is told of a task while transactions that change it are under way: how it is on disk, as they land one
// after another. And what is read before it is asked for.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Change, TaskValue } from '../../../machines/index.ts'
import { openReader, openWriter } from '../../../server/store/sqlite/connection.ts'
import { sqliteStore } from '../../../server/store/sqlite/store.ts'
import { WorkingSet } from '../../../server/store/sqlite/working-set.ts'
import { temporaryFolder } from '../../support/temp.ts'
import { commit, event, puts, task } from './builders.ts'

/** A working set over an empty database, and how its task `t1` is told. */
async function made(t: TestContext) {
  const path = join(await temporaryFolder(t), 'rollcall.db')
  openWriter(path, null).close()
  const reader = openReader(path)
  t.after(() => reader.close())
  const set = new WorkingSet(reader)
  let transaction = 0
  const work = (...changes: Change[]) => {
    transaction += 1
    const changed = set.begin(transaction)
    for (const change of changes) set.apply(change, changed)
    set.end()
  }
  const told = () => {
    const landed = set.landedTask('t1')
    return landed === undefined ? 'by its row' : (landed?.value ?? 'gone')
  }
  return { set, work, told }
}

const is = (value: TaskValue) => puts(task(1, value))
const isDeleted: Change[] = [{ type: 'task.delete', taskId: 't1' }]

test('A task is told as each of several transactions has left it, once that one has landed', async t => {
  const { set, work, told } = await made(t)
  work(...is('waiting'))
  work(...is('suspended'), ...is('running.executing'))
  work({ type: 'event.append', event: event(1, { taskId: 't1' }) })
  work(...is('finished'))
  const seen = [told()]
  for (const transaction of [1, 2, 3, 4]) {
    set.landed(transaction)
    seen.push(told())
  }
  assert.deepEqual(seen, [
    ...['by its row', 'waiting', 'running.executing', 'running.executing', 'finished'],
  ])
})

test('A task is told as it was for as long as its deletion has not landed', async t => {
  const { set, work, told } = await made(t)
  work(...is('finished'))
  set.landed(1)
  work(...isDeleted)
  const before = told()
  set.landed(2)
  assert.deepEqual([before, told()], ['finished', 'gone'])
})

test('A task that is changed and then deleted is told as each of the two has left it', async t => {
  const { set, work, told } = await made(t)
  work(...is('waiting'))
  set.landed(1)
  work(...is('finished'))
  work(...isDeleted)
  const seen = [told()]
  for (const transaction of [2, 3]) {
    set.landed(transaction)
    seen.push(told())
  }
  assert.deepEqual(seen, ['waiting', 'finished', 'gone'])
})

test('What is landed is told from memory until its row is written', async t => {
  const { set, work, told } = await made(t)
  work(...is('finished'))
  set.landed(1)
  const before = [told(), set.isWritten]
  set.applied(1)
  assert.deepEqual([...before, told(), set.isWritten], ['finished', false, 'by its row', true])
})

test('Tasks that are read together are there, but for those that are known to be otherwise', async t => {
  const folder = await temporaryFolder(t)
  const store = sqliteStore(folder)
  await store.open()
  await commit(store, ...puts(...[1, 2, 3, 4].map(seq => task(seq))))
  await store.close()
  const path = join(folder, 'rollcall.db')
  const reader = openReader(path)
  t.after(() => reader.close())
  const set = new WorkingSet(reader)
  const changed = set.begin(1)
  for (const change of [...is('finished'), { type: 'task.delete' as const, taskId: 't2' }])
    set.apply(change, changed)
  const ids = ['t1', 't2', 't3', 't4', 't5']
  const read = set.tasks(ids).map(({ taskId, value }) => `${taskId} ${value}`)
  assert.deepEqual(read, ['t1 finished', 't3 waiting', 't4 waiting'])
  // Who is asked for is not read again.
  const writer = openWriter(path, null)
  writer.exec('DELETE FROM tasks')
  writer.close()
  const values = ids.map(taskId => set.task(taskId)?.value)
  assert.deepEqual(values, ['finished', undefined, 'waiting', 'waiting', undefined])
  set.end()
  assert.equal(set.task('t3'), undefined, 'it was only looked at')
})
