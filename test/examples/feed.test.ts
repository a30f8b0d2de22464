import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { pathToFileURL } from 'node:url'
import { openFeed, parseFeedUrl } from '../../examples/repositories/feed.ts'
import { fileOf, folderFeed, httpFeed, httpServer, temporaryFolder, writeFeed } from './feeds.ts'

const never = new AbortController().signal

async function textOf(feed: string, name: string, size: number): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of openFeed(feed).read({ name, sha256: '', size }, never))
    chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

test('a folder feed gives its manifest and its files', async t => {
  const feed = await folderFeed(t, { 'a.txt': 'one', 'b/c.txt': 'two' })
  assert.deepEqual(await openFeed(feed).manifest(never), [
    fileOf('a.txt', 'one'),
    fileOf('b/c.txt', 'two'),
  ])
  assert.equal(await textOf(feed, 'b/c.txt', 3), 'two')
})

test('an http feed gives its manifest and its files, whatever characters their names hold', async t => {
  const feed = await httpFeed(t, {
    PULP_MANIFEST: `a?b#c d%.txt,${fileOf('x', 'one').sha256},3\n`,
    'a%3Fb%23c%20d%25.txt': 'one',
  })
  const [file] = await openFeed(feed).manifest(never)
  assert.equal(await textOf(feed, file?.name ?? '', 3), 'one')
})

test('a feed below a path of its server is read below that path, with or without its last slash', async t => {
  const server = await httpFeed(t, { 'deep/feed/a': 'one' })
  assert.equal(await textOf(`${server}deep/feed`, 'a', 3), 'one')
  assert.equal(await textOf(`${server}deep/feed/`, 'a', 3), 'one')
})

for (const url of [
  '',
  'nonsense',
  'ftp://h/',
  'data:,x',
  'file://host/x',
  'http://u:p@h/',
  'http://h/?q',
  'file:///a%2fb',
]) {
  test(`${JSON.stringify(url)} is no feed`, () => {
    assert.throws(() => parseFeedUrl(url), { code: 'REP0003', status: 400 })
  })
}

test('a symbolic link that leaves the folder is refused, one that stays inside is read', async t => {
  const folder = await temporaryFolder(t)
  const feed = join(folder, 'feed')
  const url = await writeFeed(feed, { 'real.txt': 'one' })
  await writeFile(join(folder, 'secret'), 'secret')
  await symlink('../secret', join(feed, 'out'))
  await symlink('..', join(feed, 'up'))
  await symlink('real.txt', join(feed, 'in'))
  assert.equal(await textOf(url, 'in', 3), 'one')
  await assert.rejects(textOf(url, 'out', 6), {
    code: 'REP0004',
    message: /^out: .*leaves the feed/,
  })
  await assert.rejects(textOf(url, 'up/secret', 6), { message: /^up\/secret: .*leaves the feed/ })
})

test('a manifest that is a symbolic link out of the folder is refused', async t => {
  const folder = await temporaryFolder(t)
  await mkdir(join(folder, 'feed'))
  await writeFile(join(folder, 'elsewhere'), '')
  await symlink('../elsewhere', join(folder, 'feed', 'PULP_MANIFEST'))
  const feed = openFeed(pathToFileURL(join(folder, 'feed')).href)
  await assert.rejects(feed.manifest(never), { message: /^PULP_MANIFEST: .*leaves/ })
})

test('a missing file and a file that is a folder or a pipe say so by name', async t => {
  const folder = await temporaryFolder(t)
  const feed = await writeFeed(folder, { 'sub/a': '' })
  execFileSync('mkfifo', [join(folder, 'pipe')])
  await assert.rejects(textOf(feed, 'gone', 1), { message: /^gone: the feed has no such file/ })
  await assert.rejects(textOf(feed, 'sub/a/b', 1), {
    message: /^sub\/a\/b: the feed has no such file/,
  })
  await assert.rejects(textOf(feed, 'sub', 1), { message: /^sub: not a regular file/ })
  await assert.rejects(textOf(feed, 'pipe', 1), { message: /^pipe: not a regular file/ })
})

test('no error of a feed tells a path of this machine', async t => {
  const folder = await temporaryFolder(t)
  const feed = openFeed(pathToFileURL(join(folder, 'none')).href)
  await assert.rejects(feed.manifest(never), error => {
    assert(error instanceof Error)
    return !error.message.includes(folder)
  })
})

test('a server that sends more than the manifest says is cut off', async t => {
  let closed = false
  const feed = await httpFeed(t, {
    endless: (_request, response) => {
      const timer = setInterval(() => response.write('x'.repeat(65_536)), 1)
      response.on('close', () => {
        clearInterval(timer)
        closed = true
      })
    },
  })
  await assert.rejects(textOf(feed, 'endless', 100_000), {
    message: /^endless: .*100000 bytes, the feed sent more/,
  })
  while (!closed) await new Promise(resolve => setImmediate(resolve))
})

test('an answer other than 200 and a broken connection name the file', async t => {
  const feed = await httpFeed(t, {
    teapot: (_request, response) => response.writeHead(418).end(),
    broken: (_request, response) => {
      response.writeHead(200, { 'content-length': 10 }).write('x')
      setImmediate(() => response.destroy())
    },
  })
  await assert.rejects(textOf(feed, 'gone', 1), { message: 'gone: the feed answered 404' })
  await assert.rejects(textOf(feed, 'teapot', 1), { message: 'teapot: the feed answered 418' })
  await assert.rejects(textOf(feed, 'broken', 10), {
    code: 'REP0004',
    message: /^broken: the feed could not be read/,
  })
})

test('a redirect is followed inside http, and not out of it', async t => {
  const feed = await httpServer(t, (request, response) => {
    const location = { '/ok': '/file', '/out': 'file:///etc/hostname' }[request.url ?? '']
    if (location) response.writeHead(302, { location }).end()
    else response.end('one')
  })
  assert.equal(await textOf(feed, 'ok', 3), 'one')
  await assert.rejects(textOf(feed, 'out', 1000), { code: 'REP0004', message: /^out: / })
})

test('a stopped read of an http feed rejects with the reason of the stop', async t => {
  const stop = new AbortController()
  const feed = await httpFeed(t, {
    slow: (_request, response) => {
      response.write('x')
      setImmediate(() => stop.abort(new Error('stopped')))
    },
  })
  const reading = openFeed(feed).read({ name: 'slow', sha256: '', size: 10 }, stop.signal)
  await assert.rejects(async () => {
    for await (const _ of reading);
  }, /^Error: stopped$/)
})

test('a manifest that is not UTF-8 is refused', async t => {
  const feed = await httpFeed(t, {
    PULP_MANIFEST: (_request, response) => response.end(Buffer.from([0xff, 0xfe])),
  })
  await assert.rejects(openFeed(feed).manifest(never), { message: 'PULP_MANIFEST: not UTF-8' })
})
