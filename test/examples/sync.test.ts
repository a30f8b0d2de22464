import assert from 'node:assert/strict'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { openMirror } from '../../examples/repositories/mirror.ts'
import { syncRepository } from '../../examples/repositories/sync.ts'
import {
  fileOf,
  filesBelow,
  folderFeed,
  httpFeed,
  run,
  temporaryFolder,
  temporaryMirror,
  writeFeed,
} from './feeds.ts'

test('a sync takes the feed as the version and counts what changed', async t => {
  const mirror = await temporaryMirror(t)
  const folder = await temporaryFolder(t)
  const feed = await writeFeed(folder, { a: 'one', b: 'two' })
  mirror.repositories.create('r', { feed }, 't1')
  assert.deepEqual(await syncRepository(mirror, 'r', null, run()), {
    added: 2,
    removed: 0,
    unchanged: 0,
    bytes: 6,
  })

  await writeFeed(folder, { a: 'one', b: 'changed', c: 'two' })
  assert.deepEqual(await syncRepository(mirror, 'r', null, run()), {
    added: 2,
    removed: 1,
    unchanged: 1,
    bytes: 7,
  })
  assert.deepEqual(mirror.repositories.version('r'), {
    number: 2,
    files: [fileOf('a', 'one'), fileOf('b', 'changed'), fileOf('c', 'two')],
  })
})

test('progress goes file by file and ends with everything done', async t => {
  const mirror = await temporaryMirror(t)
  const feed = await folderFeed(t, { a: 'one', b: 'three' })
  mirror.repositories.create('r', { feed }, 't1')
  const context = run()
  await syncRepository(mirror, 'r', null, context)
  assert.deepEqual(context.seen[0], {
    done: 0,
    total: 2,
    current: 'a',
    bytes_done: 0,
    bytes_total: 8,
  })
  assert.deepEqual(new Set(context.seen.map(({ current }) => current)), new Set(['a', 'b', null]))
  assert.deepEqual(context.seen.at(-1), {
    done: 2,
    total: 2,
    current: null,
    bytes_done: 8,
    bytes_total: 8,
  })
})

test('a feed given with the request is read instead of the repository’s own', async t => {
  const mirror = await temporaryMirror(t)
  mirror.repositories.create('r', {}, 't1')
  await assert.rejects(syncRepository(mirror, 'r', null, run()), { code: 'REP0005' })
  await syncRepository(mirror, 'r', await folderFeed(t, { a: 'one' }), run())
  assert.equal(mirror.repositories.version('r').files.length, 1)
})

const digest = fileOf('b', 'two').sha256
const wrongFeeds: [what: string, line: string, says: RegExp][] = [
  ['a size that is too small', `b,${digest},2`, /^b: .*2 bytes, the feed sent more/],
  ['a size that is too large', `b,${digest},4`, /^b: .*4 bytes, the file has 3/],
  ['a wrong digest', `b,${'0'.repeat(64)},3`, /^b: .*sha256/],
  ['a missing file', `gone,${'1'.repeat(64)},3`, /^gone: the feed has no such file/],
  ['a name that leaves the folder', `../b,${digest},3`, /^\.\.\/b: .*leaves the folder/],
]
for (const [what, line, says] of wrongFeeds) {
  test(`${what} is an error that names the file, and the old version stays`, async t => {
    const mirror = await temporaryMirror(t)
    const feed = await folderFeed(t, { a: 'one' })
    mirror.repositories.create('r', { feed }, 't1')
    await syncRepository(mirror, 'r', null, run())
    const before = mirror.repositories.version('r')

    const wrong = await folderFeed(
      t,
      { a: 'one', b: 'two' },
      `a,${fileOf('a', 'one').sha256},3\n${line}\n`,
    )
    await assert.rejects(syncRepository(mirror, 'r', wrong, run()), {
      code: 'REP0004',
      message: says,
    })
    assert.deepEqual(mirror.repositories.version('r'), before)
    assert.equal((await filesBelow(join(mirror.folder, 'content'))).length, 1)
  })
}

test('a sync stopped in the middle of a file leaves the old version and no temporary file', async t => {
  const mirror = await temporaryMirror(t)
  mirror.repositories.create('r', { feed: await folderFeed(t, { old: 'old' }) }, 't1')
  await syncRepository(mirror, 'r', null, run())
  const big = fileOf('big', 'x'.repeat(1_000_000))
  const stop = new AbortController()
  const feed = await httpFeed(t, {
    PULP_MANIFEST: `a,${fileOf('a', 'one').sha256},3\nbig,${big.sha256},${big.size}\n`,
    a: 'one',
    big: (_request, response) => void response.write('x'.repeat(1000)),
  })
  const stopInBig = {
    signal: stop.signal,
    progress: ({ bytes_done }: { bytes_done: number }) => {
      if (bytes_done > 3) stop.abort(new Error('stopped'))
    },
  }
  await assert.rejects(syncRepository(mirror, 'r', feed, stopInBig), /^Error: stopped$/)
  assert.deepEqual(mirror.repositories.version('r'), { number: 1, files: [fileOf('old', 'old')] })
  const content = await filesBelow(join(mirror.folder, 'content'))
  assert.equal(content.length, 2)
  assert.deepEqual(
    content.filter(name => name.endsWith('.part')),
    [],
  )
})

test('two repositories that sync the same content at once both have it', async t => {
  const mirror = await temporaryMirror(t)
  const feed = await folderFeed(t, { a: 'x'.repeat(900_000), b: 'two' })
  mirror.repositories.create('r1', { feed }, 't1')
  mirror.repositories.create('r2', { feed }, 't2')
  await Promise.all(['r1', 'r2'].map(id => syncRepository(mirror, id, null, run())))
  assert.deepEqual(mirror.repositories.version('r1'), mirror.repositories.version('r2'))
  assert.equal((await filesBelow(join(mirror.folder, 'content'))).length, 2)
})

test('what a stopped sync had fetched is not fetched again', async t => {
  const mirror = await temporaryMirror(t)
  const folder = await temporaryFolder(t)
  const feed = await writeFeed(folder, { a: 'one', b: 'two' })
  mirror.repositories.create('r', { feed }, 't1')
  await rm(join(folder, 'b'))
  await assert.rejects(syncRepository(mirror, 'r', null, run()))
  await writeFeed(folder, { a: 'one', b: 'two' })
  const { bytes } = await syncRepository(mirror, 'r', null, run())
  assert.equal(bytes, 3)
})

test('a second mirror on the same folder is refused and removes nothing', async t => {
  const mirror = await temporaryMirror(t)
  const before = await readdir(mirror.folder)
  await assert.rejects(openMirror(mirror.folder, '/pulp/api'), /another process/)
  assert.deepEqual(await readdir(mirror.folder), before)
})
