// One resource's queue: who may use it, in submission order. The queue itself is rows in a store; what
// decides is, for each operation, the first place in the queue that holds it.
import { MATRIX, OPERATIONS, type Operation } from './operations.ts'

export interface Resource {
  resource_type: string
  resource_id: string
}

/** What a task does to one resource; spelled as on the wire. */
export interface ResourceUse extends Resource {
  operation: Operation
}

/** A resource use, held from the moment the task takes its place until its final state. */
export interface Reservation extends ResourceUse {
  place: number
  taskId: string
  /** Whether no earlier reservation stands in its way any more. */
  granted: boolean
}

/** Which of a task's uses nothing stands before, in their order; null: all of them. */
export type Granted = readonly boolean[] | null

/** For each operation, the first place of an unfinished reservation with it; absent when there is none. */
export type Firsts = Partial<Record<Operation, number>>

/** What admission says of a task: its response and the earlier uses that gave it. */
export type Admission =
  | { response: 'accepted' }
  | { response: 'postponed'; reasons: ResourceUse[] }
  | { response: 'rejected'; reasons: ResourceUse[] }

/** Whether nothing stands before one of a task's uses. */
export function isGranted(granted: Granted, nth: number): boolean {
  return granted === null || granted[nth] === true
}

/** The reservations of a task with a place; without one it has none. */
export function reservationsOf(
  {
    taskId,
    place,
    resources,
  }: { taskId: string; place: number | null; resources: readonly ResourceUse[] },
  granted: Granted,
): Reservation[] {
  if (place === null) return []
  return resources.map(({ resource_type, resource_id, operation }, nth) => {
    const its = isGranted(granted, nth)
    return { resource_type, resource_id, operation, place, taskId, granted: its }
  })
}

/** Names a resource in maps. A type cannot hold the separator: see `resourceKey`'s callers' schemas. */
export function resourceKey({ resource_type, resource_id }: Resource): string {
  return `${resource_type}\u0000${resource_id}`
}

/** What the earlier reservations on its resource mean for one use. */
export function responseTo(operation: Operation, earlier: Firsts): Admission['response'] {
  let response: Admission['response'] = 'accepted'
  for (const held of OPERATIONS) {
    if (earlier[held] === undefined) continue
    const said = MATRIX[held][operation]
    if (said === 'rejected') return 'rejected'
    if (said === 'postponed') response = 'postponed'
  }
  return response
}

/**
 * Judges a task's uses against everything before it (CONTRACT §3). Any rejection beats any
 * postponement; the reasons are the uses that gave the response, without repeats, in submission order.
 *
 * @param earlier The firsts of each use's resource, by `resourceKey`.
 */
export function judge(
  uses: readonly ResourceUse[],
  earlier: ReadonlyMap<string, Firsts>,
): Admission {
  return judgeEach(uses, firstsOfEach(uses, earlier))
}

const NOBODY: Firsts = Object.freeze({})
const ACCEPTED: Admission = Object.freeze({ response: 'accepted' })

/** The firsts of each use's resource, in the order of the uses. */
export function firstsOfEach(
  uses: readonly ResourceUse[],
  queues: ReadonlyMap<string, Firsts>,
): Firsts[] {
  return uses.map(use => queues.get(resourceKey(use)) ?? NOBODY)
}

/** As `judge`, with the firsts in the order of the uses. */
export function judgeEach(uses: readonly ResourceUse[], earlier: readonly Firsts[]): Admission {
  const found: { said: Admission['response']; place: number; use: ResourceUse }[] = []
  for (let nth = 0; nth < uses.length; nth += 1) {
    const { resource_type, resource_id, operation: proposed } = uses[nth] as ResourceUse
    const firsts = earlier[nth] ?? NOBODY
    for (const operation of OPERATIONS) {
      const place = firsts[operation]
      if (place === undefined) continue
      const said = MATRIX[operation][proposed]
      if (said !== 'accepted')
        found.push({ said, place, use: { resource_type, resource_id, operation } })
    }
  }
  if (found.length === 0) return ACCEPTED
  const response = found.some(each => each.said === 'rejected') ? 'rejected' : 'postponed'
  const reasons = found
    .filter(each => each.said === response)
    .sort((a, b) => a.place - b.place)
    .map(each => each.use)
  return { response, reasons }
}

/**
 * Up to which place the waiting reservations with each operation have nothing before them any more.
 * Absent: all of them. A place is its own bound when only it stands there.
 */
export function grantBounds(firsts: Firsts): Firsts {
  const bounds: Firsts = {}
  for (const proposed of OPERATIONS) {
    for (const held of OPERATIONS) {
      const place = firsts[held]
      if (place === undefined || MATRIX[held][proposed] === 'accepted') continue
      bounds[proposed] = Math.min(bounds[proposed] ?? Number.POSITIVE_INFINITY, place)
    }
  }
  return bounds
}

/**
 * Up to which place those behind a removed reservation may have other reasons than before: to the next
 * one with the same operation, or to the queue's end when another operation comes first in between
 * and so the order of the reasons changes. Null: nobody's reasons change.
 *
 * @param firsts The queue without the removed reservation.
 */
export function rejudgeUntil(
  removed: { operation: Operation; place: number },
  firsts: Firsts,
): number | null {
  const next = firsts[removed.operation] ?? Number.POSITIVE_INFINITY
  if (next < removed.place) return null
  const overtaken = OPERATIONS.some(operation => {
    const place = firsts[operation]
    return (
      operation !== removed.operation &&
      place !== undefined &&
      place > removed.place &&
      place < next
    )
  })
  return overtaken ? Number.POSITIVE_INFINITY : next
}
