// A few values by id, which stand in for a Map.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Few } from '../../machines/few.ts'

test('A few values are those of a Map, in its order, whatever is set and deleted', () => {
  const id = fc.constantFrom('a', 'b', 'c')
  const step = fc.record({ id, value: fc.option(fc.nat()) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 8 }), steps => {
      const few = new Few<number>()
      const map = new Map<string, number>()
      for (const { id, value } of steps) {
        if (value === null) {
          few.delete(id)
          map.delete(id)
        } else {
          few.set(id, value)
          map.set(id, value)
        }
        const all: number[] = []
        few.forEach(each => {
          all.push(each)
        })
        assert.deepEqual(all, [...map.values()])
        for (const each of ['a', 'b', 'c']) assert.equal(few.get(each), map.get(each))
      }
    }),
  )
})
