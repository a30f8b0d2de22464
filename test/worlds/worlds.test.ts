// Every interleaving in small worlds. ROLLCALL_WORLDS_BOUND=3 walks larger ones, which takes minutes and
// gigabytes instead of seconds; main.ts does the same from the command line, and tells single histories.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { families } from './families.ts'
import { LEGAL } from './moves.ts'
import { printTable, type Walked, walkWhole } from './report.ts'

const bound = Number(process.env.ROLLCALL_WORLDS_BOUND ?? 2)
assert.ok(Number.isInteger(bound) && bound >= 2, 'ROLLCALL_WORLDS_BOUND is a whole number from 2')

const walked: Walked[] = []

for (const family of families(bound)) {
  test(`No history breaks a promise with ${family.says}`, async () => {
    walked.push(await walkWhole(family, bound))
  })
}

test('Together they take tasks wherever the contract lets them go', () => {
  const missed = Object.entries(LEGAL)
    .flatMap(([from, ways]) => ways.map(to => `${from} → ${to}`))
    .filter(move => !walked.some(({ moves }) => moves.has(move)))
  assert.deepEqual(missed, [])
})

after(() => printTable(walked))
