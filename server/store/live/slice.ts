// What a command needs → its slice, from the live index and the rows of the tasks and groups that it names.
import {
  emptySlice,
  type Firsts,
  type Group,
  type IdempotencyRecord,
  isFinal,
  type Need,
  type Resource,
  resourceKey,
  type Slice,
  type Task,
  type Waiters,
} from '../../../machines/index.ts'
import type { Live } from './live.ts'

/** Where slices are read: each as the transaction under way has left it. */
export interface Source {
  live: Live
  /** Replaced when they change, never edited: slices hold them. */
  counters: Slice['counters']
  task(taskId: string): Task | undefined
  /** Those of some tasks that are there, in that order. */
  tasks(taskIds: readonly string[]): Task[]
  group(groupId: string): Group | undefined
  /** Final tasks in these states, oldest first. */
  purgeable(need: NonNullable<Need['purgeable']>): Task[]
  idempotency(key: string): IdempotencyRecord | null
}

/** Loads a slice; a task in it always comes with its group. */
export function loadSlice(need: Need, nowMs: number, source: Source): Slice {
  const { live } = source
  const slice = emptySlice(source.counters, need)
  if (need.tasks !== undefined) named(slice, source, need.tasks)
  for (const groupId of need.groups ?? []) takeGroup(slice, source, groupId)
  for (const resource of need.queues ?? []) takeQueue(slice, source, resource)
  if (need.queuesOf !== undefined) {
    for (const use of take(slice, source, need.queuesOf)?.resources ?? [])
      takeQueue(slice, source, use)
  }
  if (need.grantable) {
    slice.grantable = live.queues.grantable(need.grantable)
    for (const { taskId } of slice.grantable) take(slice, source, taskId)
  }
  if (need.behind) slice.behind = behind(need.behind, slice, source)
  if (need.dependants) {
    const { taskId, after, limit } = need.dependants
    const edges = live.edges.get(taskId)?.after(after, limit) ?? []
    slice.dependants = edges.map(({ item: { dependantId, states } }) => {
      take(slice, source, dependantId)
      return { taskId: dependantId, states }
    })
  }
  if (need.ready) slice.ready = named(slice, source, live.ready(need.ready.limit))
  if (need.due) slice.due = named(slice, source, live.due(nowMs, need.due.limit))
  if (need.members) {
    const { groupId, states, limit } = need.members
    slice.members = named(slice, source, live.members(groupId, states, limit))
  }
  if (need.waitersOf !== undefined) {
    const taskIds = need.waitersOf === 'members' ? slice.members : need.waitersOf
    slice.waiters = waiters(taskIds, slice, source)
  }
  if (need.cancellableIn !== undefined) {
    const running = live.members(need.cancellableIn, ['running'], Number.POSITIVE_INFINITY)
    slice.cancellable = running.some(taskId => source.task(taskId)?.cancellable)
  }
  if (need.childrenOf !== undefined) slice.children = children(need.childrenOf, slice, source)
  if (need.purgeable) {
    const found = source.purgeable(need.purgeable).map(({ taskId }) => taskId)
    slice.purgeable = named(slice, source, found)
  }
  if (need.idempotencyKey !== undefined) slice.idempotency = source.idempotency(need.idempotencyKey)
  return slice
}

/** Most tasks have nobody who waits for them. */
const NONE: ReadonlySet<string> = new Set()

function waiters(taskIds: readonly string[], slice: Slice, source: Source): Waiters {
  const { live } = source
  let dependedOn: Set<string> | null = null
  let followed: Set<string> | null = null
  for (const taskId of taskIds) {
    const task = slice.tasks.get(taskId) ?? source.task(taskId)
    if (live.isDependedOn(taskId)) {
      dependedOn ??= new Set()
      dependedOn.add(taskId)
    }
    if (task !== undefined && live.isFollowed(task)) {
      followed ??= new Set()
      followed.add(taskId)
    }
  }
  return { dependedOn: dependedOn ?? NONE, followed: followed ?? NONE }
}

function behind(need: NonNullable<Need['behind']>, slice: Slice, source: Source): Slice['behind'] {
  return source.live.queues.behind(need.resource, need).map(({ place, taskId }) => {
    const task = take(slice, source, taskId)
    if (task === undefined) throw new Error(`task ${taskId} has a reservation and is not there`)
    const earlier = new Map<string, Firsts>()
    for (const use of task.resources) {
      const firsts = source.live.queues.firsts(use, place)
      earlier.set(resourceKey(use), firsts ?? {})
    }
    return { taskId, earlier }
  })
}

/** The unfinished ones of those that a task has spawned, in submission order. */
function children(parentId: string, slice: Slice, source: Source): string[] {
  const spawned = source.tasks(source.task(parentId)?.spawned ?? [])
  const unfinished = spawned.filter(child => !isFinal(child.value))
  const inOrder = unfinished.sort((a, b) => a.seq - b.seq).map(({ taskId }) => taskId)
  return named(slice, source, inOrder)
}

function named(slice: Slice, source: Source, taskIds: string[]): string[] {
  for (const task of source.tasks(taskIds)) enter(slice, source, task)
  return taskIds
}

function take(slice: Slice, source: Source, taskId: string): Task | undefined {
  const task = source.task(taskId)
  if (task !== undefined) enter(slice, source, task)
  return task
}

function enter(slice: Slice, source: Source, task: Task): void {
  slice.tasks.set(task.taskId, task)
  if (task.groupId !== null) takeGroup(slice, source, task.groupId)
}

function takeQueue(slice: Slice, source: Source, resource: Resource): void {
  const firsts = source.live.queues.firsts(resource)
  if (firsts !== null) slice.queues.set(resourceKey(resource), firsts)
}

function takeGroup(slice: Slice, source: Source, groupId: string): void {
  if (slice.groups.has(groupId)) return
  const group = source.group(groupId)
  if (group !== undefined) slice.groups.set(groupId, group)
}
