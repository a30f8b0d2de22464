// That worlds with one key have one future: what is reached by walking each key once is all that every
// single history reaches.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { spec, updates } from '../support/builders.ts'
import { keyOf } from './key.ts'
import { type Family, type Submission, stepsOf, walk } from './steps.ts'
import { EMPTY, TICK_MS, type World } from './world.ts'

const STEPS = 5

const update = spec({ resources: [updates('repo:1')] })

/** A group of either policy while there is none, and a task of no group, cancellable or not. */
function submissions({ nowMs, rows }: World): Submission[] {
  const submit = { type: 'tasks.submit', idempotency: null } as const
  const alone = [update, { ...update, cancellable: false }].map(
    (each): Submission => ({ ...submit, specs: [each], group: null }),
  )
  if (rows.groups.some(({ value }) => value !== 'settled')) return alone
  const later = spec({ startAfterMs: nowMs + TICK_MS })
  const groups = (['continue', 'cancel'] as const).map((onFailure): Submission => {
    return { ...submit, specs: [update, later], group: { tags: [], onFailure, open: true } }
  })
  return [...alone, ...groups]
}

const family: Family = {
  name: 'tiny',
  says: 'two unfinished tasks at a time, perhaps in a group, or a child',
  sliceLimit: 1,
  start: EMPTY,
  unfinishedMax: 2,
  submissions,
  children: [spec()],
  acts: ['succeeds', 'fails', 'fails for now', 'times out'],
  groups: true,
  attempts: false,
}

/** Every move from one key to another that histories of so many steps make, of those that are walked on. */
async function movesOf(steps: number, isWalked: (key: string) => boolean): Promise<Set<string>> {
  const moves = new Set<string>()
  let worlds = [family.start]
  for (let step = 0; step < steps; step += 1) {
    const reached: World[] = []
    for (const before of worlds) {
      const from = keyOf(before, family.attempts)
      for (const each of stepsOf(before, family)) {
        const { world } = await walk(before, each, family)
        const to = keyOf(world, family.attempts)
        moves.add(`${from} → ${to}`)
        if (isWalked(to)) reached.push(world)
      }
    }
    worlds = reached
  }
  return moves
}

test('Walking each key once makes every move that walking every single history makes', async () => {
  const known = new Set<string>()
  const once = await movesOf(STEPS, key => {
    const isNew = !known.has(key)
    known.add(key)
    return isNew
  })
  const every = await movesOf(STEPS, () => true)
  assert.ok(every.size > 1_000, `${every.size} moves`)
  assert.deepEqual(
    [...every].filter(each => !once.has(each)),
    [],
  )
})
