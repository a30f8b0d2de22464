// Ids as the system makes them: canonical UUIDs of version 7, rising, and no two alike.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { validate, version } from 'uuid'
import { idSource } from '../../server/ids.ts'

const AT_MS = Date.parse('2026-01-31T12:00:00Z')

/** More than the random bytes of one draw are enough for. */
const MANY = 10_000

function timeOf(id: string): number {
  return Number.parseInt(id.replace('-', '').slice(0, 12), 16)
}

describe('Ids', () => {
  test('are canonical UUIDs of version 7 that begin with the time', () => {
    const newId = idSource(() => AT_MS)
    for (let nth = 0; nth < MANY; nth += 1) {
      const id = newId()
      assert.ok(validate(id) && version(id) === 7 && id === id.toLowerCase(), id)
      assert.equal(timeOf(id), AT_MS)
    }
  })

  test('rise, whether the clock runs, stands still or goes back', () => {
    let now = AT_MS
    const newId = idSource(() => now)
    let before = newId()
    for (let nth = 1; nth <= MANY; nth += 1) {
      now += [1, 0, 0, -5, 0, 3][nth % 6] as number
      const id = newId()
      assert.ok(id > before, `${id} came after ${before}`)
      before = id
    }
  })

  test('end in bits that come up once', () => {
    const newId = idSource(() => AT_MS)
    const ends = new Set(Array.from({ length: MANY }, () => newId().slice(-10)))
    assert.equal(ends.size, MANY)
  })

  test('of two sources at the same time differ', () => {
    const [one, other] = [idSource(() => AT_MS), idSource(() => AT_MS)]
    const ids = new Set(Array.from({ length: MANY }, () => [one(), other()]).flat())
    assert.equal(ids.size, 2 * MANY)
  })
})
