// The part of a world's rows that a command needs, found by looking at every row: a second reading of
// the store's contract, with no index to go wrong.
import {
  type Firsts,
  isFinal,
  isReady,
  type Need,
  type Resource,
  resourceKey,
  type Slice,
  stateOf,
  type Task,
} from '../../machines/index.ts'
import type { Rows } from './world.ts'

/** What `needs(command)` asks for, as of `nowMs`. */
export function sliceOf(rows: Rows, need: Need, nowMs: number): Slice {
  const slice: Slice = {
    counters: rows.counters,
    tasks: new Map(),
    groups: new Map(),
    queues: new Map(),
    grantable: grantable(rows, need.grantable),
    behind: behind(rows, need.behind),
    dependants: dependants(rows, need.dependants),
    ready: ready(rows, need.ready),
    due: due(rows, need.due, nowMs),
    members: members(rows, need.members),
    cancellable: rows.tasks.some(
      each =>
        need.cancellableIn !== undefined &&
        each.groupId === need.cancellableIn &&
        stateOf(each.value) === 'running' &&
        each.cancellable,
    ),
    children: rows.tasks
      .filter(
        each =>
          need.childrenOf !== undefined &&
          each.parentId === need.childrenOf &&
          !isFinal(each.value),
      )
      .map(named),
    purgeable: [],
    waiters: null,
    idempotency: null,
  }
  if (need.waitersOf !== undefined) {
    const taskIds = need.waitersOf === 'members' ? slice.members : need.waitersOf
    slice.waiters = {
      dependedOn: new Set(taskIds.filter(taskId => isDependedOn(rows, taskId))),
      followed: new Set(taskIds.filter(taskId => isFollowed(rows, taskId))),
    }
  }
  const lists = [slice.ready, slice.due, slice.members, slice.children].flat()
  const holders = [slice.grantable, slice.behind, slice.dependants].flat().map(named)
  const wanted = new Set([...(need.tasks ?? []), need.queuesOf ?? '', ...lists, ...holders])
  const groups = new Set(need.groups)
  for (const task of rows.tasks) {
    if (!wanted.has(task.taskId)) continue
    slice.tasks.set(task.taskId, task)
    groups.add(task.groupId ?? '')
  }
  for (const group of rows.groups)
    if (groups.has(group.groupId)) slice.groups.set(group.groupId, group)
  const used = need.queuesOf === undefined ? [] : (slice.tasks.get(need.queuesOf)?.resources ?? [])
  for (const resource of [...(need.queues ?? []), ...used])
    slice.queues.set(resourceKey(resource), firsts(rows, resource, Number.POSITIVE_INFINITY))
  return slice
}

function isDependedOn({ edges }: Rows, taskId: string): boolean {
  return edges.some(each => each.dependencyId === taskId)
}

/** Whether anybody waits behind a task, or stands behind it while it has not started. */
function isFollowed({ tasks, reservations }: Rows, taskId: string): boolean {
  const task = tasks.find(each => each.taskId === taskId)
  if (task === undefined) return false
  const { place, resources } = task
  const started = stateOf(task.value) === 'running'
  return (
    place !== null &&
    reservations.some(
      each =>
        each.place > place &&
        !(started && each.granted) &&
        resources.some(use => sameResource(each, use)),
    )
  )
}

/** The first place of each operation among the reservations on a resource before a place. */
function firsts({ reservations }: Rows, resource: Resource, before: number): Firsts {
  const found: Firsts = {}
  for (const each of reservations) {
    if (sameResource(each, resource) && each.place < before) found[each.operation] ??= each.place
  }
  return found
}

function grantable({ reservations }: Rows, need: Need['grantable']): Slice['grantable'] {
  if (need === undefined) return []
  const { resource, after = 0, bounds, limit } = need
  return reservations
    .filter(each => sameResource(each, resource) && !each.granted && each.place > after)
    .filter(({ operation, place }) => place <= (bounds[operation] ?? Number.POSITIVE_INFINITY))
    .slice(0, limit)
}

function behind(rows: Rows, need: Need['behind']): Slice['behind'] {
  if (need === undefined) return []
  const { resource, after, until, limit, sharing } = need
  const usesOf = (taskId: string) => rows.tasks.find(each => each.taskId === taskId)!.resources
  return rows.reservations
    .filter(each => sameResource(each, resource) && each.place > after && each.place <= until)
    .filter(({ taskId }) => !sharing || usesOf(taskId).length > 1)
    .slice(0, limit)
    .map(({ taskId, place }) => ({
      taskId,
      earlier: new Map(usesOf(taskId).map(use => [resourceKey(use), firsts(rows, use, place)])),
    }))
}

function dependants({ tasks, edges }: Rows, need: Need['dependants']): Slice['dependants'] {
  if (need === undefined) return []
  const { taskId, after, limit } = need
  return tasks
    .filter(({ seq }) => seq > after)
    .flatMap(task =>
      edges
        .filter(each => each.dependencyId === taskId && each.dependantId === task.taskId)
        .map(({ states }) => ({ taskId: task.taskId, states })),
    )
    .slice(0, limit)
}

function ready({ tasks }: Rows, need: Need['ready']): string[] {
  if (need === undefined) return []
  return tasks
    .filter(isReady)
    .sort((a, b) => b.priority - a.priority || a.place! - b.place!)
    .slice(0, need.limit)
    .map(named)
}

function due({ tasks }: Rows, need: Need['due'], nowMs: number): string[] {
  if (need === undefined) return []
  return tasks
    .filter(({ wakeAtMs }) => wakeAtMs !== null && wakeAtMs <= nowMs)
    .sort((a, b) => a.wakeAtMs! - b.wakeAtMs!)
    .slice(0, need.limit)
    .map(named)
}

function members({ tasks }: Rows, need: Need['members']): string[] {
  if (need === undefined) return []
  return tasks
    .filter(each => each.groupId === need.groupId && need.states.includes(stateOf(each.value)))
    .reverse()
    .slice(0, need.limit)
    .map(named)
}

function sameResource(a: Resource, b: Resource): boolean {
  return a.resource_id === b.resource_id && a.resource_type === b.resource_type
}

function named({ taskId }: Pick<Task, 'taskId'>): string {
  return taskId
}
