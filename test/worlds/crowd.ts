// Worlds too large to be walked whole: groups of up to 4 among up to 12 tasks that wait for each other, in
// histories drawn at random.
import fc from 'fast-check'
import { type GroupSpec, OPERATIONS, type TaskSpec } from '../../machines/index.ts'
import { spec, use } from '../support/builders.ts'
import { type Family, type Step, type Submission, stepsOf } from './steps.ts'
import { EMPTY, TICK_MS, type World } from './world.ts'

const RESOURCES = ['repo:1', 'repo:2', 'feed:1']
const uses = RESOURCES.flatMap(resource => OPERATIONS.map(each => [use(each, resource)]))
const twoUses = uses.flatMap(([first]) => uses.slice(4).map(([second]) => [first!, second!]))
const someUses = [[], ...uses, ...twoUses.filter(([a, b]) => a!.resource_id !== b!.resource_id)]

export function crowd(sliceLimit: number): Family {
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

/** What a history does, as numbers to draw each step with. */
export const histories = fc.array(
  fc.array(fc.nat({ max: 10_000 }), { minLength: 8, maxLength: 24 }),
  {
    minLength: 20,
    maxLength: 60,
  },
)

/** The step that some numbers stand for in a world. */
export function drawStep(world: World, family: Family, dice: readonly number[]): Step {
  const [kind = 0, choice = 0, ...rest] = dice
  const own = stepsOf(world, family)
  const submits = family.name.startsWith('a crowd') && world.up && kind % 3 === 0
  return submits ? { type: 'ask', command: submission(world, rest) } : own[choice % own.length]!
}
