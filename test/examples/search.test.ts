import assert from 'node:assert/strict'
import test from 'node:test'
import type { Criteria } from '../../examples/repositories/schemas.ts'
import { search } from '../../examples/repositories/search.ts'

const rows = [
  { id: 'a', _href: '/a/', description: null, notes: { tier: 2, owner: 'x' } },
  { id: 'b', _href: '/b/', description: 'second', notes: { tier: 10 } },
  { id: 'c', _href: '/c/', description: 'third', notes: {} },
]
const ids = (criteria: Criteria) => search(rows, criteria).map(({ id }) => id)

const filters: [filters: Record<string, unknown>, found: string[]][] = [
  [{}, ['a', 'b', 'c']],
  [{ id: 'b' }, ['b']],
  [{ id: { $in: ['a', 'c'] } }, ['a', 'c']],
  [{ id: { $regex: '^[bc]' } }, ['b', 'c']],
  [{ description: null }, ['a']],
  [{ 'notes.tier': { $gt: 2 } }, ['b']],
  [{ 'notes.tier': { $exists: false } }, ['c']],
  [{ $or: [{ id: 'a' }, { 'notes.tier': 10 }] }, ['a', 'b']],
  [{ $nor: [{ id: 'a' }] }, ['b', 'c']],
  [{ id: { $not: { $in: ['a'] } } }, ['b', 'c']],
]
for (const [filter, found] of filters) {
  test(`${JSON.stringify(filter)} finds ${found.join(' and ')}`, () => {
    assert.deepEqual(ids({ filters: filter }), found)
  })
}

test('rows come in the order asked for, missing values first, numbers by size', () => {
  assert.deepEqual(ids({ sort: [['notes.tier', 'ascending']] }), ['c', 'a', 'b'])
  assert.deepEqual(ids({ sort: [['notes.tier', 'descending']] }), ['b', 'a', 'c'])
  assert.deepEqual(
    ids({
      sort: [
        ['description', 'descending'],
        ['id', 'ascending'],
      ],
    }),
    ['c', 'b', 'a'],
  )
})

test('skip and limit cut a page out of what was sorted', () => {
  assert.deepEqual(ids({ sort: [['id', 'descending']], skip: 1, limit: 1 }), ['b'])
  assert.deepEqual(ids({ limit: 0 }), [])
})

test('chosen fields come with the id and the path', () => {
  assert.deepEqual(search(rows, { filters: { id: 'b' }, fields: ['description'] }), [
    { id: 'b', _href: '/b/', description: 'second' },
  ])
})

const deep = Array.from({ length: 100_000 }).reduce<object>(inner => ({ $not: inner }), {})
for (const filter of [
  { $eq: 1 },
  { id: { $gt: 'a', plain: 1 } },
  { $and: {} },
  { $or: [1] },
  { id: { $not: 5 } },
  { id: { $exists: 'x' } },
  { id: { $regex: 5 } },
  { id: { $where: '1' } },
  { $nonsense: 1 },
  { id: { $in: 1 } },
  { id: { $regex: '(' } },
  { id: deep },
]) {
  test(`the filter ${JSON.stringify(Object.values(filter)[0] === deep ? 'nested deeply' : filter)} is refused`, () => {
    assert.throws(() => ids({ filters: filter }), { code: 'REP0003', status: 400 })
  })
}
