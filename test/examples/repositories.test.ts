import assert from 'node:assert/strict'
import test from 'node:test'
import { temporaryMirror } from './feeds.ts'

test('a repository keeps what it was given and fills in the rest', async t => {
  const { repositories } = await temporaryMirror(t)
  assert.deepEqual(repositories.create('r', { notes: { a: 1 } }, 't1'), {
    id: 'r',
    display_name: 'r',
    description: null,
    notes: { a: 1 },
    feed: null,
    _href: '/pulp/api/v2/repositories/r/',
  })
})

for (const id of [
  '',
  '.',
  '..',
  'a/b',
  'a b',
  'ä',
  '../x',
  'search',
  'actions',
  'a~b',
  'x'.repeat(201),
  'a\n',
]) {
  test(`a repository cannot have the id ${JSON.stringify(id.slice(0, 10))}`, async t => {
    const { repositories } = await temporaryMirror(t)
    assert.throws(() => repositories.create(id, {}, 't1'), { code: 'REP0003', status: 400 })
    assert.deepEqual(repositories.list(), [])
  })
}

test('the same id again is a conflict, except for the task that made it', async t => {
  const { repositories } = await temporaryMirror(t)
  const made = repositories.create('r', {}, 't1')
  assert.throws(() => repositories.create('r', { description: 'other' }, 't2'), {
    code: 'REP0002',
    status: 409,
  })
  assert.deepEqual(repositories.create('r', {}, 't1'), made)
})

test('an update changes what its delta names, and merges the notes', async t => {
  const { repositories } = await temporaryMirror(t)
  repositories.create('r', { display_name: 'R', description: 'd', notes: { a: 1, b: 2 } }, 't1')
  const { display_name, description, notes } = repositories.update('r', {
    description: null,
    notes: { a: null, c: 3 },
  })
  assert.deepEqual(
    { display_name, description, notes },
    { display_name: 'R', description: null, notes: { b: 2, c: 3 } },
  )
})

test('a feed that is no feed changes nothing', async t => {
  const { repositories } = await temporaryMirror(t)
  const before = repositories.create('r', { feed: 'http://h/f/' }, 't1')
  assert.throws(() => repositories.update('r', { description: 'x', feed: 'ftp://h/' }), {
    code: 'REP0003',
  })
  assert.deepEqual(repositories.one('r'), before)
})

test('a deleted repository is gone with its version', async t => {
  const { repositories } = await temporaryMirror(t)
  repositories.create('r', {}, 't1')
  repositories.replaceVersion('r', [])
  assert.equal(repositories.delete('r'), true)
  assert.equal(repositories.delete('r'), false)
  assert.throws(() => repositories.one('r'), { code: 'REP0001', status: 404 })
  assert.throws(() => repositories.version('r'), { code: 'REP0001' })
  repositories.create('r', {}, 't2')
  assert.equal(repositories.version('r').number, 0)
})
