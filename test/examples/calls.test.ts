// The service's own calls under the test kit: what waits for what, in every order, with failures and a
// crash, without a server and without waiting.
import assert from 'node:assert/strict'
import test from 'node:test'
import { repositoryCalls } from '../../examples/repositories/calls.ts'
import {
  crashes,
  explore,
  fails,
  runs,
  succeeds,
  type TestEngine,
  takes,
  testEngine,
} from '../../server/testing/index.ts'
import { folderFeed, temporaryMirror } from './feeds.ts'

const MINUTE = 60_000

/** Syncs and publishes each repository, and then publishes an index over them. */
async function submitAll(engine: TestEngine, ids: string[]) {
  const each = ids.flatMap(id => [
    { id: `sync ${id}`, call: 'repository.sync', args: { id } },
    { id: `publish ${id}`, call: 'repository.publish', args: { id }, depends_on: [`sync ${id}`] },
  ])
  const index = {
    call: 'index.publish',
    args: { ids },
    depends_on: ids.map(id => `publish ${id}`),
  }
  return engine.submitGroup({ calls: [...each, index] })
}

test('whichever sync ends first, each publish follows its own, and the index comes last', async t => {
  const calls = Object.values(repositoryCalls(await temporaryMirror(t)))
  const script = {
    'repository.sync': succeeds(),
    'repository.publish': succeeds(),
    'index.publish': succeeds(),
  }
  const { orders } = await explore({ calls, script, concurrency: 3 }, async engine => {
    const { groupId } = await submitAll(engine, ['a', 'b', 'c'])
    await engine.run()
    assert.equal((await engine.summary(groupId)).finished, 7)
    const started = engine.runs().map(({ call, args }) => `${call} ${args.id}`)
    for (const id of ['a', 'b', 'c']) {
      assert.ok(
        started.indexOf(`repository.sync ${id}`) < started.indexOf(`repository.publish ${id}`),
      )
    }
    assert.equal(engine.runs().at(-1)?.call, 'index.publish')
  })
  // Six runs in threes, each publish behind its sync: 6! / 2³.
  assert.equal(orders, 90)
})

test('when one sync fails, its publish and the index are skipped, and the others are published', async t => {
  const calls = Object.values(repositoryCalls(await temporaryMirror(t)))
  const engine = await testEngine({
    calls,
    script: {
      'repository.sync': ({ id }) => (id === 'b' ? takes(MINUTE, fails()) : succeeds()),
      'repository.publish': succeeds(),
    },
  })
  const { groupId } = await submitAll(engine, ['a', 'b', 'c'])
  await engine.run()
  const { finished, error, skipped } = await engine.summary(groupId)
  assert.deepEqual({ finished, error, skipped }, { finished: 4, error: 1, skipped: 2 })
  assert.equal(engine.runs('index.publish').length, 0)
})

test('a sync whose process dies in the middle is done over, for real, and only then published', async t => {
  const mirror = await temporaryMirror(t)
  const feed = await folderFeed(t, { one: '1', two: '2' })
  mirror.repositories.create('r', { feed }, 't1')
  const engine = await testEngine({
    calls: Object.values(repositoryCalls(mirror)),
    script: { 'repository.sync': [takes(MINUTE, crashes()), runs()] },
  })
  const { taskIds } = await submitAll(engine, ['r'])
  await engine.run()
  const [sync, publish, index] = await Promise.all(taskIds.map(id => engine.report(id)))
  assert.deepEqual([sync?.state, sync?.attempt], ['finished', 2])
  assert.deepEqual(sync?.result, { added: 2, removed: 0, unchanged: 0, bytes: 2 })
  assert.deepEqual([publish?.state, publish?.attempt], ['finished', 1])
  assert.equal(index?.state, 'finished')
  assert.equal(engine.runs('repository.publish')[0]?.startedAt, '00:01:00')
})

test('a delete waits for the sync before it, and a sync behind the delete is refused', async t => {
  const calls = Object.values(repositoryCalls(await temporaryMirror(t)))
  const script = { 'repository.sync': takes(MINUTE), 'repository.delete': takes(MINUTE) }
  const engine = await testEngine({ calls, script })
  await engine.submit('repository.sync', { id: 'r' })
  const deletion = await engine.submit('repository.delete', { id: 'r' })
  assert.equal(deletion.response, 'postponed')
  await assert.rejects(engine.submit('repository.sync', { id: 'r' }), { code: 'RCL0009' })
  await engine.run()
  assert.equal(engine.runs('repository.delete')[0]?.startedAt, '00:01:00')
})
