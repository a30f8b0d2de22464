// What holds in every world whatever happened before: CONTRACT §2, §3 and §7 as they can be seen in one
// state, and that what the rows say twice they say alike.
import { type Group, isFinal, stateOf, TASK_STATES, type Task } from '../../machines/index.ts'
import { sameResource, verdict } from '../model/rules.ts'
import { conflicts, dependenciesOf, queueOf } from './admission.ts'
import type { Rows, World } from './world.ts'

/** A promise was broken. */
export class Broken extends Error {}

export function broken(message: string): never {
  throw new Broken(message)
}

/** @throws {Broken} Something does not hold in this world. */
export function checkState(world: World): void {
  const { rows } = world
  checkQueues(rows)
  for (const task of rows.tasks) checkTask(rows, task)
  for (const edge of rows.edges) {
    const dependency = rows.tasks.find(each => each.taskId === edge.dependencyId)
    if (dependency === undefined || isFinal(dependency.value))
      broken(`${edge.dependantId} waits for ${edge.dependencyId}, which has ended`)
  }
  for (const group of rows.groups) checkGroup(world, group)
  checkRuns(world)
}

/** Nobody runs beside, or ahead of, an earlier task that it conflicts with. */
function checkQueues(rows: Rows): void {
  const queue = queueOf(rows)
  let held = 0
  for (const [at, task] of queue.entries()) {
    const earlier = queue.slice(0, at)
    if (stateOf(task.value) === 'running') {
      const before = earlier.find(each => conflicts(each, task))
      if (before !== undefined)
        broken(`${task.taskId} runs while ${before.taskId}, before it, is ${before.value}`)
    }
    for (const use of task.resources) {
      const reservation = rows.reservations.find(
        each => each.place === task.place && sameResource(each, use),
      )
      if (reservation?.taskId !== task.taskId || reservation.operation !== use.operation)
        broken(`${task.taskId} has no reservation for its ${use.operation}`)
      held += 1
      const inTheWay = earlier
        .flatMap(each => each.resources)
        .map(each => verdict(each, use))
        .filter(each => each !== 'A')
      if (inTheWay.includes('X')) broken(`${task.taskId} waits behind a use that rejects it`)
      if (reservation.granted !== (inTheWay.length === 0))
        broken(
          `the ${use.operation} of ${task.taskId} ${reservation.granted ? 'is granted, and an earlier use postpones it' : 'waits for nothing'}`,
        )
    }
  }
  if (rows.reservations.length !== held)
    broken(`${rows.reservations.length} reservations are held, of ${held} by unfinished tasks`)
}

function checkTask(rows: Rows, task: Task): void {
  const { taskId, value, place, wakeAtMs, stopCause } = task
  if (isFinal(value)) {
    if (wakeAtMs !== null) broken(`${taskId} has ended and wants to be woken`)
    return
  }
  const dependencies = dependenciesOf(rows, task)
  const open = dependencies.filter(({ state }) => state === null)
  for (const { task: dependency, states } of open) {
    const edge = rows.edges.find(
      each => each.dependantId === taskId && each.dependencyId === dependency.taskId,
    )
    if (edge?.states.join() !== states.join())
      broken(`nothing tells ${taskId} when ${dependency.taskId} ends`)
  }
  for (const { task: dependency, states, state } of dependencies) {
    if (state !== null && !states.includes(state))
      broken(`${taskId} is ${value} although ${dependency.taskId} ended in ${state}`)
  }
  const waiting = rows.reservations.filter(each => each.taskId === taskId && !each.granted)
  if (task.blockers !== waiting.length + open.length)
    broken(
      `${taskId} counts ${task.blockers} blockers; it waits for ${waiting.length} reservations and ${open.length} tasks`,
    )
  // One that has not taken its place waits for its time, or for others to take theirs.
  const unplaced = open.filter(each => each.task.place === null).length
  const ownTime = place === null && wakeAtMs !== null ? 1 : 0
  if (task.unplaced !== (place === null ? unplaced + ownTime : 0))
    broken(`${taskId} counts ${task.unplaced} things that keep it from its place`)
  if ((place === null) !== task.unplaced > 0)
    broken(`${taskId} has ${place === null ? 'no' : 'a'} place, with ${task.unplaced} against it`)
  if (place === null && (task.response !== 'postponed' || task.reasons.length > 0))
    broken(`${taskId} was not judged yet, and reads ${task.response}`)

  if (stateOf(value) === 'running') {
    if (place === null || open.length > 0 || wakeAtMs !== null)
      broken(`${taskId} runs before its time`)
    if ((value === 'running.cancelling') !== (stopCause !== null))
      broken(`${taskId} is ${value}, asked to stop because of ${stopCause}`)
  } else if (stopCause !== null) broken(`${taskId} is ${value} and still asked to stop`)
}

/** The count equals the members; what the group is said to be, its members are when all has been told. */
function checkGroup(world: World, group: Group): void {
  const { rows, up, mail } = world
  const { groupId, value, counts, canceled, finishMs } = group
  const members = rows.tasks.filter(each => each.groupId === groupId)
  for (const state of TASK_STATES) {
    const count = members.filter(each => stateOf(each.value) === state).length
    if (counts[state] !== count)
      broken(`${groupId} counts ${counts[state]} ${state} of its ${count}`)
  }
  const unfinished = members.filter(each => !isFinal(each.value))
  if (value === 'settled') {
    if (unfinished.length > 0) broken(`${groupId} has settled before ${unfinished[0]!.taskId}`)
  } else if (unfinished.length === 0 && !value.endsWith('.open'))
    broken(`${groupId} is ${value} although all its tasks have ended`)
  if ((finishMs !== null) !== (value === 'settled')) broken(`${groupId} is ${value} at ${finishMs}`)
  if (canceled !== (value === 'cancelling') && value !== 'settled')
    broken(`${groupId} is ${value}, cancelled: ${canceled}`)

  const isAllTold = up && !mail.some(each => each.groupId === groupId)
  if (!isAllTold) return
  for (const member of unfinished) {
    const wanted = canceled
      ? member.value === 'running.cancelling' && member.stopCause === 'cancel'
      : member.value !== (value.startsWith('suspended') ? 'waiting' : 'suspended')
    const spared = canceled && stateOf(member.value) === 'running' && !member.cancellable
    if (!wanted && !spared)
      broken(
        `${groupId} is ${value}, all its tasks were told, and ${member.taskId} is ${member.value}`,
      )
  }
}

/** A live process has one handler for each running attempt and no other; a dead one has none. */
function checkRuns({ rows, up, runs }: World): void {
  for (const { taskId, value, attempt } of rows.tasks) {
    const own = runs.filter(each => each.taskId === taskId)
    if (own.length > 1) broken(`${taskId} runs twice at a time`)
    const [run] = own
    if (run === undefined) {
      if (up && stateOf(value) === 'running') broken(`${taskId} is ${value}, and no handler runs`)
      continue
    }
    if (stateOf(value) !== 'running') broken(`a handler runs for ${taskId}, which is ${value}`)
    if (run.attempt !== attempt)
      broken(`a handler of attempt ${run.attempt} runs for attempt ${attempt} of ${taskId}`)
    if ((run.stopping !== null) !== (value === 'running.cancelling'))
      broken(`${taskId} is ${value}, and its handler was asked to stop: ${run.stopping}`)
  }
}
