// Random histories as plain data, so that they shrink and replay. Numbers in a step choose among what
// exists when the step is taken.
import fc from 'fast-check'
import { type FinalState, OPERATIONS, type ResourceUse } from '../../machines/index.ts'
import type { Policy } from './rules.ts'

/** The calls that tasks are runs of. */
export const POLICIES = {
  plain: { cancellable: true, retries: 0, rerun: true, timeoutMs: null },
  firm: { cancellable: false, retries: 0, rerun: true, timeoutMs: null },
  flaky: { cancellable: true, retries: 2, rerun: true, timeoutMs: null },
  fragile: { cancellable: true, retries: 0, rerun: false, timeoutMs: null },
  // Off the grid of whole seconds on which everything else happens, so that no two timers coincide.
  hasty: { cancellable: true, retries: 1, rerun: true, timeoutMs: 2_300 },
} satisfies Record<string, Policy>

/** One task of a submission; numbers choose among what exists when the step is taken. */
export interface TaskDraw {
  call: keyof typeof POLICIES
  uses: ResourceUse[]
  dependsOn: { sibling: boolean; on: number; states: FinalState[] }[]
  priority: number
  delayMs: number
}

export type Step =
  | { type: 'submit'; task: TaskDraw }
  | { type: 'submit group'; tasks: TaskDraw[]; onFailure: 'continue' | 'cancel'; open: boolean }
  | { type: 'add'; group: number; tasks: TaskDraw[] }
  | { type: 'spawn'; running: number; uses: ResourceUse[]; priority: number }
  | { type: 'cancel'; task: number }
  | { type: 'cancel group' | 'suspend' | 'resume' | 'close'; group: number }
  | { type: 'complete' | 'fail'; running: number }
  | { type: 'advance'; seconds: number }
  | { type: 'crash' }

export interface History {
  concurrency: number
  steps: Step[]
}

/** Plain objects: the engine's own are compared with them. */
const record = <T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record<T>(fields, { noNullPrototype: true })
const uses = fc.uniqueArray(
  record({
    resource_type: fc.constant('repo'),
    resource_id: fc.constantFrom('1', '2', '3'),
    operation: fc.constantFrom('read' as const, 'update' as const, ...OPERATIONS),
  }),
  { maxLength: 2, selector: each => each.resource_id },
)
const states = fc.oneof(
  { weight: 4, arbitrary: fc.constant<FinalState[]>(['finished']) },
  {
    weight: 1,
    arbitrary: fc.subarray<FinalState>(['finished', 'error', 'canceled', 'skipped'], {
      minLength: 1,
    }),
  },
)
const often = <T>(usual: T, ...others: T[]) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  )
const taskDraw: fc.Arbitrary<TaskDraw> = record({
  call: fc.constantFrom('plain', 'plain', 'firm', 'flaky', 'fragile', 'hasty'),
  uses,
  dependsOn: fc.array(record({ sibling: fc.boolean(), on: fc.nat(9), states }), {
    maxLength: 2,
  }),
  priority: often(0, 1, 2),
  delayMs: often(0, 1_000, 3_000),
})
const tasks = fc.array(taskDraw, { minLength: 1, maxLength: 4 })
const nth = fc.nat(99)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: record({ type: fc.constant('submit'), task: taskDraw }) },
  {
    weight: 4,
    arbitrary: record({
      type: fc.constant('submit group'),
      tasks,
      onFailure: often('continue', 'cancel'),
      open: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: record({ type: fc.constant('add'), group: nth, tasks }) },
  {
    weight: 2,
    arbitrary: record({
      type: fc.constant('spawn'),
      running: nth,
      uses,
      priority: often(0, 1),
    }),
  },
  { weight: 4, arbitrary: record({ type: fc.constant('cancel'), task: nth }) },
  {
    weight: 4,
    arbitrary: record({
      type: fc.constantFrom('cancel group', 'suspend', 'resume', 'close'),
      group: nth,
    }),
  },
  {
    weight: 8,
    arbitrary: record({
      type: fc.constantFrom('complete', 'complete', 'fail'),
      running: nth,
    }),
  },
  {
    weight: 3,
    arbitrary: record({ type: fc.constant('advance'), seconds: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 1, arbitrary: record({ type: fc.constant('crash') }) },
) as fc.Arbitrary<Step>

export const history: fc.Arbitrary<History> = record({
  concurrency: fc.integer({ min: 1, max: 4 }),
  steps: fc.array(step, { minLength: 1, maxLength: 30, size: 'max' }),
})
