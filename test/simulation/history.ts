// A history: what is done to a world, step by step, as plain data. Numbers in a step choose among what
// exists when it is taken, so that any step can be left out and the others still mean something.
import type { FinalState, ResourceUse } from '../../machines/index.ts'
import type { RetryPolicy } from '../../server/calls.ts'

/** The calls that tasks are runs of. */
export const POLICIES = {
  plain: policy({}),
  firm: policy({ cancellable: false }),
  fragile: policy({ onInterrupted: 'fail' }),
  flaky: policy({ retry: { limit: 2, delayMs: 700, backoff: 'exponential' } }),
  steady: policy({ retry: { limit: 1, delayMs: 1_000, backoff: 'fixed' } }),
  hasty: policy({ timeoutMs: 1_500, retry: { limit: 1, delayMs: 400, backoff: 'fixed' } }),
}

export interface Policy {
  cancellable: boolean
  onInterrupted: 'rerun' | 'fail'
  timeoutMs: number | null
  retry: RetryPolicy | null
}

function policy(fields: Partial<Policy>): Policy {
  return { cancellable: true, onInterrupted: 'rerun', timeoutMs: null, retry: null, ...fields }
}

export type CallName = keyof typeof POLICIES

/** How a handler ends: `garbage` is a result that JSON cannot carry. */
export type Ending = 'returns' | 'throws' | 'garbage'

/** What a handler does, told by its task's arguments. */
export interface Plan {
  /** Null: it never ends by itself. */
  takesMs: number | null
  /** By attempt; the last holds for those after it. */
  ends: Ending[]
  /** How long it goes on after it was asked to stop, in ms. */
  stopsAfterMs: number
  progress: 'none' | 'good' | 'bad'
  /** Child tasks that it adds as it begins. */
  spawns: ChildDraw[]
}

export interface ChildDraw {
  call: CallName
  uses: ResourceUse[]
  priority: number
  takesMs: number | null
}

export interface TaskDraw {
  call: CallName
  uses: ResourceUse[]
  dependsOn: { sibling: boolean; on: number; states: FinalState[] }[]
  priority: number
  /** Of `start_after`, from the time of the submission; 0 leaves it out. */
  delayMs: number
  plan: Plan
}

/** What the runner could say of an attempt. */
export type ReportType =
  | 'task.progressed'
  | 'task.succeeded'
  | 'task.failed'
  | 'task.timed_out'
  | 'task.unresponsive'
  | 'task.interrupted'

/** What a process is started with. */
export interface LifeDraw {
  concurrency: number
  sliceLimit: number
}

export type Action =
  | { type: 'submit'; task: TaskDraw; keyed: boolean }
  | {
      type: 'submit group'
      tasks: TaskDraw[]
      onFailure: 'continue' | 'cancel'
      open: boolean
      keyed: boolean
    }
  | { type: 'add'; group: number; tasks: TaskDraw[]; keyed: boolean }
  /** A keyed submission once more, or another one with its key. */
  | { type: 'send again'; request: number; changed: boolean }
  | { type: 'cancel'; task: number }
  | { type: 'cancel group' | 'suspend' | 'resume' | 'close'; group: number }
  | { type: 'purge'; states: FinalState[] }
  | { type: 'read'; task: number }
  | { type: 'wait'; task: number; ms: number }
  | { type: 'end'; handler: number; how: Ending; twice: boolean }
  | { type: 'spawn'; handler: number; child: ChildDraw }
  | { type: 'progress'; handler: number; good: boolean }
  /** A report about an attempt that is over. */
  | { type: 'late report'; attempt: number; report: ReportType }
  | { type: 'advance'; ms: number }
  | { type: 'jump'; ms: number }
  | { type: 'slow commit'; ms: number }
  | { type: 'full disk'; times: number }
  /** The process dies at once, or at a commit when so many others have gone before; another one follows. */
  | { type: 'crash'; moment: 'now' | 'before' | 'after'; commits: number; next: LifeDraw }
  | { type: 'shut down'; graceMs: number; next: LifeDraw }

export type ActionType = Action['type']

export interface Step {
  action: Action
  /** What passes before the next step: so many microtasks, or all until the world rests. */
  pause: number | 'rest'
  /** Microtasks by which reads are late, at most, until the next step. */
  lag: number
}

export interface History {
  seed: number
  /** What the first process is started with. */
  first: LifeDraw
  steps: Step[]
}

/**
 * Chooses one of those that exist, the newest last in the list. A number counts from the newest, so that
 * it mostly means the same when older ones are left out.
 */
export function choose<T>(all: readonly T[], nth: number): T | undefined {
  return all.length === 0 ? undefined : all.at(-1 - (nth % all.length))
}
