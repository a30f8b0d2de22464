// The quick copy of what is plainly JSON, beside JSON.stringify and JSON.parse.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Json } from '../../machines/index.ts'
import { jsonOf, writtenAndRead } from '../../server/outcome.ts'
import { copyOfPlainJson, JSON_DEPTH_MAX } from '../../server/plain-json.ts'

/** What JSON.stringify and JSON.parse make of a value; undefined: it is not JSON. */
function slowly(value: unknown): Json | undefined {
  try {
    return writtenAndRead(value)
  } catch {
    return undefined
  }
}

/** The quick copy is the slow one, in the same order of fields; or there is none. */
function assertSame(value: unknown): void {
  const quick = copyOfPlainJson(value)
  if (quick === undefined) return
  assert.deepEqual(quick, slowly(value))
  assert.equal(JSON.stringify(quick), JSON.stringify(slowly(value)))
}

const strings = fc.string({ unit: 'binary' })
const names = fc.oneof(strings, fc.constantFrom('__proto__', 'toJSON', 'length', '0', '1', 'a'))

/** Objects of JavaScript in all their ways: getters, toJSON, proxies, classes, strange prototypes. */
const { value: oddities } = fc.letrec(tie => ({
  value: fc.oneof(
    { weight: 6, arbitrary: tie('scalar') },
    { weight: 3, arbitrary: tie('fields') },
    { weight: 3, arbitrary: fc.sparseArray(tie('value'), { maxLength: 5 }) },
    fc.array(tie('value'), { maxLength: 5 }),
    tie('getter'),
    tie('toJson'),
    tie('proxy'),
    tie('class'),
  ),
  scalar: fc.oneof(
    strings,
    fc.double(),
    fc.constantFrom(0, -0, null, undefined, true, 1n, Symbol.iterator, () => 1),
    fc.anything({ withMap: true, withSet: true, withDate: true, withTypedArray: true }),
    fc.anything({ withBoxedValues: true, withNullPrototype: true, withBigInt: true }),
  ),
  fields: fc
    .array(fc.tuple(names, tie('value')), { maxLength: 5 })
    // Defined, not assigned: a field may be called __proto__.
    .map(entries => Object.fromEntries(entries)),
  getter: fc.tuple(names, tie('value')).map(([name, value]) =>
    Object.defineProperty({}, name, {
      enumerable: true,
      get: () => value,
    }),
  ),
  toJson: tie('value').map(value => ({ a: 1, toJSON: () => value })),
  proxy: fc
    .oneof(tie('fields'), fc.array(tie('value')))
    .map(target => new Proxy(target as object, {})),
  class: tie('value').map(value => {
    class Thing {
      field = value
    }
    return new Thing()
  }),
}))

describe('The quick copy of plain JSON', () => {
  test('is what JSON.stringify and JSON.parse make, of any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), value => {
        assert.notEqual(copyOfPlainJson(value), undefined)
        assertSame(value)
      }),
      { numRuns: 2_000 },
    )
  })

  test('is what they make, or is left to them, of anything at all', () => {
    fc.assert(fc.property(oddities, assertSame), { numRuns: 5_000 })
  })

  test('shares nothing with the value', () => {
    const value = { list: [{ deep: [1] }], fields: { a: 'b' } }
    const copy = copyOfPlainJson(value) as typeof value
    assert.deepEqual(copy, value)
    assert.notEqual(copy, value)
    assert.notEqual(copy.list, value.list)
    assert.notEqual(copy.list[0]?.deep, value.list[0]?.deep)
    assert.notEqual(copy.fields, value.fields)
  })

  test('goes as deep as a task may carry, and no deeper', () => {
    const nested = (levels: number) => {
      let value: unknown = []
      for (let level = 1; level < levels; level += 1) value = level % 2 === 0 ? [value] : { value }
      return value
    }
    assert.deepEqual(copyOfPlainJson(nested(JSON_DEPTH_MAX)), slowly(nested(JSON_DEPTH_MAX)))
    assert.notEqual(slowly(nested(JSON_DEPTH_MAX)), undefined)
    assert.equal(copyOfPlainJson(nested(JSON_DEPTH_MAX + 1)), undefined)
    assert.equal(slowly(nested(JSON_DEPTH_MAX + 1)), undefined)
  })

  test('leaves what goes round in a circle, or shares its parts without end, to them', () => {
    const circle: unknown[] = []
    circle.push(circle, circle)
    assert.equal(copyOfPlainJson(circle), undefined)
    let doubled: unknown[] = []
    for (let level = 0; level < 40; level += 1) doubled = [doubled, doubled]
    assert.equal(copyOfPlainJson(doubled), undefined)
  })

  test('leaves a large value to them', () => {
    const large = 'x'.repeat(1024 * 1024)
    assert.equal(copyOfPlainJson([large]), undefined)
    assert.deepEqual(jsonOf([large], 'it'), { json: [large] })
  })

  test('leaves what a getter throws to be told by them', () => {
    const hidden = Object.defineProperty({}, 'a', {
      enumerable: true,
      get() {
        throw new Error('not to be seen')
      },
    })
    assert.equal(copyOfPlainJson(hidden), undefined)
    const outcome = jsonOf(hidden, 'it')
    assert.match('failure' in outcome ? outcome.failure.error.description : '', /not to be seen/)
  })
})
