// What a command needs → its slice of the memory store's rows.
import {
  type Firsts,
  type Need,
  OPERATIONS,
  type Reservation,
  type Resource,
  resourceKey,
  type Slice,
  stateOf,
  type Task,
  type Waiters,
} from '../../../machines/index.ts'
import { groupStateKey, operationKey, type Rows } from './rows.ts'
import type { SortedList } from './sorted.ts'

/** Loads a slice; a task in it always comes with its group. */
export function loadSlice(rows: Rows, need: Need, nowMs: number): Slice {
  const slice: Slice = {
    counters: { ...rows.counters },
    tasks: new Map(),
    groups: new Map(),
    queues: new Map(),
    grantable: need.grantable ? grantable(rows, need.grantable) : [],
    behind: need.behind ? behind(rows, need.behind) : [],
    dependants: need.dependants ? dependants(rows, need.dependants) : [],
    ready: need.ready ? named(first(need.ready.limit, rows.ready.from())) : [],
    due: need.due ? due(rows, nowMs, need.due.limit) : [],
    members: need.members ? members(rows, need.members) : [],
    cancellable: need.cancellableIn !== undefined && canCancelIn(rows, need.cancellableIn),
    children:
      need.childrenOf === undefined ? [] : named(all(rows.unfinishedByParent.get(need.childrenOf))),
    waiters: null,
    purgeable: need.purgeable ? purgeable(rows, need.purgeable) : [],
    idempotency: rows.idempotency.get(need.idempotencyKey ?? '') ?? null,
  }
  const { tasks, queuesOf, waitersOf } = need
  if (waitersOf !== undefined)
    slice.waiters = waiters(rows, waitersOf === 'members' ? slice.members : waitersOf)
  const lists = [slice.ready, slice.due, slice.members, slice.children, slice.purgeable]
  const holders = [...slice.grantable, ...slice.behind, ...slice.dependants].map(
    ({ taskId }) => taskId,
  )
  const used = queuesOf === undefined ? undefined : rows.tasks.get(queuesOf)
  for (const taskId of [
    ...(tasks ?? []),
    ...(used ? [used.taskId] : []),
    ...holders,
    ...lists.flat(),
  ]) {
    const task = rows.tasks.get(taskId)
    if (task === undefined) continue
    slice.tasks.set(taskId, task)
    takeGroup(rows, slice, task.groupId)
  }
  for (const groupId of need.groups ?? []) takeGroup(rows, slice, groupId)
  for (const resource of [...(need.queues ?? []), ...(used?.resources ?? [])]) {
    slice.queues.set(resourceKey(resource), firsts(rows, resource))
  }
  return slice
}

function takeGroup(rows: Rows, slice: Slice, groupId: string | null): void {
  const group = groupId === null ? undefined : rows.groups.get(groupId)
  if (group !== undefined) slice.groups.set(group.groupId, group)
}

/** The first place of each operation, of those before a place. */
function firsts(rows: Rows, resource: Resource, before = Number.POSITIVE_INFINITY): Firsts {
  const found: Firsts = {}
  for (const operation of OPERATIONS) {
    const place = rows.queuesByOperation
      .get(operationKey(resourceKey(resource), operation))
      ?.first()?.place
    if (place !== undefined && place < before) found[operation] = place
  }
  return found
}

function grantable(
  rows: Rows,
  { resource, after = 0, bounds, limit }: NonNullable<Need['grantable']>,
): Reservation[] {
  const key = resourceKey(resource)
  const waiting = OPERATIONS.flatMap(operation => {
    const until = bounds[operation] ?? Number.POSITIVE_INFINITY
    const queue = rows.waitingByOperation.get(operationKey(key, operation))
    const behind = queue?.from(({ place }) => place <= after)
    return takeWhile(limit, behind ?? [], ({ place }) => place <= until)
  })
  return waiting.sort((a, b) => a.place - b.place).slice(0, limit)
}

function waiters(rows: Rows, taskIds: readonly string[]): Waiters {
  return {
    dependedOn: new Set(taskIds.filter(taskId => rows.dependants.get(taskId) !== undefined)),
    followed: new Set(taskIds.filter(taskId => isFollowed(rows, taskId))),
  }
}

/** Whether anybody waits behind a task, or stands behind it while it has not started. */
function isFollowed(rows: Rows, taskId: string): boolean {
  const task = rows.tasks.get(taskId)
  if (task === undefined) return false
  const { place, resources, value } = task
  if (place === null) return false
  const lists = stateOf(value) === 'running' ? rows.waitingByOperation : rows.queuesByOperation
  return resources.some(use =>
    OPERATIONS.some(operation => {
      const list = lists.get(operationKey(resourceKey(use), operation))
      return list?.from(each => each.place <= place).next().done === false
    }),
  )
}

function behind(rows: Rows, need: NonNullable<Need['behind']>): Slice['behind'] {
  const { resource, after, until, limit, sharing } = need
  const queue = rows.queues.get(resourceKey(resource))?.from(({ place }) => place <= after) ?? []
  const usesOf = ({ taskId }: Reservation) => {
    const task = rows.tasks.get(taskId)
    if (task === undefined) throw new Error(`task ${taskId} has a reservation and is not there`)
    return task.resources
  }
  const wanted = sharing ? Iterator.from(queue).filter(each => usesOf(each).length !== 1) : queue
  return takeWhile(limit, wanted, ({ place }) => place <= until).map(reservation => {
    const { taskId, place } = reservation
    const earlier = usesOf(reservation).map(
      use => [resourceKey(use), firsts(rows, use, place)] as const,
    )
    return { taskId, earlier: new Map(earlier) }
  })
}

function dependants(
  rows: Rows,
  { taskId, after, limit }: NonNullable<Need['dependants']>,
): Slice['dependants'] {
  const edges = rows.dependants.get(taskId)?.from(({ dependantSeq }) => dependantSeq <= after) ?? []
  return first(limit, edges).map(({ dependantId, states }) => ({ taskId: dependantId, states }))
}

function due(rows: Rows, nowMs: number, limit: number): string[] {
  return named(
    takeWhile(limit, rows.waking.from(), ({ wakeAtMs }) => (wakeAtMs as number) <= nowMs),
  )
}

function members(rows: Rows, { groupId, states, limit }: NonNullable<Need['members']>): string[] {
  const found = [...new Set(states)].flatMap(state =>
    first(limit, rows.byGroupState.get(groupStateKey(groupId, state))?.latestFirst() ?? []),
  )
  return named(found.sort((a, b) => b.seq - a.seq).slice(0, limit))
}

function canCancelIn(rows: Rows, groupId: string): boolean {
  return all(rows.byGroupState.get(groupStateKey(groupId, stateOf('running.executing')))).some(
    task => task.cancellable,
  )
}

function purgeable(rows: Rows, { states, limit }: NonNullable<Need['purgeable']>): string[] {
  const found = [...new Set(states)].flatMap(state =>
    first(limit, rows.byState.get(state)?.from() ?? []),
  )
  return named(found.sort((a, b) => a.seq - b.seq).slice(0, limit))
}

function all(list: SortedList<Task> | undefined): Task[] {
  return list === undefined ? [] : [...list.from()]
}

function first<T>(limit: number, items: Iterable<T>): T[] {
  return takeWhile(limit, items, () => true)
}

function takeWhile<T>(limit: number, items: Iterable<T>, holds: (item: T) => boolean): T[] {
  const taken: T[] = []
  for (const item of items) {
    if (taken.length >= limit || !holds(item)) break
    taken.push(item)
  }
  return taken
}

function named(tasks: Task[]): string[] {
  return tasks.map(({ taskId }) => taskId)
}
