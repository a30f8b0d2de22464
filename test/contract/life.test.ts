// CONTRACT §6 and §7: start, stop, crash and restart of a server, as its operator sees them.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { temporaryFolder } from '../support/temp.ts'
import { api, assertError, type Server, startServer } from './server.ts'

const bin = join(import.meta.dirname, '..', '..', 'server', 'bin.ts')

async function start(t: TestContext, data: string, args: string[] = []): Promise<Server> {
  const server = await startServer(data, args)
  t.after(() => server.end('SIGKILL'))
  return server
}

/** Runs `rollcall serve` in the expectation that it ends by itself. */
function refused(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, 'serve', ...args], {
    encoding: 'utf8',
    env: {},
    timeout: 20_000,
  })
  return { status, stdout, stderr: stderr.trim() }
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} lets what runs end within the grace, and ends with status 0`, async t => {
    const data = join(await temporaryFolder(t), 'data')
    const server = await start(t, data, ['--grace', '20'])
    const taskId = await server.queue({ call: 'hold.sync', args: { key: 'a' } })
    const caller = server.post('tasks/', { call: 'hold.sync', args: { key: 'a' } })
    const poll = server.get(`tasks/${taskId}/`, { prefer: 'wait=300' })
    while ((await server.get('tasks/')).body.length < 2);
    const exit = server.end(signal)
    // The long poll ends at once, while the task goes on.
    assert.equal((await poll).body.state, 'running')
    const { status, headers } = await server.get('/readyz')
    assert.deepEqual([status, headers.get('retry-after')], [503, '1'])
    assertError(await server.post('tasks/', { call: 'count' }), 503, 'RCL0014')
    assert.equal((await server.get('/healthz')).status, 200)
    assert.equal((await server.get(`tasks/${taskId}/`)).status, 200)
    // Nothing can open the gate any more: the server takes no work. The next start finishes both.
    server.child.kill('SIGKILL')
    await Promise.allSettled([exit, caller])
    const next = await start(t, data)
    await next.open('a')
    const report = await next.ended(taskId)
    assert.deepEqual([report.state, report.attempt], ['finished', 2])
    assert.deepEqual(await next.end(signal), [0, null])
  })
}

test('what does not end within the grace is interrupted, and runs again at the next start', async t => {
  const data = join(await temporaryFolder(t), 'data')
  const server = await start(t, data, ['--grace', '0'])
  const taskId = await server.queue({ call: 'hold', args: { key: 'a' } })
  await server.until(taskId, 'running')
  const caller = server.post('tasks/', { call: 'hold.sync', args: { key: 'a' } })
  while ((await server.get('tasks/')).body.length < 2);
  assert.deepEqual(await server.end(), [0, null])
  assert.equal((await caller).status, 202)

  const next = await start(t, data)
  await next.open('a')
  const report = await next.ended(taskId)
  assert.deepEqual([report.state, report.attempt], ['finished', 2])
})

test('what was acknowledged before a kill is there after it, and ends', async t => {
  const data = join(await temporaryFolder(t), 'data')
  const server = await start(t, data)
  const done = await server.queue({ call: 'count' })
  const report = await server.ended(done)
  const groupId = await server.group({
    calls: [
      { call: 'hold', args: { key: 'a' }, id: 'first' },
      { call: 'count', depends_on: ['first'] },
    ],
  })
  await server.end('SIGKILL')

  const next = await start(t, data)
  assert.deepEqual((await next.get(`tasks/${done}/`)).body, report)
  await next.open('a')
  const { body } = await next.get(`task_groups/${groupId}/`, { prefer: 'wait=30' })
  assert.deepEqual(
    body.map((row: { state: string; attempt: number }) => [row.state, row.attempt]),
    [
      ['finished', 2],
      ['finished', 1],
    ],
  )
})

test('a second server on the same folder is refused in one sentence, with status 1', async t => {
  const data = join(await temporaryFolder(t), 'data')
  const server = await start(t, data)
  const { status, stdout, stderr } = refused('--port', '0', '--data', data)
  assert.deepEqual([status, stdout], [1, ''])
  assert.match(stderr, /^rollcall: .*in use/m)
  assert.equal((await server.get('/readyz')).status, 200)
})

test('a port that is taken is refused in one sentence, with status 1', async t => {
  const folder = await temporaryFolder(t)
  const server = await start(t, join(folder, 'one'))
  const { port } = new URL(server.base)
  const { status, stderr } = refused('--port', port, '--data', join(folder, 'two'))
  assert.equal(status, 1)
  assert.match(stderr, new RegExp(`^rollcall: port ${port} .* is taken`, 'm'))
  assert.doesNotMatch(stderr, /\n\s+at /)
})

for (const [what, file] of [
  ['does not exist', './nowhere.ts'],
  ['exports no calls', join(import.meta.dirname, 'server.ts')],
] as const) {
  test(`a module of calls that ${what} is refused in one sentence, with status 1`, async t => {
    const data = join(await temporaryFolder(t), 'data')
    const { status, stdout, stderr } = refused('--calls', file, '--port', '0', '--data', data)
    assert.deepEqual([status, stdout], [1, ''])
    assert.match(stderr, /^rollcall: the calls in .* cannot be loaded: [^\n]+$/)
  })
}

test('the mount is where the interface begins, and nothing is left at the usual place', async t => {
  const data = join(await temporaryFolder(t), 'data')
  const server = await start(t, data, ['--mount', '/work'])
  const { status, body, headers } = await server.post('/work/v2/tasks/', { call: 'count.later' })
  assert.equal(status, 202)
  assert.match(headers.get('location') ?? '', /^\/work\/v2\/tasks\//)
  assert.equal((await server.get(body.spawned_tasks[0]._href)).status, 200)
  assertError(await server.get(`${api}/tasks/`), 404, 'RCL0005')
})
