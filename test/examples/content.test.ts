import assert from 'node:assert/strict'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { ContentStore } from '../../examples/repositories/content.ts'
import { fileOf, filesBelow, temporaryFolder } from './feeds.ts'

const never = new AbortController().signal
const ignore = () => {}

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text)
}

test('content lies under its digest, split after two digits, and is read-only', async t => {
  const folder = await temporaryFolder(t)
  const content = await ContentStore.open(folder)
  const file = fileOf('a', 'one two')
  assert.equal(await content.has(file), false)
  await content.put(file, chunks('one', ' two'), never, ignore)
  assert.equal(await content.has(file), true)
  const path = join(folder, file.sha256.slice(0, 2), file.sha256.slice(2))
  assert.equal(await readFile(path, 'utf8'), 'one two')
  assert.equal((await stat(path)).mode & 0o222, 0)
})

test('an empty file is content', async t => {
  const content = await ContentStore.open(await temporaryFolder(t))
  await content.put(fileOf('empty', ''), chunks(), never, ignore)
  assert.equal(await content.has(fileOf('empty', '')), true)
})

test('a wrong digest names the file and leaves nothing', async t => {
  const folder = await temporaryFolder(t)
  const content = await ContentStore.open(folder)
  await assert.rejects(content.put(fileOf('a', 'one'), chunks('two'), never, ignore), {
    code: 'REP0004',
    message: /^a: the manifest says sha256 .*, the file has /,
  })
  assert.deepEqual(await filesBelow(folder), [])
})

test('a file shorter than its size names the file and leaves nothing', async t => {
  const folder = await temporaryFolder(t)
  const content = await ContentStore.open(folder)
  await assert.rejects(content.put(fileOf('a', 'one two'), chunks('one'), never, ignore), {
    message: 'a: the manifest says 7 bytes, the file has 3',
  })
  assert.deepEqual(await filesBelow(folder), [])
})

test('a size that lies about content which is here already is an error', async t => {
  const content = await ContentStore.open(await temporaryFolder(t))
  const file = fileOf('a', 'one')
  await content.put(file, chunks('one'), never, ignore)
  await assert.rejects(content.has({ ...file, size: 4 }), {
    message: /^a: the manifest says 4 bytes, the file has 3/,
  })
})

test('a stop between chunks leaves nothing', async t => {
  const folder = await temporaryFolder(t)
  const content = await ContentStore.open(folder)
  const stop = new AbortController()
  const stopAfterFirst = () => stop.abort(new Error('stopped'))
  await assert.rejects(
    content.put(fileOf('a', 'one two'), chunks('one', ' two'), stop.signal, stopAfterFirst),
    /^Error: stopped$/,
  )
  assert.deepEqual(await filesBelow(folder), [])
})

test('two writers of the same content both succeed', async t => {
  const folder = await temporaryFolder(t)
  const content = await ContentStore.open(folder)
  const file = fileOf('a', 'one two')
  const puts = [1, 2, 3].map(() => content.put(file, chunks('one', ' two'), never, ignore))
  await Promise.all(puts)
  assert.equal((await filesBelow(folder)).length, 1)
})

test('opening removes what a killed process left, and nothing else', async t => {
  const folder = await temporaryFolder(t)
  const content = await ContentStore.open(folder)
  const file = fileOf('a', 'one')
  await content.put(file, chunks('one'), never, ignore)
  await mkdir(join(folder, 'ff'))
  await writeFile(join(folder, 'ff', 'half.part'), 'ha')
  await ContentStore.open(folder)
  assert.deepEqual(await filesBelow(folder), [join(file.sha256.slice(0, 2), file.sha256.slice(2))])
})
