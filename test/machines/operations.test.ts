// The matrix of CONTRACT §3, row by row, and what it makes of several uses at once.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MATRIX, OPERATIONS } from '../../machines/operations.ts'
import { type Firsts, judge, resourceKey } from '../../machines/reservations.ts'
import { creates, deletes, reads, updates } from '../support/builders.ts'

const LETTERS = { A: 'accepted', P: 'postponed', X: 'rejected' } as const

describe('The matrix', () => {
  // Copied from the contract's table; columns create, read, update, delete.
  const rows = { create: 'XPPP', read: 'PAPP', update: 'PAPP', delete: 'PXXX' } as const
  for (const [earlier, letters] of Object.entries(rows)) {
    test(`behind an unfinished ${earlier} says ${letters} to create, read, update, delete`, () => {
      const said = OPERATIONS.map(proposed => MATRIX[earlier as keyof typeof rows][proposed])
      assert.deepEqual(
        said,
        [...letters].map(letter => LETTERS[letter as keyof typeof LETTERS]),
      )
    })
  }
})

describe('Judging a task', () => {
  const queues = (firsts: Record<string, Firsts>) =>
    new Map(
      Object.entries(firsts).map(([id, each]) => [
        resourceKey({ resource_type: 'repo', resource_id: id }),
        each,
      ]),
    )

  test('accepts what no unfinished task names', () => {
    assert.deepEqual(judge([updates('repo:1')], queues({ 2: { delete: 1 } })), {
      response: 'accepted',
    })
  })

  test('gives as reasons what postpones, oldest first, across its resources', () => {
    const earlier = queues({ 1: { read: 5, update: 2 }, 2: { create: 3 } })
    assert.deepEqual(judge([updates('repo:1'), reads('repo:2')], earlier), {
      response: 'postponed',
      reasons: [updates('repo:1'), creates('repo:2'), reads('repo:1')],
    })
  })

  test('lets one rejection beat any postponement, and gives only what rejects as reasons', () => {
    const earlier = queues({ 1: { read: 1, delete: 4 }, 2: { update: 2 } })
    assert.deepEqual(judge([updates('repo:1'), updates('repo:2')], earlier), {
      response: 'rejected',
      reasons: [deletes('repo:1')],
    })
  })

  test('does not name uses that stand in nobody’s way', () => {
    const earlier = queues({ 1: { read: 1, update: 2, create: 3 } })
    assert.deepEqual(judge([reads('repo:1')], earlier), {
      response: 'postponed',
      reasons: [creates('repo:1')],
    })
  })
})
