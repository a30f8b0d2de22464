// What is kept of committed rows: never older than what anybody has been told or has seen.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CommittedCache, Horizon } from '../../server/committed-cache.ts'

interface Row {
  rev: number
  bytes: number
}

/** A cache over rows whose reads are answered when the test says so. */
function cacheOf(limits: { entriesMax?: number; bytesMax?: number; entryBytesMax?: number } = {}) {
  const horizon = new Horizon()
  const { entriesMax = 100, bytesMax = 1_000, entryBytesMax = 500 } = limits
  const cache = new CommittedCache<Row>({
    entriesMax,
    bytesMax,
    entryBytesMax,
    sizeOf: ({ bytes }) => bytes,
    horizon,
  })
  const reads: {
    key: string
    answer: (rev: number) => Promise<void>
    fail: () => Promise<void>
  }[] = []
  const read = (key: string, bytes = 10) =>
    cache.read(key, () => {
      const { promise, resolve, reject } = Promise.withResolvers<Row>()
      const done = () => promise.then(() => {}).catch(() => {})
      reads.push({
        key,
        answer: rev => {
          resolve({ rev, bytes })
          return done()
        },
        fail: () => {
          reject(new Error('the store cannot be read'))
          return done()
        },
      })
      return promise
    })
  const kept = async (key: string, rev: number, bytes = 10) => {
    const value = read(key, bytes)
    await reads.at(-1)?.answer(rev)
    assert.equal((await value).rev, rev)
  }
  return { cache, horizon, reads, read, kept }
}

test('a value that is kept is given at once, without a read', async () => {
  const { kept, read, reads } = cacheOf()
  await kept('a', 1)
  assert.deepEqual(read('a'), { rev: 1, bytes: 10 })
  assert.equal(reads.length, 1)
})

test('readers of the same key share one read, and those of another do not', async () => {
  const { read, reads } = cacheOf()
  const values = Promise.all([read('a'), read('a'), read('b')])
  assert.deepEqual(
    reads.map(({ key }) => key),
    ['a', 'b'],
  )
  for (const { answer } of reads) await answer(1)
  await values
})

test('what a commit has changed is read again', async () => {
  const { cache, kept, read, reads } = cacheOf()
  await kept('a', 1)
  cache.drop('a')
  const value = read('a')
  await reads[1]?.answer(2)
  assert.equal((await value).rev, 2)
})

test('a read that began before a commit and ends after it is not kept', async () => {
  const { cache, read, reads } = cacheOf()
  const before = read('a')
  cache.drop('a')
  await reads[0]?.answer(1)
  assert.equal((await before).rev, 1)
  void read('a')
  assert.equal(reads.length, 2)
})

test('who asks after a commit does not share a read that began before it', async () => {
  const { cache, read, reads } = cacheOf()
  const before = read('a')
  cache.drop('a')
  const after = read('a')
  await reads[1]?.answer(2)
  await reads[0]?.answer(1)
  assert.deepEqual([(await before).rev, (await after).rev], [1, 2])
  assert.deepEqual(read('a'), { rev: 2, bytes: 10 })
})

test('an overtaken read that ends late does not end the sharing of the later one', async () => {
  const { cache, read, reads } = cacheOf()
  void read('a')
  cache.drop('a')
  void read('a')
  await reads[0]?.answer(1)
  void read('a')
  assert.equal(reads.length, 2)
})

test('a read that fails is told to all who share it, and the next one reads again', async () => {
  const { read, reads } = cacheOf()
  const values = [read('a'), read('a')]
  const told = values.map(value => assert.rejects(Promise.resolve(value), /cannot be read/))
  await reads[0]?.fail()
  await Promise.all(told)
  const again = read('a')
  await reads[1]?.answer(1)
  assert.equal((await again).rev, 1)
})

test('while somebody has seen a change that is not told yet, nothing that is kept is given', async () => {
  const { horizon, kept, read, reads } = cacheOf()
  horizon.tell(1)
  await kept('a', 1)
  horizon.see(2)
  const meanwhile = read('a')
  await reads[1]?.answer(2)
  assert.equal((await meanwhile).rev, 2)
  horizon.tell(2)
  // The commit did not change it: what was kept is true still.
  assert.deepEqual(read('a'), { rev: 1, bytes: 10 })
})

test('a read that began before a change was seen is not shared after it', async () => {
  const { horizon, read, reads } = cacheOf()
  const before = read('a')
  horizon.see(2)
  const after = read('a')
  await reads[0]?.answer(1)
  await reads[1]?.answer(2)
  assert.deepEqual([(await before).rev, (await after).rev], [1, 2])
})

test('the least lately asked for goes when there is no room', async () => {
  const { cache, kept, read, reads } = cacheOf({ bytesMax: 300 })
  for (const key of ['a', 'b', 'c']) await kept(key, 1, 100)
  void read('a')
  await kept('d', 1, 100)
  assert.equal(cache.bytes, 300)
  assert.equal(reads.length, 4)
  for (const key of ['a', 'c', 'd']) void read(key)
  assert.equal(reads.length, 4)
  void read('b')
  assert.equal(reads.length, 5)
})

test('however many keys are asked for, so many are kept as there is room for', async () => {
  const { cache, kept } = cacheOf({ entriesMax: 7, bytesMax: 1_000 })
  for (let at = 0; at < 1_000; at += 1) await kept(`k${at}`, 1, 10)
  assert.equal(cache.bytes, 70)
})

test('what is larger than an entry may be is given, and not kept', async () => {
  const { cache, kept } = cacheOf({ entryBytesMax: 50 })
  await kept('a', 1, 51)
  assert.equal(cache.bytes, 0)
})
