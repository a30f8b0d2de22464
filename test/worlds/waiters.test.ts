// Whether those who wait for the end of a task are looked for in any case, or only when there is somebody:
// what is written and done is the same, byte by byte. So a store that does not know may say that there may be.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Command, GroupSpec, Need, Slice, TaskSpec } from '../../machines/index.ts'
import { spec, use } from '../support/builders.ts'
import { take } from './batch.ts'
import { crowd, drawStep, histories } from './crowd.ts'
import { families } from './families.ts'
import { sliceOf } from './slice.ts'
import { commandOf, type Family, isCommand, walk } from './steps.ts'
import { EMPTY, type Rows, type World } from './world.ts'

/** Histories of each family; with ROLLCALL_WAITERS_RUNS more. */
const RUNS = Number(process.env.ROLLCALL_WAITERS_RUNS ?? 150)

/** Always says that somebody may wait. */
function careful(rows: Rows, need: Need, nowMs: number): Slice {
  return { ...sliceOf(rows, need, nowMs), waiters: null }
}

function takeBothWays(world: World, command: Command, sliceLimit: number): World {
  const one = take(world, command, sliceLimit, careful)
  const other = take(world, command, sliceLimit)
  assert.deepEqual(other, one)
  return other.world
}

/** Takes a history both ways, command by command. */
async function compare(family: Family, choices: readonly (readonly number[])[]): Promise<void> {
  let world = family.start
  for (const dice of choices) {
    const step = drawStep(world, family, dice)
    if (isCommand(step)) takeBothWays(world, commandOf(world, step), family.sliceLimit)
    ;({ world } = await walk(world, step, family))
  }
}

describe('A store that always says that somebody may wait', () => {
  for (const family of [crowd(1), crowd(2), crowd(256), ...families(2)]) {
    test(`and one that knows make the same of every history: ${family.name}`, async () => {
      await fc.assert(
        fc.asyncProperty(histories, choices => compare(family, choices)),
        { numRuns: RUNS },
      )
    })
  }

  test('and one that knows make the same of a cancellation that nobody waits behind and one that somebody does', () => {
    const one = (each: TaskSpec, group: GroupSpec | null): Command => ({
      type: 'tasks.submit',
      specs: [each],
      group,
      idempotency: null,
    })
    const update = spec({ resources: [use('update', 'repo:1')] })
    const history: Command[] = [
      one(update, { tags: [], onFailure: 'continue', open: true }),
      one(update, null),
      { type: 'group.add', groupId: 'a', specs: [update], idempotency: null },
      { type: 'group.cancel', groupId: 'a' },
    ]
    const end = history.reduce((world, command) => takeBothWays(world, command, 2), EMPTY)
    assert.deepEqual(
      end.rows.tasks.map(({ value, blockers, response }) => [value, blockers, response]),
      [
        ['canceled', 0, 'accepted'],
        ['waiting', 0, 'accepted'],
        ['canceled', 1, 'postponed'],
      ],
    )
  })
})
