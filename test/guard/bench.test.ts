// The bench can be trusted: it knows its options, its verdicts follow its goals, its page names every
// figure, and its audit finds what is lost.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { FIGURES, NAMES } from '../bench/benches.ts'
import { Disk } from '../bench/disk.ts'
import { isReached } from '../bench/figure.ts'
import { readOptions } from '../bench/options.ts'
import { measure } from '../bench/process.ts'
import type { Audited, EngineAudit } from '../bench/sides/engine-audit.ts'
import { summarize } from '../bench/statistics.ts'

const read = (...argv: string[]) => readOptions(argv, NAMES, 'result.json')

test('an option, a figure or a number of rounds that does not exist is refused by its name', () => {
  for (const argv of [['--fast'], ['--only', 'speed'], ['--rounds', '0'], ['--json'], ['lives']]) {
    const reading = read(...argv)
    assert.equal(reading.kind, 'invalid', argv.join(' '))
    assert.ok(reading.kind === 'invalid' && reading.message.includes(argv.at(-1) as string))
  }
})

test('a quick run has one round unless rounds are given', () => {
  const rounds = (...argv: string[]) => {
    const reading = read(...argv)
    return reading.kind === 'run' ? reading.options.rounds : null
  }
  assert.deepEqual([rounds(), rounds('--quick'), rounds('--quick', '--rounds', '3')], [5, 1, 3])
})

test('a measurement is judged by its median, and a promise by its worst round', () => {
  const of = (...numbers: number[]) => summarize(numbers)
  const none = of(0)
  assert.equal(isReached({ kind: 'ratio at least', value: 2 }, of(1, 2, 9), none), true)
  assert.equal(isReached({ kind: 'ratio at least', value: 2 }, of(1, 1.9, 9), none), false)
  assert.equal(isReached({ kind: 'ratio at most', value: 2 }, of(1, 2.1, 9), none), false)
  assert.equal(isReached({ kind: 'none broken' }, of(0, 0, 1), none), false)
  const either = { kind: 'ratio or value at most', ratio: 5, value: 10 } as const
  assert.equal(isReached(either, of(7), of(9)), true)
  assert.equal(isReached(either, of(4), of(40)), true)
  assert.equal(isReached(either, of(7), of(40)), false)
})

test('the page of the bench explains exactly the figures that there are', async () => {
  const page = await readFile(join(import.meta.dirname, '..', 'bench', 'README.md'), 'utf8')
  const rows = page.split('\n').filter(line => line.startsWith('| `'))
  const explained = rows.flatMap(row => {
    const [, first = ''] = row.split('|')
    return [...first.matchAll(/`([^`]+)`/g)].map(([, name]) => name)
  })
  assert.deepEqual(explained.sort(), FIGURES.map(({ name }) => name).sort())
})

test('the audit after a kill says which acknowledged task is lost', async t => {
  const disk = await Disk.open()
  t.after(() => disk.remove())
  const [groupId, taskId] = [
    '0199e2f0-0000-7000-8000-000000000001',
    '0199e2f0-0000-7000-8000-000000000002',
  ]
  const given: EngineAudit = {
    folder: await disk.folder('audited'),
    acknowledged: [{ groupId, taskIds: [taskId] }],
    tasks: 1,
  }
  const { broken } = await measure<Audited>('engine-audit', given)
  assert.deepEqual(broken, [
    `group ${groupId} was acknowledged and is lost`,
    `task ${taskId} was acknowledged and is lost`,
  ])
})
