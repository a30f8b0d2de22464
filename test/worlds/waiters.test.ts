// Whether those who wait for the end of a task are looked for in any case, or only when there is somebody:
// what is written and done is the same, byte by byte. So a store that does not know may say that there may be.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  type Command,
  type GroupSpec,
  type Need,
  OPERATIONS,
  type Slice,
  type TaskSpec,
} from '../../machines/index.ts'
import { spec, use } from '../support/builders.ts'
import { take } from './batch.ts'
import { families } from './families.ts'
import { sliceOf } from './slice.ts'
import {
  commandOf,
  type Family,
  isCommand,
  type Step,
  type Submission,
  stepsOf,
  walk,
} from './steps.ts'
import { EMPTY, type Rows, TICK_MS, type World } from './world.ts'

/** Histories of each family; with ROLLCALL_WAITERS_RUNS more. */
const RUNS = Number(process.env.ROLLCALL_WAITERS_RUNS ?? 150)

/** Always says that somebody may wait. */
function careful(rows: Rows, need: Need, nowMs: number): Slice {
  return { ...sliceOf(rows, need, nowMs), waiters: true }
}

const RESOURCES = ['repo:1', 'repo:2', 'feed:1']
const uses = RESOURCES.flatMap(resource => OPERATIONS.map(each => [use(each, resource)]))
const twoUses = uses.flatMap(([first]) => uses.slice(4).map(([second]) => [first!, second!]))
const someUses = [[], ...uses, ...twoUses.filter(([a, b]) => a!.resource_id !== b!.resource_id)]

/** Larger than what is walked whole: groups of up to 4 among up to 12 tasks that wait for each other. */
function crowd(sliceLimit: number): Family {
  return {
    name: `a crowd, ${sliceLimit} rows at a time`,
    says: '',
    sliceLimit,
    start: EMPTY,
    unfinishedMax: 12,
    submissions: () => [],
    children: [spec(), spec({ resources: [use('read', 'repo:1')] })],
    acts: ['succeeds', 'fails', 'fails for now', 'is interrupted', 'times out'],
    groups: true,
    attempts: false,
  }
}

function submission(world: World, dice: readonly number[]): Submission {
  const [size = 0, policy = 0, ...rest] = dice
  const draw = (nth: number, below: number) => (rest[nth % rest.length] ?? 0) % below
  const specs: TaskSpec[] = Array.from({ length: 1 + (size % 4) }, (_, nth) => {
    const { tasks } = world.rows
    const earlier = nth > 0 ? 'abc'[nth - 1] : tasks.at(-1 - draw(nth, 5))?.taskId
    const on = earlier === undefined || draw(nth + 3, 3) > 0 ? [] : [earlier]
    return spec({
      name: `${'abcd'[nth]}`,
      resources: someUses[draw(nth + 5, someUses.length)] ?? [],
      startAfterMs: draw(nth + 7, 6) === 0 ? world.nowMs + TICK_MS : null,
      dependsOn: on.map(each => ({ on: each, states: ['finished'] })),
      cancellable: draw(nth + 9, 5) > 0,
      priority: draw(nth + 11, 2),
    })
  })
  const onFailure = policy % 2 === 0 ? 'continue' : 'cancel'
  const group: GroupSpec | null = policy % 3 === 0 ? null : { tags: [], onFailure, open: false }
  return { type: 'tasks.submit', specs, group, idempotency: null }
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
    const [kind = 0, choice = 0, ...rest] = dice
    const own = stepsOf(world, family)
    const submits = family.name.startsWith('a crowd') && world.up && kind % 3 === 0
    const step: Step = submits
      ? { type: 'ask', command: submission(world, rest) }
      : own[choice % own.length]!
    if (isCommand(step)) takeBothWays(world, commandOf(world, step), family.sliceLimit)
    ;({ world } = await walk(world, step, family))
  }
}

const dice = fc.array(fc.array(fc.nat({ max: 10_000 }), { minLength: 8, maxLength: 24 }), {
  minLength: 20,
  maxLength: 60,
})

describe('A store that always says that somebody may wait', () => {
  for (const family of [crowd(1), crowd(2), crowd(256), ...families(2)]) {
    test(`and one that knows make the same of every history: ${family.name}`, async () => {
      await fc.assert(
        fc.asyncProperty(dice, choices => compare(family, choices)),
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
