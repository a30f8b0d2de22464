// Every interleaving in small worlds. ROLLCALL_WORLDS_BOUND=3 walks larger ones, which takes minutes and
// gigabytes instead of seconds; ROLLCALL_WORLDS_REPLAY=<family>:<choices> tells one history step by step.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { type Explored, explore } from './explore.ts'
import { families } from './families.ts'
import { explained, tellStory } from './story.ts'

const FILE = 'test/worlds/worlds.test.ts'
const { ROLLCALL_WORLDS_BOUND, ROLLCALL_WORLDS_REPLAY } = process.env
const BOUND = Number(ROLLCALL_WORLDS_BOUND ?? 2)
assert.ok(Number.isInteger(BOUND) && BOUND >= 2, 'ROLLCALL_WORLDS_BOUND is a whole number from 2')

const all = families(BOUND)

if (ROLLCALL_WORLDS_REPLAY === undefined) {
  const walked: Record<string, Explored & { seconds: number }> = {}
  for (const family of all) {
    test(`No history breaks a promise with ${family.says}`, async () => {
      const startedMs = performance.now()
      try {
        const explored = await explore(family)
        walked[family.name] = { ...explored, seconds: (performance.now() - startedMs) / 1_000 }
      } catch (error) {
        const choices = (error as { choices?: number[] }).choices ?? []
        const bound = BOUND === 2 ? '' : `ROLLCALL_WORLDS_BOUND=${BOUND} `
        const replay = `${bound}ROLLCALL_WORLDS_REPLAY=${family.name}:${choices.join('.')} node --test ${FILE}`
        throw await explained(family, error, replay)
      }
    })
  }
  after(() => print(walked))
} else {
  const [name, choices = ''] = ROLLCALL_WORLDS_REPLAY.split(':')
  const family = all.find(each => each.name === name)
  assert.ok(family, `ROLLCALL_WORLDS_REPLAY names the family ${name}, which does not exist`)
  test(`The history ${ROLLCALL_WORLDS_REPLAY} can be told`, async () => {
    console.log(await tellStory(family, choices.split('.').filter(Boolean).map(Number)))
  })
}

function print(walked: Record<string, Explored & { seconds: number }>): void {
  const rows = Object.values(walked)
  const sum = (of: (each: (typeof rows)[number]) => number) =>
    rows.reduce((total, each) => total + of(each), 0)
  const line = ({
    states,
    transitions,
    histories,
    seconds,
  }: Omit<(typeof rows)[number], 'depth'>) => ({
    states,
    transitions,
    histories: histories.toPrecision(3),
    seconds: Number(seconds.toFixed(1)),
  })
  const lines = Object.entries(walked).map(([name, each]) => [
    name,
    { 'steps at most': each.depth, ...line(each) },
  ])
  const total = {
    states: sum(each => each.states),
    transitions: sum(each => each.transitions),
    histories: sum(each => each.histories),
    seconds: sum(each => each.seconds),
  }
  console.table(Object.fromEntries([...lines, [`all ${rows.length} worlds`, line(total)]]))
}
