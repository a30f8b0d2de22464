// Run order and cycles of a submission, against the slowest program that could not be wrong.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { runOrder } from '../../machines/dependencies.ts'

/** Always the first in the list whose dependencies have all come before; null: there is a cycle. */
function slowOrder(dependencies: number[][]): number[] | null {
  const order: number[] = []
  while (order.length < dependencies.length) {
    const next = dependencies.findIndex(
      (ahead, member) => !order.includes(member) && ahead.every(each => order.includes(each)),
    )
    if (next === -1) return null
    order.push(next)
  }
  return order
}

const dependencies = fc.integer({ min: 0, max: 9 }).chain(size =>
  fc.array(fc.uniqueArray(fc.nat({ max: Math.max(size - 1, 0) }), { maxLength: 2 }), {
    minLength: size,
    maxLength: size,
  }),
)

describe('Run order', () => {
  test('is always the first in the list whose dependencies have all come before', () => {
    fc.assert(
      fc.property(dependencies, given => {
        const run = runOrder(given)
        assert.deepEqual('order' in run ? run.order : null, slowOrder(given))
      }),
      { numRuns: 500 },
    )
  })

  test('names, when there is a cycle, members that each depend on the next and end where they began', () => {
    fc.assert(
      fc.property(dependencies, given => {
        const run = runOrder(given)
        fc.pre('cycle' in run)
        const { cycle } = run as { cycle: number[] }
        assert.ok(cycle.length > 1)
        assert.equal(cycle[0], cycle.at(-1))
        for (const [at, member] of cycle.slice(0, -1).entries()) {
          assert.ok(
            given[member]?.includes(cycle[at + 1] as number),
            JSON.stringify({ given, cycle }),
          )
        }
      }),
    )
  })

  test('keeps the order of the list among members that do not depend on each other', () => {
    assert.deepEqual(runOrder([[2], [], [], [0]]), { order: [1, 2, 0, 3] })
  })

  test('of a chain of 20,000 members takes well under a second', { timeout: 5_000 }, () => {
    const chain = Array.from({ length: 20_000 }, (_, member) => (member === 0 ? [] : [member - 1]))
    const run = runOrder(chain.reverse().map(ahead => ahead.map(each => 19_999 - each)))
    assert.equal('order' in run && run.order[0], 19_999)
  })
})
