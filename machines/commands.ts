// What the coordinator can be asked: the commands, what each needs loaded, and the slice that a store
// hands over for it.
import type { Group } from './group.machine.ts'
import type { Firsts, Reservation, Resource, ResourceUse } from './reservations.ts'
import {
  type DependencyFailure,
  type Failure,
  type FinalState,
  type Json,
  type JsonObject,
  NOTHING,
  type Task,
  type TaskState,
} from './task.machine.ts'

/** One requested run of a call, validated, its declared resources and tags merged in. */
export interface TaskSpec {
  /** Name that siblings of the same submission use in `dependsOn`. */
  name?: string
  call: string
  args: JsonObject
  tags: string[]
  resources: ResourceUse[]
  /** Each `on` is the name of a sibling, or else the id of a task that exists. */
  dependsOn: { on: string; states: FinalState[] }[]
  priority: number
  startAfterMs: number | null
  cancellable: boolean
  principal: string | null
}

export interface GroupSpec {
  tags: string[]
  onFailure: 'continue' | 'cancel'
  open: boolean
}

/** A client's promise that the same key always comes with the same request. */
export interface Idempotency {
  key: string
  fingerprint: string
}

export type Command =
  | {
      type: 'tasks.submit'
      specs: TaskSpec[]
      group: GroupSpec | null
      idempotency: Idempotency | null
    }
  | { type: 'group.add'; groupId: string; specs: TaskSpec[]; idempotency: Idempotency | null }
  | { type: 'task.spawn'; parentId: string; attempt: number; spec: TaskSpec }
  | { type: 'idempotency.answered'; key: string; answer: Json }
  | { type: 'task.cancel'; taskId: string }
  | { type: 'group.cancel'; groupId: string }
  | { type: 'group.suspend'; groupId: string; idempotency: Idempotency | null }
  | { type: 'group.resume'; groupId: string; idempotency: Idempotency | null }
  | { type: 'group.close'; groupId: string; idempotency: Idempotency | null }
  | { type: 'tasks.purge'; states: FinalState[] }
  | { type: 'idempotency.expire'; beforeMs: number }
  // From the runner, about one attempt; refused when that attempt was replaced.
  | { type: 'task.progressed'; taskId: string; attempt: number; progress: JsonObject }
  | {
      type: 'task.succeeded'
      taskId: string
      attempt: number
      result: Json
      location: string | null
    }
  | {
      type: 'task.failed'
      taskId: string
      attempt: number
      failure: Failure
      retryAtMs: number | null
    }
  /** Several that came together: all have ended before anything follows. */
  | { type: 'tasks.succeeded'; reports: readonly Succeeded[] }
  | { type: 'task.timed_out'; taskId: string; attempt: number }
  | { type: 'task.unresponsive'; taskId: string; attempt: number; failure: Failure }
  | {
      type: 'task.interrupted'
      taskId: string
      attempt: number
      crashed: boolean
      rerun: boolean
      failure: Failure
    }
  // From the engine itself.
  | { type: 'slots.fill'; free: number; worker: string }
  | { type: 'timers.due' }
  // Consequences, decided in the same batch as their cause.
  | { type: 'task.wake'; taskId: string }
  | { type: 'task.place'; taskId: string }
  | { type: 'task.skip'; taskId: string; failures: Record<string, DependencyFailure> }
  | { type: 'task.ended'; taskId: string; state: FinalState; placed: boolean; after: number }
  | { type: 'task.placed'; taskId: string; after: number }
  /** `after`: the place of the reservation that was removed. */
  | { type: 'resource.advance'; resource: Resource; after: number }
  | { type: 'resource.grant'; resource: Resource; after: number; bounds: Firsts }
  | {
      type: 'resource.rejudge'
      resource: Resource
      removed: { operation: ResourceUse['operation']; place: number }
    }
  | {
      type: 'resource.rejudge_behind'
      resource: Resource
      /** The place of the reservation that was removed. */
      removedAt: number
      after: number
      until: number
      /** Only those that use other resources too. */
      sharing: boolean
    }
  | { type: 'group.fan_out'; groupId: string; action: FanOut }

/** The runner's word that an attempt has a result. */
export type Succeeded = Extract<Command, { type: 'task.succeeded' }>

/** What a group does to each of its tasks, slice by slice. */
export type FanOut = 'cancel' | 'stop' | 'suspend' | 'resume'

/** Rows that one step of a fan-out or a cascade takes at most, unless said otherwise. */
export const SLICE_LIMIT = 512

/** What a command must have in its slice. A loaded task always comes with its group. */
export interface Need {
  tasks?: string[]
  groups?: string[]
  /** The queues of these resources. */
  queues?: Resource[]
  /** The queues of the resources that this task uses. */
  queuesOf?: string
  /**
   * Waiting reservations of the resource at a place > `after` (absent: from the front), up to a place for
   * each operation (absent: to the end), by place.
   */
  grantable?: { resource: Resource; after?: number; bounds: Firsts; limit: number }
  /**
   * Tasks with a reservation at `after` < place <= `until`, by place, each with the queues before it.
   * When `sharing`, those that use no other resource may be left out.
   */
  behind?: { resource: Resource; after: number; until: number; limit: number; sharing: boolean }
  /** Tasks that depend on this one, in submission order, with seq > `after`. */
  dependants?: { taskId: string; after: number; limit: number }
  /** Ready tasks (`isReady`): higher priority first, then by place. */
  ready?: { limit: number }
  /** Tasks whose `wakeAtMs` is at or before the time of the decision, soonest first. */
  due?: { limit: number }
  /** Members of a group in these states, latest first. */
  members?: { groupId: string; states: TaskState[]; limit: number }
  /** Group of which to say whether a member that runs could be cancelled. */
  cancellableIn?: string
  /** Task whose unfinished children to name. */
  childrenOf?: string
  /**
   * Tasks of which to say whether anybody may wait for their end: a dependant, or behind one of their
   * reservations one that waits; when the task has not started, any behind one of its own. Or those in
   * `members`.
   */
  waitersOf?: readonly string[] | 'members'
  /** Final tasks in these states, oldest first. */
  purgeable?: { states: FinalState[]; limit: number }
  idempotencyKey?: string
}

export interface IdempotencyRecord extends Idempotency {
  submittedMs: number
  /** What the submission answered first. */
  reply: Json
  /** What a synchronous call answered first, when it ran at once. */
  answer: Json
}

/** A part of the store's state, as one command needs it. Lists hold ids; the tasks are in `tasks`. */
export interface Slice {
  counters: { seq: number; place: number; rev: number }
  tasks: Map<string, Task>
  groups: Map<string, Group>
  /** By `resourceKey`; a resource that nobody uses may be left out. */
  queues: Map<string, Firsts>
  grantable: Reservation[]
  behind: { taskId: string; earlier: Map<string, Firsts> }[]
  dependants: { taskId: string; states: FinalState[] }[]
  ready: string[]
  due: string[]
  members: string[]
  cancellable: boolean
  children: string[]
  purgeable: string[]
  /** Null when it was not asked for, or is not known: somebody may wait for any task. */
  waiters: Waiters | null
  idempotency: IdempotencyRecord | null
}

/** Of the tasks that `waitersOf` names, those for whose end somebody may wait. */
export interface Waiters {
  /** On which another task depends. */
  dependedOn: ReadonlySet<string>
  /** Behind one of whose reservations somebody stands whom it concerns. */
  followed: ReadonlySet<string>
}

/** The queues of a slice that was asked for none; nobody adds to it. */
const NO_QUEUES: Slice['queues'] = new Map()

/** A slice in which nothing is loaded. Its lists are shared: they are replaced, never added to. */
export function emptySlice(counters: Slice['counters'], need: Need): Slice {
  return {
    counters,
    tasks: new Map(),
    groups: new Map(),
    queues: need.queues === undefined && need.queuesOf === undefined ? NO_QUEUES : new Map(),
    grantable: NOTHING,
    behind: NOTHING,
    dependants: NOTHING,
    ready: NOTHING,
    due: NOTHING,
    members: NOTHING,
    cancellable: false,
    children: NOTHING,
    purgeable: NOTHING,
    waiters: null,
    idempotency: null,
  }
}

/**
 * What must be loaded before `decide` can take the command.
 *
 * @param sliceLimit Rows that one step of a fan-out or a cascade takes at most.
 */
export function needs(command: Command, sliceLimit: number = SLICE_LIMIT): Need {
  switch (command.type) {
    case 'tasks.submit':
    case 'group.add':
      return {
        tasks: dependencyIds(command.specs),
        groups: command.type === 'group.add' ? [command.groupId] : [],
        queues: command.specs.flatMap(spec => spec.resources),
        idempotencyKey: command.idempotency?.key,
      }
    case 'task.spawn':
      return { tasks: [command.parentId], queues: command.spec.resources }
    case 'idempotency.answered':
      return { idempotencyKey: command.key }
    case 'idempotency.expire':
      return {}
    case 'task.cancel': {
      const { taskId } = command
      return { tasks: [taskId], childrenOf: taskId, waitersOf: [taskId] }
    }
    case 'task.succeeded':
    case 'task.failed':
    case 'task.interrupted':
    case 'task.skip':
      return { tasks: [command.taskId], waitersOf: [command.taskId] }
    case 'tasks.succeeded': {
      const taskIds = command.reports.map(({ taskId }) => taskId)
      return { tasks: taskIds, waitersOf: taskIds }
    }
    case 'group.cancel':
      return { groups: [command.groupId], cancellableIn: command.groupId }
    case 'group.suspend':
    case 'group.resume':
    case 'group.close':
      return { groups: [command.groupId], idempotencyKey: command.idempotency?.key }
    case 'tasks.purge':
      return { purgeable: { states: command.states, limit: sliceLimit } }
    case 'slots.fill':
      return { ready: { limit: command.free } }
    case 'timers.due':
      return { due: { limit: sliceLimit } }
    case 'task.place': {
      const { taskId } = command
      return { tasks: [taskId], queuesOf: taskId, waitersOf: [taskId] }
    }
    case 'task.ended':
    case 'task.placed':
      return { dependants: { taskId: command.taskId, after: command.after, limit: sliceLimit } }
    case 'resource.advance':
    case 'resource.rejudge':
      return { queues: [command.resource] }
    case 'resource.grant': {
      const { resource, after, bounds } = command
      return { grantable: { resource, after, bounds, limit: sliceLimit } }
    }
    case 'resource.rejudge_behind':
      return {
        behind: {
          resource: command.resource,
          after: command.after,
          until: command.until,
          limit: sliceLimit,
          sharing: command.sharing,
        },
      }
    case 'group.fan_out':
      return {
        groups: [command.groupId],
        members: {
          groupId: command.groupId,
          states: fanOutStates[command.action],
          // Those that run stay in their state until they have stopped, and are as few as there are slots.
          limit: command.action === 'stop' ? Number.MAX_SAFE_INTEGER : sliceLimit,
        },
        ...(command.action === 'cancel' && { waitersOf: 'members' }),
      }
    default:
      return { tasks: [command.taskId] }
  }
}

const fanOutStates: Record<FanOut, TaskState[]> = {
  stop: ['running'],
  cancel: ['waiting', 'suspended'],
  suspend: ['waiting'],
  resume: ['suspended'],
}

function dependencyIds(specs: TaskSpec[]): string[] {
  const dependencies = specs.flatMap(spec => spec.dependsOn)
  if (dependencies.length === 0) return NOTHING
  const names = new Set(specs.map(spec => spec.name))
  return dependencies.flatMap(({ on }) => (names.has(on) ? [] : canonicalId(on)))
}

/** UUIDs are read in either case, and kept in lower case (RFC 9562, section 4). */
export function canonicalId(id: string): string {
  return id.toLowerCase()
}
