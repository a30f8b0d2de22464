// A resource's queue by its firsts, against a brute force over the whole queue.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { OPERATIONS, type Operation } from '../../machines/operations.ts'
import { type Firsts, grantBounds, rejudgeUntil, responseTo } from '../../machines/reservations.ts'

/** Place and operation of each use in a queue, in order. */
type Queue = { place: number; operation: Operation }[]

// Written once more from the contract's table, so that the code is not its own judge.
const WAITS: Record<Operation, string> = {
  create: 'read update delete create',
  read: 'create update delete',
  update: 'create update delete',
  delete: 'create read update delete',
}

const operation = fc.constantFrom(...OPERATIONS)
const queue: fc.Arbitrary<Queue> = fc
  .array(fc.tuple(operation, fc.integer({ min: 1, max: 3 })), { maxLength: 12 })
  .map(uses => {
    let place = 0
    return uses.map(([each, gap]) => {
      place += gap
      return { place, operation: each }
    })
  })

function firstsOf(uses: Queue): Firsts {
  const firsts: Firsts = {}
  for (const { place, operation: each } of uses) firsts[each] ??= place
  return firsts
}

const before = (uses: Queue, place: number) => uses.filter(each => each.place < place)

/** The distinct operations before a place, in order of their first use. */
function standingBefore(uses: Queue, place: number): string {
  return [...new Set(before(uses, place).map(each => each.operation))].join(' ')
}

describe('A queue', () => {
  test('keeps a use waiting exactly when some earlier use of its resource does', () => {
    fc.assert(
      fc.property(queue, operation, (uses, proposed) => {
        const waits = uses.some(each => WAITS[each.operation].includes(proposed))
        assert.equal(responseTo(proposed, firstsOf(uses)) !== 'accepted', waits)
      }),
    )
  })

  test('may grant a use exactly when its place is within the bound of its operation', () => {
    fc.assert(
      fc.property(queue, uses => {
        const bounds = grantBounds(firstsOf(uses))
        for (const { place, operation: own } of uses) {
          const waits = before(uses, place).some(each => WAITS[each.operation].includes(own))
          assert.equal(place <= (bounds[own] ?? Number.POSITIVE_INFINITY), !waits, `at ${place}`)
        }
      }),
    )
  })

  test('judges again exactly those behind a removed use for whom set or order of the earlier changed', () => {
    fc.assert(
      fc.property(queue, fc.nat(), (uses, nth) => {
        fc.pre(uses.length > 0)
        const removed = uses[nth % uses.length] as Queue[number]
        const left = uses.filter(each => each !== removed)
        const until = rejudgeUntil(removed, firstsOf(left)) ?? removed.place
        for (const { place } of left) {
          if (place < removed.place) continue
          const changed = standingBefore(uses, place) !== standingBefore(left, place)
          assert.equal(place <= until, changed, `at ${place}, until ${until}`)
        }
      }),
    )
  })
})
