// Transactions of the SQLite store while others are on their way to the disk, which takes them when the
// test lets it: one that fails takes nothing else with it, and nobody sees what is not on disk.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, type TestContext, test } from 'node:test'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { StoreError } from '../../../server/errors.ts'
import { sqliteStore } from '../../../server/store/sqlite/store.ts'
import { Writer } from '../../../server/store/sqlite/writer.ts'
import type { Store } from '../../../server/store/store.ts'
import { temporaryFolder } from '../../support/temp.ts'
import { commit, event, ids, load, puts, task } from './builders.ts'

/** A store, and what holds its disk back until the answer is called. */
async function opened(
  t: TestContext,
  pageCountMax?: number,
): Promise<{ store: Store; holdDisk: () => () => void }> {
  const folder = await temporaryFolder(t)
  const store = sqliteStore(folder, pageCountMax === undefined ? {} : { pageCountMax })
  await store.open()
  const other = new DatabaseSync(join(folder, 'rollcall.db'), { timeout: 1_000 })
  t.after(() => {
    other.close()
    return store.close()
  })
  const holdDisk = () => {
    other.exec('BEGIN IMMEDIATE')
    return () => other.exec('ROLLBACK')
  }
  return { store, holdDisk }
}

/** Tasks that are too many for one part. */
const MANY = 2_100

describe('A transaction that throws before it changed anything', () => {
  const broken = new Error('it broke')
  const thrown = (store: Store) =>
    assert.rejects(
      store.transaction(() => Promise.reject(broken)),
      broken,
    )

  test('shows readers nothing of those on their way', async t => {
    const { store, holdDisk } = await opened(t)
    await commit(store, ...puts(task(1)))
    const release = holdDisk()
    const underWay = commit(store, ...puts(task(1, 'finished'), task(2)))
    await thrown(store)
    const seen = [(await store.task('t1'))?.value, await store.task('t2')]
    release()
    await underWay
    assert.deepEqual(seen, ['waiting', null])
  })

  test('leaves them to the next one as they will be', async t => {
    const { store, holdDisk } = await opened(t)
    await commit(store, ...puts(task(1), task(2)))
    const release = holdDisk()
    const underWay = commit(store, ...puts(task(1, 'finished'), task(2, 'running.executing')))
    await thrown(store)
    const next = await new Promise(resolve => {
      void store.transaction(async tx => {
        const { tasks, ready } = await tx.load({ tasks: ['t1'], ready: { limit: 5 } }, 0)
        resolve([tasks.get('t1')?.value, ready.length])
      })
    })
    release()
    await underWay
    assert.deepEqual(next, ['finished', 0])
  })
})

test('A large transaction that fails before any part of it is written does not undo the one before it', async t => {
  const { store, holdDisk } = await opened(t)
  const release = holdDisk()
  const before = commit(store, ...puts(task(1)))
  const unwritable = task(2, 'waiting', { args: { n: 1n } as never })
  const others = Array.from({ length: MANY }, (_, n) => task(n + 3))
  await assert.rejects(commit(store, ...puts(unwritable, ...others)), TypeError)
  release()
  await before
  assert.equal(await ids(store, {}), 't1')
})

test('Tasks that a large transaction puts and deletes again leave no events', async t => {
  const { store } = await opened(t)
  const seqs = Array.from({ length: MANY }, (_, n) => n + 1)
  await store.transaction(async tx => {
    await tx.apply([
      ...puts(...seqs.map(seq => task(seq, 'skipped'))),
      ...seqs.map(seq => ({
        type: 'event.append' as const,
        event: event(seq, { taskId: `t${seq}` }),
      })),
    ])
    await tx.apply(seqs.map(seq => ({ type: 'task.delete', taskId: `t${seq}` })))
  })
  assert.deepEqual(await store.history({ afterEventId: 0, limit: 10 }), [])
})

test('A reader by tag is told what is on disk when what was on its way does not get there', async t => {
  const { store, holdDisk } = await opened(t, 60)
  await commit(store, ...puts(task(1, 'waiting', { tags: ['a'] })))
  const release = holdDisk()
  const args = { filler: 'x'.repeat(400_000) }
  const refused = assert.rejects(
    commit(store, ...puts(task(2, 'waiting', { tags: ['a'], args }))),
    StoreError,
  )
  const read = ids(store, { tags: ['a'], states: 'unfinished' })
  // Worked after the reader has looked: it waits for the disk by now.
  await new Promise<void>(resolve => {
    store.transaction(async () => resolve()).catch(() => {})
  })
  release()
  await refused
  assert.equal(await read, 't1')
})

describe('While rows cannot be written, a list tells what is on disk', () => {
  test('and nothing of a large transaction that is written in part', async t => {
    const { store } = await opened(t)
    await commit(store, ...puts(task(1), task(2)))
    const proceed = Promise.withResolvers<void>()
    const written = Promise.withResolvers<void>()
    const large = store.transaction(async tx => {
      await tx.apply(puts(...Array.from({ length: MANY }, (_, n) => task(n + 3))))
      written.resolve()
      await proceed.promise
    })
    await written.promise
    const before = await ids(store, {})
    proceed.resolve()
    await large
    assert.equal(before, 't1 t2')
    assert.equal(await store.count({}), MANY + 2)
  })

  test('because the disk is full, as one task after another is told', async t => {
    const { store } = await opened(t, 60)
    const filler = 'x'.repeat(3_000)
    const acknowledged: string[] = []
    for (let seq = 1; ; seq += 1) {
      try {
        await commit(store, ...puts(task(seq, 'waiting', { args: { filler }, tags: ['a'] })))
      } catch (error) {
        assert.ok(error instanceof StoreError, String(error))
        break
      }
      acknowledged.push(`t${seq}`)
    }
    assert.ok(acknowledged.length > 5)
    assert.equal(await ids(store, {}), acknowledged.join(' '))
    assert.equal(await ids(store, { tags: ['a'] }), acknowledged.join(' '))
    assert.equal(await store.count({ states: ['waiting'], tags: ['a'] }), acknowledged.length)
  })
})

test('A task whose row is written while a transaction looks at it is changed where others find it', async t => {
  const { store } = await opened(t)
  await commit(store, ...puts(task(1, 'finished')))
  const append = (eventId: number) => ({
    type: 'event.append' as const,
    event: event(eventId, { taskId: 't1' }),
  })
  await store.transaction(async tx => {
    await tx.load({ tasks: ['t1'] }, 0)
    // At rest rows are written; what has ended is let go of then.
    await sleep(400)
    await tx.apply([append(5)])
  })
  await commit(store, append(6))
  const found = await store.history({ taskId: 't1', afterEventId: 0, limit: 9 })
  assert.deepEqual(
    found.map(({ eventId }) => eventId),
    [5, 6],
  )
})

test('Who reads a list while the store is closed is answered', async t => {
  const { store } = await opened(t)
  await commit(store, ...puts(...Array.from({ length: 500 }, (_, n) => task(n + 1))))
  const counts = Array.from({ length: 5 }, () => store.count({}))
  await store.close()
  assert.deepEqual(await Promise.all(counts), [500, 500, 500, 500, 500])
  await assert.rejects(store.count({}), StoreError)
})

test('Purging goes on behind what was purged, and comes back for what ends later', async t => {
  const { store } = await opened(t)
  const ended = Array.from({ length: 9 }, (_, n) => task(n + 2, 'finished'))
  await commit(store, ...puts(task(1), ...ended))
  await store.count({})
  const next = async () => {
    const { purgeable } = await load(store, { purgeable: { states: ['finished'], limit: 3 } })
    await commit(store, ...purgeable.map(taskId => ({ type: 'task.delete' as const, taskId })))
    return purgeable.join(' ')
  }
  const first = [await next(), await next()]
  await commit(store, ...puts(task(1, 'finished')))
  await store.count({})
  assert.deepEqual(
    [...first, await next(), await next()],
    ['t2 t3 t4', 't5 t6 t7', 't1 t8 t9', 't10'],
  )
})

describe('A writing thread', () => {
  const opening = (thread: Worker) => Writer.open(thread)
  const threadOf = (code: string) => new Worker(code, { eval: true })

  test('that throws before it has opened the database is a failure of the store', () =>
    assert.rejects(opening(threadOf('throw new Error("no memory")')), (error: Error) => {
      assert.ok(error instanceof StoreError, String(error))
      assert.match(String(error.cause), /no memory/)
      return true
    }))

  test('that ends before it has opened the database is a failure of the store', () =>
    assert.rejects(opening(threadOf('process.exit(1)')), StoreError))

  test('is not waited for when it could not be given a transaction', async t => {
    const path = join(await temporaryFolder(t), 'rollcall.db')
    const writer = await opening(Writer.thread({ path, pageCountMax: null }))
    t.after(() => writer.close())
    const unpostable = { sql: 'SELECT ?', width: 1, values: [(() => {}) as never] }
    const batch = { entries: [], size: 1, runs: [unpostable] }
    assert.throws(() => writer.commit(1, batch), /could not be cloned/)
    const settled = writer.settled().then(() => 'settled')
    assert.equal(await Promise.race([settled, setImmediate('waits')]), 'settled')
  })
})
