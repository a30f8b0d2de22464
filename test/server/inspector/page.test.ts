// How the inspector's page is served: its files, its addresses, and what its headers forbid.
import assert from 'node:assert/strict'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import Fastify from 'fastify'
import { RouteTable } from '../../../server/http/not-found.ts'
import { createEngine, memoryStore, rollcall } from '../../../server/index.ts'
import { inspectorRoutes } from '../../../server/inspector/plugin.ts'
import { temporaryFolder } from '../../support/temp.ts'

const SCRIPT = `console.log('${'x'.repeat(2_000)}')`
const HTML = `<!doctype html><html><head>
<meta name="rollcall-mount" content="/elsewhere" />
</head><body></body></html>`

/** An app that serves a page built like this, and whose folder has a file beside it. */
async function served(t: TestContext, mount = '/pulp/api') {
  const folder = join(await temporaryFolder(t), 'built')
  await mkdir(join(folder, 'assets'), { recursive: true })
  await writeFile(join(folder, 'index.html'), HTML)
  await writeFile(join(folder, 'icon.svg'), '<svg/>')
  await writeFile(join(folder, 'assets', 'index-a1B2_c3-.js'), SCRIPT)
  await writeFile(join(folder, '.hidden.js'), 'secret')
  await writeFile(join(folder, '..', 'secret.js'), 'secret')
  const engine = createEngine({ calls: [], store: memoryStore() })
  const app = Fastify()
  t.after(async () => {
    await app.close()
    await engine.close()
  })
  const routes = new RouteTable(app)
  const parts = { rollcall: engine.core, routes, mount, assetsFolder: folder }
  await app.register(async outside => inspectorRoutes(outside, parts))
  await app.ready()
  return { app, folder }
}

test('Every address of the page gives the page, which says where the REST interface is', async t => {
  const { app } = await served(t, '/a"b')
  for (const url of [
    '/inspect/',
    '/inspect/?state=active&state=x',
    '/inspect/groups/0190/',
    '/inspect/groups/0190?tab=chart',
    '/inspect/tasks/0190/',
    '/inspect/resources/?type=a&id=%FF',
    '/inspect/system/',
  ]) {
    const { statusCode, headers, payload } = await app.inject(url)
    assert.equal(statusCode, 200, url)
    assert.equal(headers['content-type'], 'text/html; charset=utf-8')
    assert.equal(headers['cache-control'], 'no-cache')
    assert.equal(payload, HTML.replace('/elsewhere" />', '/a&#34;b">'), url)
  }
  const { statusCode, headers } = await app.inject('/inspect?state=active')
  assert.deepEqual([statusCode, headers.location], [308, '/inspect/?state=active'])
})

test('Files whose name changes with their content are kept by browsers for ever, others are asked for again', async t => {
  const { app } = await served(t)
  const script = await app.inject('/inspect/assets/index-a1B2_c3-.js')
  assert.equal(script.payload, SCRIPT)
  assert.equal(script.headers['content-type'], 'text/javascript; charset=utf-8')
  assert.equal(script.headers['cache-control'], 'public, max-age=31536000, immutable')
  const icon = await app.inject('/inspect/icon.svg')
  assert.deepEqual([icon.payload, icon.headers['content-type']], ['<svg/>', 'image/svg+xml'])
  assert.equal(icon.headers['cache-control'], 'no-cache')
  const again = await app.inject({
    url: '/inspect/icon.svg',
    headers: { 'if-none-match': String(icon.headers.etag) },
  })
  assert.deepEqual([again.statusCode, again.payload], [304, ''])
  const head = await app.inject({ method: 'HEAD', url: '/inspect/icon.svg' })
  assert.deepEqual([head.statusCode, head.payload], [200, ''])
})

test('A file is compressed for who can read that, and for nobody else', async t => {
  const { app } = await served(t)
  const url = '/inspect/assets/index-a1B2_c3-.js'
  const ask = (encodings: string) => app.inject({ url, headers: { 'accept-encoding': encodings } })
  for (const encodings of ['gzip', 'br, gzip;q=0.5']) {
    const { headers, rawPayload } = await ask(encodings)
    assert.deepEqual([headers['content-encoding'], headers.vary], ['gzip', 'accept-encoding'])
    assert.equal(gunzipSync(rawPayload).toString(), SCRIPT)
  }
  for (const encodings of ['', 'br', 'gzip;q=0', 'identity']) {
    const { headers, payload } = await ask(encodings)
    assert.deepEqual([headers['content-encoding'], payload], [undefined, SCRIPT], encodings)
  }
})

test('No address leads out of the folder, to a hidden file, or to a folder', async t => {
  const { app } = await served(t)
  for (const path of [
    '../secret.js',
    '..%2fsecret.js',
    '%2e%2e/secret.js',
    '%2e%2e%2fsecret.js',
    'assets/..%2f..%2fsecret.js',
    'assets/../../secret.js',
    '..%5csecret.js',
    '%00secret.js',
    'icon.svg%00.js',
    '.hidden.js',
    'nothing.js',
    'assets/nothing-a1b2c3d4.js',
    'assets.js/x.js',
    'index-a1B2_c3-.exe',
  ]) {
    const { statusCode, payload } = await app.inject(`/inspect/${path}`)
    assert.equal(statusCode, 404, path)
    assert.doesNotMatch(payload, /secret'|^secret$/)
  }
})

test('Every answer below /inspect/ forbids what the page does not need', async t => {
  const { app } = await served(t)
  for (const url of [
    '/inspect/',
    '/inspect/icon.svg',
    '/inspect/nothing.js',
    '/inspect/data/system/',
    '/inspect/data/nothing/',
    '/inspect/data/groups/?limit=x',
  ]) {
    const { headers } = await app.inject(url)
    assert.equal(
      headers['content-security-policy'],
      `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      url,
    )
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['referrer-policy'], 'no-referrer')
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin')
    if (url.includes('/data/')) assert.equal(headers['cache-control'], 'no-store', url)
  }
})

test('A page that is not built is a 503 that says what to do, until it is built', async t => {
  const { app, folder } = await served(t)
  await rm(join(folder, 'index.html'))
  const missing = await app.inject('/inspect/groups/0190/')
  assert.deepEqual([missing.statusCode, missing.headers['cache-control']], [503, 'no-store'])
  assert.match(missing.payload, /npm run build:page/)
  assert.doesNotMatch(missing.payload, new RegExp(folder))
  await writeFile(join(folder, 'index.html'), '<head></head>')
  const built = await app.inject('/inspect/groups/0190/')
  assert.equal(built.payload, '<head><meta name="rollcall-mount" content="/pulp/api"></head>')
})

test('The inspector is read with GET alone, and answers errors in the standard body', async t => {
  const { app } = await served(t)
  for (const url of ['/inspect/', '/inspect/groups/x/', '/inspect/data/system/']) {
    const posted = await app.inject({ method: 'POST', url })
    assert.deepEqual([posted.statusCode, posted.json().error.code], [405, 'RCL0006'], url)
    assert.equal(posted.headers.allow, 'GET, HEAD')
  }
  assert.equal((await app.inject('/inspect/nothing.js')).json().error.code, 'RCL0005')
})

test('The plugin serves it unless told otherwise, and keeps it out of the description of the interface', async t => {
  for (const [inspector, status] of [
    [undefined, 200],
    [false, 404],
  ] as const) {
    const app = Fastify()
    t.after(() => app.close())
    await app.register(rollcall, { calls: [], store: memoryStore(), inspector })
    await app.ready()
    assert.equal((await app.inject('/inspect/data/system/')).statusCode, status)
    const { paths } = (await app.inject('/openapi.json')).json()
    assert.deepEqual(
      Object.keys(paths).filter(path => path.startsWith('/inspect')),
      [],
    )
  }
})
