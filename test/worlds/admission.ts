// What CONTRACT §3 says of resources, read anew and worked out by looking at everything that stands
// before a task: who waits for whom, what admission answers, and which task may start.
import { type FinalState, isFinal, type ResourceUse, type Task } from '../../machines/index.ts'
import { sameResource, verdict } from '../model/rules.ts'
import type { Rows, World } from './world.ts'

/** Unfinished tasks that have taken their place, in the order of their places. */
export function queueOf({ tasks }: Rows): Task[] {
  return tasks
    .filter(({ value, place }) => place !== null && !isFinal(value))
    .sort((a, b) => a.place! - b.place!)
}

export type Verdict =
  | { response: 'accepted' | 'postponed'; reasons: ResourceUse[] }
  | { response: 'rejected'; reasons: ResourceUse[] }

/** What admission says of these uses behind those. */
export function judge(
  uses: readonly ResourceUse[],
  earlier: readonly (readonly ResourceUse[])[],
): Verdict {
  const before = earlier.flatMap(theirs =>
    uses.flatMap(own => theirs.filter(each => sameResource(each, own))),
  )
  const saying = (letter: string) =>
    before
      .filter(each => uses.some(own => verdict(each, own) === letter))
      .filter((each, at, all) => all.findIndex(other => sameUse(other, each)) === at)
  const rejecting = saying('X')
  if (rejecting.length > 0) return { response: 'rejected', reasons: rejecting }
  const postponing = saying('P')
  return { response: postponing.length > 0 ? 'postponed' : 'accepted', reasons: postponing }
}

/** Whether an earlier task keeps a later one from running beside it. */
export function conflicts(earlier: Task, later: Task): boolean {
  return earlier.resources.some(theirs => later.resources.some(own => verdict(theirs, own) !== 'A'))
}

/** The tasks that may start, the first to start first. */
export function startable({ rows }: World): Task[] {
  const queue = queueOf(rows)
  return queue
    .filter(
      (task, at) =>
        task.value === 'waiting' &&
        task.wakeAtMs === null &&
        dependenciesOf(rows, task).every(({ state, states }) => states.includes(state!)) &&
        !queue.slice(0, at).some(each => conflicts(each, task)) &&
        !isHeld(rows, task),
    )
    .sort((a, b) => b.priority - a.priority || a.place! - b.place!)
}

/** Whether the task's group keeps it from starting. */
export function isHeld({ groups }: Rows, { groupId }: Task): boolean {
  const group = groups.find(each => each.groupId === groupId)
  return group !== undefined && (group.canceled || group.value.startsWith('suspended'))
}

/** What a task depends on: the state that was asked for, and the one it ended in, if it has. */
export function dependenciesOf(
  { tasks }: Rows,
  { dependencies }: Task,
): { task: Task; states: FinalState[]; state: FinalState | null }[] {
  return dependencies.map(({ taskId, states }) => {
    const task = tasks.find(each => each.taskId === taskId)!
    return { task, states, state: isFinal(task.value) ? task.value : null }
  })
}

/** Members in the order in which they would run: dependencies first, then as listed. */
export function runOrder(siblings: readonly (readonly number[])[]): number[] {
  const order: number[] = []
  while (order.length < siblings.length) {
    const next = siblings.findIndex(
      (ahead, index) => !order.includes(index) && ahead.every(each => order.includes(each)),
    )
    if (next === -1) throw new Error('the members wait for each other in a circle')
    order.push(next)
  }
  return order
}

export function sameUse(a: ResourceUse, b: ResourceUse): boolean {
  return sameResource(a, b) && a.operation === b.operation
}

export function sameUses(a: readonly ResourceUse[], b: readonly ResourceUse[]): boolean {
  return a.length === b.length && a.every((use, at) => sameUse(use, b[at]!))
}
