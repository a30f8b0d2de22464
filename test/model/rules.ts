// The words and the rules of the model: what a task and a group are, what the matrix says, and in which
// order the members of a submission are judged. Written from CONTRACT §3 alone.
import type { DependencyFailure, FinalState, Operation, ResourceUse } from '../../machines/index.ts'

export type ModelState = 'waiting' | 'suspended' | 'executing' | 'cancelling' | FinalState

/** What the model knows of a call. */
export interface Policy {
  cancellable: boolean
  retries: number
  rerun: boolean
  timeoutMs: number | null
}

export interface ModelSpec {
  policy: Policy
  uses: ResourceUse[]
  /** A number is the index of a sibling. */
  dependsOn: { on: number | ModelTask; states: FinalState[] }[]
  priority: number
  startAfterMs: number | null
}

export interface ModelGroup {
  id: string
  open: boolean
  suspended: boolean
  canceled: boolean
  onFailure: 'continue' | 'cancel'
  members: ModelTask[]
}

export interface ModelTask {
  id: string
  spec: ModelSpec
  group: ModelGroup | null
  children: ModelTask[]
  dependsOn: { task: ModelTask; states: FinalState[] }[]
  /** Dependencies that it has not been told of. */
  awaits: Set<ModelTask>
  /** What keeps it from its place: dependencies without one, and its own start_after. */
  heldBy: Set<ModelTask | 'time'>
  place: number | null
  state: ModelState
  stopCause: 'cancel' | 'timeout' | null
  response: 'accepted' | 'postponed'
  reasons: ResourceUse[]
  /** What it may have been told instead since the last step. */
  afresh: { response: 'accepted' | 'postponed'; reasons: ResourceUse[] } | null
  failures: Record<string, DependencyFailure>
  rejectedBy: ResourceUse[] | null
  attempt: number
  crashes: number
  wakeAtMs: number | null
  startedMs: number
}

export type Submission =
  | { outcome: 'submitted'; group: ModelGroup | null; tasks: ModelTask[] }
  | { outcome: 'rejected'; member: number; reasons: ResourceUse[] }
  | { outcome: 'invalid' }
  | { outcome: 'refused' }

const COLUMNS: Operation[] = ['create', 'read', 'update', 'delete']
// The contract's table, row by row.
const TABLE: Record<Operation, string> = {
  create: 'XPPP',
  read: 'PAPP',
  update: 'PAPP',
  delete: 'PXXX',
}

export const sameResource = (a: ResourceUse, b: ResourceUse) =>
  a.resource_type === b.resource_type && a.resource_id === b.resource_id
const sameUse = (a: ResourceUse, b: ResourceUse) =>
  sameResource(a, b) && a.operation === b.operation

/** What an earlier use says to a later one: A, P or X; A too when they name different resources. */
export function verdict(earlier: ResourceUse, later: ResourceUse): string {
  if (!sameResource(earlier, later)) return 'A'
  return TABLE[earlier.operation][COLUMNS.indexOf(later.operation)] as string
}

/** The uses before a task on resources of its own, without repeats, in order. */
function standingBefore(uses: ResourceUse[], earlier: ModelTask[]): ResourceUse[] {
  const found: ResourceUse[] = []
  for (const task of earlier) {
    for (const own of uses) {
      for (const theirs of task.spec.uses) {
        if (!sameResource(theirs, own) || found.some(each => sameUse(each, theirs))) continue
        found.push(theirs)
      }
    }
  }
  return found
}

/** What admission says of these uses behind those tasks. */
export function judge(uses: ResourceUse[], earlier: ModelTask[]) {
  const before = standingBefore(uses, earlier)
  const saying = (letter: string) =>
    before.filter(each => uses.some(own => verdict(each, own) === letter))
  const rejecting = saying('X')
  if (rejecting.length > 0) return { response: 'rejected' as const, reasons: rejecting }
  const postponing = saying('P')
  const response = postponing.length > 0 ? ('postponed' as const) : ('accepted' as const)
  return { response, reasons: postponing }
}

export const isEnded = ({ state }: ModelTask): boolean =>
  state === 'finished' || state === 'error' || state === 'canceled' || state === 'skipped'
export const isLive = ({ state }: ModelTask): boolean =>
  state === 'executing' || state === 'cancelling'
export const isPending = ({ state }: ModelTask): boolean =>
  state === 'waiting' || state === 'suspended'

/** Indexes in the order in which the members would run; null when there is a cycle. */
export function runOrder(specs: ModelSpec[]): number[] | null {
  const order: number[] = []
  while (order.length < specs.length) {
    const next = specs.findIndex(
      ({ dependsOn }, index) =>
        !order.includes(index) &&
        dependsOn.every(({ on }) => typeof on !== 'number' || order.includes(on)),
    )
    if (next === -1) return null
    order.push(next)
  }
  return order
}

/** A task before its admission. */
export function unborn(spec: ModelSpec, group: ModelGroup | null): ModelTask {
  return {
    id: '',
    spec,
    group,
    children: [],
    dependsOn: [],
    awaits: new Set(),
    heldBy: new Set(),
    place: null,
    state: 'waiting',
    stopCause: null,
    response: 'postponed',
    reasons: [],
    afresh: null,
    failures: {},
    rejectedBy: null,
    attempt: 1,
    crashes: 0,
    wakeAtMs: null,
    startedMs: 0,
  }
}
