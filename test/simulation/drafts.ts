// A submission made up: draws → what is asked of the library, the same whenever it is sent.
import type { FinalState } from '../../machines/index.ts'
import type { CallRequest } from '../../server/calls.ts'
import type { Rollcall } from '../../server/rollcall.ts'
import { idempotencyOf, type Submitted } from '../../server/submission.ts'
import { planOf } from './handlers.ts'
import { type ChildDraw, choose, type TaskDraw } from './history.ts'
import type { Ledger } from './ledger.ts'

/** What is asked for. */
export type Kind =
  | { kind: 'task' }
  | { kind: 'group'; onFailure: 'continue' | 'cancel'; open: boolean }
  | { kind: 'add'; groupId: string }
  | { kind: 'child'; parentId: string; attempt: number }

/** A submission, made up once, so that it is the same when it is sent again. */
export interface Submission {
  /** The tag of its tasks. */
  request: string
  what: Kind
  calls: CallRequest[]
  key: string | null
  /** Whether it was answered that it can never be served. */
  wasRejected: boolean
  /** Whether it was answered that nothing of it is kept. */
  isVoid: boolean
}

/** The calls of a submission; those that they depend on are chosen among what exists. */
export function callsOf(
  draws: readonly TaskDraw[],
  request: string,
  { recentTasks, tasks }: Ledger,
  nowMs: number,
): CallRequest[] {
  // Mostly one that exists: a purged one makes the whole submission invalid.
  const there = recentTasks.filter(taskId => tasks.has(taskId))
  return draws.map((draw, own) => {
    const { call, uses: resources, priority, delayMs, plan } = draw
    const depends_on: { id: string; states: FinalState[] }[] = []
    for (const { sibling, on, states } of draw.dependsOn) {
      const id = sibling
        ? `m${on % draws.length}`
        : choose(on % 50 === 49 ? recentTasks : there, on)
      if (id === undefined || depends_on.some(each => each.id === id)) continue
      depends_on.push({ id, states })
    }
    const start_after = delayMs === 0 ? null : new Date(nowMs + delayMs).toISOString()
    const tags = [request]
    return {
      id: `m${own}`,
      call,
      args: { plan },
      tags,
      resources,
      priority,
      depends_on,
      start_after,
    }
  })
}

/** A child that a running handler adds. */
export function childOf(draw: ChildDraw, request: string) {
  const { call, uses: resources, priority } = draw
  return { call, args: { plan: planOf(draw) }, resources, priority, tags: [request] }
}

/** Sends a submission that is no child's. */
export function submitTo(rollcall: Rollcall, submission: Submission): Promise<Submitted> {
  const { what, calls } = submission
  const options = optionsOf(submission)
  switch (what.kind) {
    case 'group': {
      const { onFailure: on_failure, open } = what
      return rollcall.submitGroup({ calls, on_failure, open }, options)
    }
    case 'add':
      return rollcall.addToGroup(what.groupId, calls, options)
    default:
      return rollcall.submit(calls[0] as CallRequest, options)
  }
}

/** What its key stands for; undefined when it has none. */
export function fingerprintOf(submission: Submission): string | undefined {
  return idempotencyOf(optionsOf(submission))?.fingerprint
}

function optionsOf({ key, request }: Submission) {
  return key === null ? {} : { idempotency: { key, request } }
}
