// What stands before the members of a submission while they are judged one after the other.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Ahead } from '../../machines/ahead.ts'
import { type Firsts, resourceKey } from '../../machines/reservations.ts'
import { reads, updates } from '../support/builders.ts'

const repo = resourceKey(updates('repo:1'))

describe('What stands before a member', () => {
  test('is what the slice has, and the places that members before it took', () => {
    const ahead = new Ahead(new Map([[repo, { read: 3 }]]))
    const uses = [updates('repo:1'), reads('feed:1')]
    assert.deepEqual(ahead.of(uses), [{ read: 3 }, {}])
    Ahead.take(uses, ahead.of(uses), 7)
    assert.deepEqual(ahead.of([reads('repo:1'), updates('feed:1')]), [
      { read: 3, update: 7 },
      { read: 7 },
    ])
  })

  test('is the first of each operation, whoever comes after', () => {
    const ahead = new Ahead(new Map([[repo, { update: 3 }]]))
    const uses = [updates('repo:1')]
    Ahead.take(uses, ahead.of(uses), 7)
    assert.deepEqual(ahead.of(uses), [{ update: 3 }])
  })

  test('leaves the slice as it was', () => {
    const queues = new Map<string, Firsts>([[repo, Object.freeze({ read: 3 })]])
    const ahead = new Ahead(queues)
    const uses = [updates('repo:1'), updates('feed:1')]
    Ahead.take(uses, ahead.of(uses), 7)
    assert.deepEqual([...queues], [[repo, { read: 3 }]])
  })
})
