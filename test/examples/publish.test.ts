import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { Publications } from '../../examples/repositories/publications.ts'
import { publishIndex, publishRepository } from '../../examples/repositories/publish.ts'
import { syncRepository } from '../../examples/repositories/sync.ts'
import { filesBelow, run, temporaryFolder, temporaryMirror, writeFeed } from './feeds.ts'

const quiet = { signal: new AbortController().signal, progress: () => {} }

async function syncedRepository(t: TestContext, files: Record<string, string>) {
  const mirror = await temporaryMirror(t)
  const feedFolder = await temporaryFolder(t)
  const feed = await writeFeed(feedFolder, files)
  mirror.repositories.create('r', { feed }, 't1')
  await syncRepository(mirror, 'r', null, run())
  return { mirror, feedFolder, published: join(mirror.folder, 'published', 'r') }
}

test('a published folder is a feed of its own: it syncs to the same version', async t => {
  const { mirror, published } = await syncedRepository(t, { a: 'one', 'b/c, d.txt': 'two' })
  const result = await publishRepository(mirror, 'r', null, quiet)
  assert.deepEqual(result, { _href: '/published/r/PULP_MANIFEST', version: 1, files: 2, bytes: 6 })
  mirror.repositories.create('copy', { feed: `file://${published}` }, 't2')
  await syncRepository(mirror, 'copy', null, run())
  assert.deepEqual(
    mirror.repositories.version('copy').files,
    mirror.repositories.version('r').files,
  )
})

test('published files share their bytes with the content store', async t => {
  const { mirror, published } = await syncedRepository(t, { a: 'one' })
  await publishRepository(mirror, 'r', null, quiet)
  const [file] = mirror.repositories.version('r').files
  assert(file)
  assert.equal(
    (await stat(join(published, 'a'))).ino,
    (await stat(mirror.content.path(file.sha256))).ino,
  )
})

test('publishing again swaps the folder and removes the old one', async t => {
  const { mirror, feedFolder, published } = await syncedRepository(t, { a: 'one' })
  await publishRepository(mirror, 'r', null, quiet)
  await writeFeed(feedFolder, { b: 'two' })
  await syncRepository(mirror, 'r', null, run())
  assert.deepEqual((await readdir(published)).sort(), ['PULP_MANIFEST', 'a'])
  await publishRepository(mirror, 'r', null, quiet)
  assert.deepEqual((await readdir(published)).sort(), ['PULP_MANIFEST', 'b'])
  assert.equal((await readdir(join(mirror.folder, 'publications', 'r'))).length, 1)
})

test('a reader that looks while folders are swapped sees whole versions only', async t => {
  const { mirror, feedFolder, published } = await syncedRepository(t, { n: '0' })
  await publishRepository(mirror, 'r', null, quiet)
  let swapping = true
  const manifests = new Set<string>()
  const reading = (async () => {
    while (swapping) manifests.add(await readFile(join(published, 'PULP_MANIFEST'), 'utf8'))
  })()
  for (let round = 1; round <= 20; round++) {
    await writeFeed(feedFolder, { n: String(round) })
    await syncRepository(mirror, 'r', null, run())
    await publishRepository(mirror, 'r', null, quiet)
  }
  swapping = false
  await reading
  for (const manifest of manifests) assert.match(manifest, /^n,[0-9a-f]{64},[12]\n$/)
})

test('a publish stopped in the middle leaves what was published', async t => {
  const { mirror, feedFolder, published } = await syncedRepository(t, { a: 'one' })
  await publishRepository(mirror, 'r', null, quiet)
  await writeFeed(feedFolder, { b: 'two', c: 'three' })
  await syncRepository(mirror, 'r', null, run())
  const stop = new AbortController()
  const stopAtFirst = { signal: stop.signal, progress: () => stop.abort(new Error('stopped')) }
  await assert.rejects(publishRepository(mirror, 'r', null, stopAtFirst), /^Error: stopped$/)
  assert.deepEqual((await readdir(published)).sort(), ['PULP_MANIFEST', 'a'])
  assert.equal((await readdir(join(mirror.folder, 'publications', 'r'))).length, 1)
})

test('publishers have folders of their own, and go with the repository', async t => {
  const { mirror } = await syncedRepository(t, { a: 'one' })
  await publishRepository(mirror, 'r', null, quiet)
  await publishRepository(mirror, 'r', 'nightly', quiet)
  mirror.repositories.create('r2', {}, 't2')
  await publishRepository(mirror, 'r2', null, quiet)
  assert.deepEqual((await readdir(join(mirror.folder, 'published'))).sort(), [
    'r',
    'r2',
    'r~nightly',
  ])
  await mirror.publications.remove('r')
  assert.deepEqual(await readdir(join(mirror.folder, 'published')), ['r2'])
  assert.deepEqual(await readdir(join(mirror.folder, 'publications')), ['r2'])
})

test('the index lists each repository with the size of its version', async t => {
  const { mirror } = await syncedRepository(t, { a: 'one', b: 'two' })
  mirror.repositories.create('empty', {}, 't2')
  const result = await publishIndex(mirror, ['r', 'empty'], quiet)
  assert.deepEqual(result, {
    _href: '/published/~index/index.json',
    repositories: 2,
    files: 2,
    bytes: 6,
  })
  const index = JSON.parse(
    await readFile(await mirror.publications.file('~index', 'index.json'), 'utf8'),
  )
  assert.deepEqual(
    index.map((row: { id: string; version: number; files: number }) => [
      row.id,
      row.version,
      row.files,
    ]),
    [
      ['r', 1, 2],
      ['empty', 0, 0],
    ],
  )
})

test('opening removes what a killed process left, and keeps what is published', async t => {
  const { mirror } = await syncedRepository(t, { a: 'one' })
  await publishRepository(mirror, 'r', null, quiet)
  const halves = [
    join(mirror.folder, 'publications', 'r', 'half'),
    join(mirror.folder, 'publications', 'new', 'half'),
  ]
  for (const half of halves) {
    await mkdir(half, { recursive: true })
    await writeFile(join(half, 'a'), 'ha')
  }
  const temporaryLink = join(mirror.folder, 'published', '.01234567-89ab-cdef-0123-456789abcdef')
  await symlink('../publications/r/half', temporaryLink)
  await Publications.open(mirror.folder)
  assert.deepEqual(await readdir(join(mirror.folder, 'published')), ['r'])
  const left = await filesBelow(join(mirror.folder, 'publications'))
  assert.deepEqual(
    left.map(path => path.split('/').at(-1)),
    ['PULP_MANIFEST', 'a'],
  )
})

for (const [name, path] of [
  ['r', '../x'],
  ['..', 'x'],
  ['.', 'x'],
  ['r', ''],
  ['r/..', 'x'],
  ['r', '%2e%2e/x'],
  ['r', 'gone'],
  ['none', 'a'],
] as const) {
  test(`nothing is published at ${name} / ${path || '(nothing)'}`, async t => {
    const { mirror } = await syncedRepository(t, { a: 'one' })
    await publishRepository(mirror, 'r', null, quiet)
    await assert.rejects(mirror.publications.file(name, path), { code: 'REP0006', status: 404 })
  })
}
