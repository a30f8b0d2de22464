import assert from 'node:assert/strict'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { packageFeeds } from '../../examples/repositories/demo/packages.ts'
import { MANIFEST, parseManifest } from '../../examples/repositories/manifest.ts'
import { filesBelow, temporaryFolder, writeFeed } from './feeds.ts'

async function allFeeds(nodeModules: string, feedsFolder: string) {
  const feeds = []
  for await (const feed of packageFeeds(nodeModules, feedsFolder)) feeds.push(feed)
  return feeds.sort((a, b) => (a.id < b.id ? -1 : 1))
}

async function manifestNames(feedFolder: string): Promise<string[]> {
  return parseManifest(await readFile(join(feedFolder, MANIFEST), 'utf8')).map(({ name }) => name)
}

test('scoped and nested packages are feeds of their own, and node_modules stays as it was', async t => {
  const folder = await temporaryFolder(t)
  const nodeModules = join(folder, 'node_modules')
  for (const path of ['plain', '@scope/a', 'plain/node_modules/nested', '.bin']) {
    await writeFeed(join(nodeModules, path), {
      'package.json': '{"version":"1.2.3"}',
      'lib/x.js': path,
    })
  }
  const before = await filesBelow(nodeModules)
  const feeds = await allFeeds(nodeModules, join(folder, 'feeds'))
  assert.deepEqual(
    feeds.map(({ id, name, version }) => [id, name, version]),
    [
      ['plain', 'plain', '1.2.3'],
      ['plain___nested', 'plain/node_modules/nested', '1.2.3'],
      ['scope__a', '@scope/a', '1.2.3'],
    ],
  )
  assert.deepEqual(await manifestNames(join(folder, 'feeds', 'plain')), [
    'lib/x.js',
    'package.json',
  ])
  assert.deepEqual(await filesBelow(nodeModules), before)
})

test('a feed that a killed run left half made is made anew, a complete one is kept', async t => {
  const folder = await temporaryFolder(t)
  const nodeModules = join(folder, 'node_modules')
  await writeFeed(join(nodeModules, 'p'), { 'package.json': '{}' })
  await mkdir(join(folder, 'feeds', 'p.making', 'leftover'), { recursive: true })
  await allFeeds(nodeModules, join(folder, 'feeds'))
  assert.deepEqual(await manifestNames(join(folder, 'feeds', 'p')), ['package.json'])
  await writeFeed(join(nodeModules, 'p'), { later: '' })
  await allFeeds(nodeModules, join(folder, 'feeds'))
  assert.deepEqual(await manifestNames(join(folder, 'feeds', 'p')), ['package.json'])
})
