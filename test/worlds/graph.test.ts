import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Arrows } from './graph.ts'

/** 0 → 1 → 3, 0 → 2 → 3 and back from 2; only some steps are progress. */
function diamond(lastIsProgress: boolean): Arrows {
  const arrows = new Arrows()
  arrows.add(0, 1, true)
  arrows.add(0, 2, false)
  arrows.add(1, 3, true)
  arrows.add(2, 3, lastIsProgress)
  arrows.add(2, 0, false)
  return arrows
}

test('A world whose only way to the end is not progress never ends', () => {
  assert.equal(diamond(true).firstThatNeverEnds(4, [3]), null)
  assert.equal(diamond(false).firstThatNeverEnds(4, [3]), 2)
  assert.equal(diamond(true).firstThatNeverEnds(4, []), 0)
})

test('Histories are the paths from the first world, round in circles too', () => {
  // Of no step one, of one step two, of two steps three: 0-1-3, 0-2-3 and 0-2-0.
  assert.equal(diamond(true).countHistories(4, 0), 1)
  assert.equal(diamond(true).countHistories(4, 2), 6)
})

test('A graph of many steps keeps them all', () => {
  const arrows = new Arrows()
  for (let world = 0; world < 5_000; world += 1) arrows.add(world, world + 1, true)
  assert.equal(arrows.length, 5_000)
  assert.deepEqual([...arrows].at(-1), [4_999, 5_000])
  assert.equal(arrows.firstThatNeverEnds(5_001, [5_000]), null)
})
