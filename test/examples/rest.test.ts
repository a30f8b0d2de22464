import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { fileOf, folderFeed, httpFeed } from './feeds.ts'
import { startService } from './service.ts'

const repositories = '/v2/repositories/'

test('a repository is created with 201, a Location and itself as the body', async t => {
  const service = await startService(t)
  const { status, body, location } = await service.request('POST', repositories, {
    id: 'r',
    description: 'd',
  })
  assert.equal(status, 201)
  assert.equal(location, '/pulp/api/v2/repositories/r/')
  assert.deepEqual(body, {
    id: 'r',
    display_name: 'r',
    description: 'd',
    notes: {},
    feed: null,
    _href: '/pulp/api/v2/repositories/r/',
  })
  assert.deepEqual((await service.request('GET', `${repositories}r/`)).body, body)
  assert.deepEqual((await service.request('GET', '/v2/repositories')).body, [body])
})

const badBodies: [what: string, body: object | string | undefined][] = [
  ['no body', undefined],
  ['not JSON', '{'],
  ['a list', []],
  ['no id', {}],
  ['an id of another type', { id: 5 }],
  ['an id that leaves the folder', { id: '../x' }],
  ['a reserved id', { id: 'search' }],
  ['an unknown field', { id: 'r', colour: 'red' }],
  ['notes of another type', { id: 'r', notes: 'x' }],
  ['a feed that is none', { id: 'r', feed: 'gopher://x/' }],
]
for (const [what, body] of badBodies) {
  test(`creating with ${what} is a 400 with the whole error body, and makes nothing`, async t => {
    const service = await startService(t)
    const answer = await service.request('POST', repositories, body)
    assert.equal(answer.status, 400, JSON.stringify(answer.body))
    assert.deepEqual(Object.keys(answer.body).sort(), [
      '_href',
      'error',
      'error_message',
      'exception',
      'http_status',
      'traceback',
    ])
    assert.deepEqual((await service.request('GET', repositories)).body, [])
  })
}

test('an id that exists is a 409', async t => {
  const service = await startService(t)
  await service.request('POST', repositories, { id: 'r' })
  const { status, body } = await service.request('POST', repositories, { id: 'r' })
  assert.equal(status, 409)
  assert.equal(body.error.code, 'REP0002')
})

for (const [method, path, body] of [
  ['GET', 'none/', undefined],
  ['PUT', 'none/', { delta: {} }],
  ['DELETE', 'none/', undefined],
  ['POST', 'none/actions/sync/', undefined],
  ['POST', 'none/actions/publish/', undefined],
  ['POST', 'actions/sync/', { ids: ['none'] }],
] as const) {
  test(`${method} ${path} is a 404 that names the repository`, async t => {
    const service = await startService(t)
    const answer = await service.request(method, repositories + path, body)
    assert.equal(answer.status, 404, JSON.stringify(answer.body))
    assert.equal(answer.body.error.code, 'REP0001')
    assert.match(answer.body.error_message, /none/)
  })
}

test('details, importers and distributors add their empty lists', async t => {
  const service = await startService(t)
  await service.request('POST', repositories, { id: 'r' })
  const keys = async (path: string) =>
    Object.keys((await service.request('GET', repositories + path)).body).slice(6)
  assert.deepEqual(await keys('r/?details=True'), ['importers', 'distributors'])
  assert.deepEqual(await keys('r/?importers=1'), ['importers'])
  assert.deepEqual(await keys('r/?distributors=true&importers=0'), ['distributors'])
  assert.deepEqual(
    (await service.request('GET', `${repositories}?details=1`)).body[0].importers,
    [],
  )
  assert.equal((await service.request('GET', `${repositories}r/?details=maybe`)).status, 400)
})

test('an update answers a call report that holds the updated repository', async t => {
  const service = await startService(t)
  await service.request('POST', repositories, { id: 'r' })
  const { status, body } = await service.request('PUT', `${repositories}r/`, {
    delta: { display_name: 'R' },
  })
  assert.equal(status, 200)
  assert.deepEqual(Object.keys(body), ['result', 'error', 'spawned_tasks'])
  assert.equal(body.result.display_name, 'R')
  assert.deepEqual([body.error, body.spawned_tasks], [null, []])
  assert.equal(
    (await service.request('PUT', `${repositories}r/`, { delta: { id: 'x' } })).status,
    400,
  )
  assert.equal((await service.request('PUT', `${repositories}r/`, {})).status, 400)
})

test('a sync and a publish with no body, an empty object or null settings run to the end', async t => {
  const service = await startService(t)
  const feed = await folderFeed(t, { a: 'one' })
  await service.request('POST', repositories, { id: 'r', feed })
  for (const body of [undefined, {}, { override_config: {} }, { override_config: null }]) {
    assert.equal(
      (await service.task('POST', `${repositories}r/actions/sync/`, body)).state,
      'finished',
    )
  }
  for (const body of [undefined, {}, { id: null }, { id: 'nightly', override_config: {} }]) {
    assert.equal(
      (await service.task('POST', `${repositories}r/actions/publish/`, body)).state,
      'finished',
    )
  }
  assert.equal(await readFile(join(service.folder, 'published', 'r~nightly', 'a'), 'utf8'), 'one')
  assert.equal((await service.request('GET', '/published/r/a')).body, 'one')
  assert.equal((await service.request('GET', '/published/r/b')).status, 404)
})

test('an empty body with a JSON content type is no body', async t => {
  const service = await startService(t)
  await service.request('POST', repositories, { id: 'r', feed: await folderFeed(t, {}) })
  assert.equal((await service.request('POST', `${repositories}r/actions/sync/`, '')).status, 202)
})

test('a sync carries its tags, its result and its last progress', async t => {
  const service = await startService(t)
  await service.request('POST', repositories, { id: 'r', feed: await folderFeed(t, { a: 'one' }) })
  const report = await service.task('POST', `${repositories}r/actions/sync/`)
  assert.deepEqual(report.tags, ['pulp:repository:r', 'pulp:action:sync'])
  assert.deepEqual(report.result, { added: 1, removed: 0, unchanged: 0, bytes: 3 })
  assert.deepEqual(report.progress, {
    done: 1,
    total: 1,
    current: null,
    bytes_done: 3,
    bytes_total: 3,
  })
})

test('a sync of a wrong feed ends in an error that says which file and why', async t => {
  const service = await startService(t)
  const feed = await folderFeed(t, { a: 'one' }, `a,${fileOf('a', 'two').sha256},3\n`)
  await service.request('POST', repositories, { id: 'r', feed })
  const report = await service.task('POST', `${repositories}r/actions/sync/`)
  assert.equal(report.state, 'error')
  assert.equal(report.error.code, 'REP0004')
  assert.equal(report.error.data.file, 'a')
  assert.match(report.error.description, /^a: the manifest says sha256/)
  assert.equal(JSON.stringify(report).includes(service.folder), false)
})

test('a sync of several repositories is one group', async t => {
  const service = await startService(t)
  const feed = await folderFeed(t, { a: 'one' })
  await service.request('POST', repositories, { id: 'r1', feed })
  await service.request('POST', repositories, { id: 'r2', feed })
  const { status, body } = await service.request('POST', `${repositories}actions/sync/`, {
    ids: ['r1', 'r2'],
  })
  assert.equal(status, 202)
  assert.deepEqual(Object.keys(body).sort(), ['_href', 'group_id'])
  const tasks = (await service.request('GET', body._href)).body
  assert.equal(tasks.length, 2)
  for (const { task_id } of tasks) assert.equal((await service.ended(task_id)).state, 'finished')
})

for (const body of [
  {},
  { ids: [] },
  { ids: 'r' },
  { ids: ['r', 'r'] },
  { ids: ['r'], colour: 1 },
]) {
  test(`a sync of several with ${JSON.stringify(body)} is a 400`, async t => {
    const service = await startService(t)
    await service.request('POST', repositories, { id: 'r' })
    assert.equal((await service.request('POST', `${repositories}actions/sync/`, body)).status, 400)
  })
}

test('behind a running sync an update and a publish wait, and behind a queued delete they are refused with reasons', async t => {
  const service = await startService(t)
  const feed = await httpFeed(t, { PULP_MANIFEST: () => {} })
  await service.request('POST', repositories, { id: 'r', feed })
  const sync = await service.request('POST', `${repositories}r/actions/sync/`)
  const update = await service.request('PUT', `${repositories}r/`, {
    delta: { description: 'later' },
  })
  const publish = await service.request('POST', `${repositories}r/actions/publish/`)
  assert.deepEqual([update.status, publish.status], [202, 202])
  assert.deepEqual(Object.keys(update.body).sort(), ['error', 'result', 'spawned_tasks'])

  const [deletion, again] = [
    await service.request('DELETE', `${repositories}r/`),
    await service.request('DELETE', `${repositories}r/`),
  ]
  assert.equal(deletion.status, 202)
  const refused = [
    again,
    await service.request('PUT', `${repositories}r/`, { delta: {} }),
    await service.request('POST', `${repositories}r/actions/sync/`),
    await service.request('POST', `${repositories}r/actions/publish/`),
    await service.request('POST', `${repositories}actions/sync/`, { ids: ['r'] }),
  ]
  for (const { status, body } of refused) {
    assert.equal(status, 409)
    assert.deepEqual(body.reasons, [
      { resource_type: 'repository', resource_id: 'r', operation: 'delete' },
    ])
  }

  await service.request('DELETE', `/v2/tasks/${sync.body.spawned_tasks[0].task_id}/`)
  const states = [sync, update, publish, deletion].map(
    async ({ body }) => (await service.ended(body.spawned_tasks[0].task_id)).state,
  )
  assert.deepEqual(await Promise.all(states), ['canceled', 'finished', 'finished', 'finished'])
  assert.equal((await service.request('GET', `${repositories}r/`)).status, 404)
})

test('a search takes the same criteria in a body and in a query', async t => {
  const service = await startService(t)
  for (const id of ['a', 'b', 'c'])
    await service.request('POST', repositories, { id, notes: { size: id.length } })
  const filters = { id: { $in: ['a', 'c'] } }
  const sort = [['id', 'descending']]
  const posted = await service.request('POST', `${repositories}search/`, {
    criteria: { filters, sort, fields: ['feed'] },
  })
  assert.deepEqual(posted.body, [
    { id: 'c', _href: '/pulp/api/v2/repositories/c/', feed: null },
    { id: 'a', _href: '/pulp/api/v2/repositories/a/', feed: null },
  ])
  const query = new URLSearchParams({
    filters: JSON.stringify(filters),
    sort: JSON.stringify(sort),
    field: 'feed',
  })
  assert.deepEqual(
    (await service.request('GET', `${repositories}search/?${query}`)).body,
    posted.body,
  )
  const page = await service.request('GET', `${repositories}search/?limit=1&skip=1&importers=1`)
  assert.deepEqual(
    page.body.map(({ id, importers }: { id: string; importers: [] }) => [id, importers]),
    [['b', []]],
  )
})

for (const query of [
  'filters={',
  'filters=[]',
  'filters={"$no":1}',
  'sort={}',
  'sort=[["id","up"]]',
  'limit=-1',
  'limit=x',
  'colour=1',
]) {
  test(`a search for ${query} is a 400`, async t => {
    const service = await startService(t)
    const answer = await service.request('GET', `${repositories}search/?${encodeURI(query)}`)
    assert.equal(answer.status, 400, JSON.stringify(answer.body))
  })
}

test('what is published can be mirrored in its turn', async t => {
  const service = await startService(t)
  await service.request('POST', repositories, {
    id: 'r',
    feed: await folderFeed(t, { 'a, b/ü%.txt': 'one' }),
  })
  await service.task('POST', `${repositories}r/actions/sync/`)
  await service.task('POST', `${repositories}r/actions/publish/`)
  const origin = await service.app.listen({ port: 0, host: '127.0.0.1' })
  await service.request('POST', repositories, { id: 'copy', feed: `${origin}/published/r/` })
  const report = await service.task('POST', `${repositories}copy/actions/sync/`)
  assert.deepEqual(
    report.result,
    { added: 1, removed: 0, unchanged: 0, bytes: 0 },
    JSON.stringify(report.error),
  )
})
