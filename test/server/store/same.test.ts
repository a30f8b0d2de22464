import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '../../../machines/index.ts'
import { isSame } from '../../../server/store/sqlite/same.ts'

test('The same are plain values that are equal, and objects with the same of them in the same order', () => {
  const same: [Json, Json][] = [
    [null, null],
    ['a', 'a'],
    [{}, {}],
    [
      { a: 1, b: null },
      { a: 1, b: null },
    ],
  ]
  for (const [a, b] of same) assert.ok(isSame(a, b), JSON.stringify([a, b]))
})

test('What may be told in another way is not the same', () => {
  const others: [Json, Json][] = [
    [null, {}],
    [0, '0'],
    [{}, []],
    [[1], [1]],
    [{ a: 1 }, { a: 2 }],
    [{ a: 1 }, { a: 1, b: 2 }],
    [{ a: 1 }, { b: 1 }],
    [{ a: [] }, { a: [] }],
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
  ]
  for (const [a, b] of others) {
    assert.ok(!isSame(a, b), JSON.stringify([a, b]))
    assert.ok(!isSame(b, a), JSON.stringify([b, a]))
  }
})
