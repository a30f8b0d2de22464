// What holds of every step, whatever the world it is taken in: final states stay, nobody vanishes, and
// tasks and groups move only as CONTRACT §2 and §7 let them.
import { isFinal, stateOf, type Task, type TaskValue } from '../../machines/index.ts'
import { isHeld } from './admission.ts'
import { broken } from './invariants.ts'
import { checkJudgements } from './judgements.ts'
import { checkOutcome } from './outcomes.ts'
import { checkStaleReports } from './reports.ts'
import type { Step } from './steps.ts'
import { checkSubmission } from './submissions.ts'
import { taskOf, type World } from './world.ts'

export interface Move {
  before: World
  step: Step
  after: World
  reply: unknown
}

/** Where one commit may take a task. */
export const LEGAL: Readonly<Record<TaskValue, readonly TaskValue[]>> = {
  waiting: ['running.executing', 'suspended', 'canceled', 'skipped', 'error'],
  suspended: ['waiting', 'canceled', 'skipped', 'error'],
  'running.executing': [
    'running.cancelling',
    'finished',
    'error',
    'waiting',
    'suspended',
    'canceled',
  ],
  'running.cancelling': ['canceled', 'error', 'waiting', 'suspended'],
  finished: [],
  error: [],
  canceled: [],
  skipped: [],
}

/** @throws {Broken} The step did what it must not do, or did not do what it must. */
export function checkMove(move: Move): void {
  const { before, step, after } = move
  for (const [at, was] of before.rows.tasks.entries()) {
    const is = after.rows.tasks[at]
    if (is?.taskId !== was.taskId) broken(`${was.taskId} has vanished`)
    if (is === was) continue
    if (isFinal(was.value)) broken(`${was.taskId} was ${was.value} and changed`)
    checkChange(move, was, is)
    checkStaleReports(after, is)
  }
  checkGroups(move)
  checkJudgements(before, after)
  const submits = step.type === 'spawn' || (step.type === 'ask' && 'specs' in step.command)
  if (submits) checkSubmission(move)
  else if (after.rows.tasks.length > before.rows.tasks.length) broken('a task came from nowhere')
  checkOutcome(move)
}

function checkChange({ before, step, after }: Move, was: Task, is: Task): void {
  const { taskId } = was
  if (was.value !== is.value && !LEGAL[was.value].includes(is.value))
    broken(`${taskId} went from ${was.value} to ${is.value}`)
  if (is.value === 'running.executing' && was.value !== is.value) {
    if (step.type !== 'fill') broken(`${taskId} was started by ${step.type}`)
    if (isHeld(before.rows, was)) broken(`${taskId} starts although its group holds it`)
  }
  if (was.place !== null && is.place !== was.place) broken(`${taskId} lost its place`)
  if (was.place === null && is.place !== null && is.place <= before.rows.counters.place)
    broken(`${taskId} took its place before others that had theirs`)

  const ranOut = stateOf(was.value) === 'running' && stateOf(is.value) !== 'running'
  const goesOn = is.value === 'waiting' || is.value === 'suspended'
  const attempts = is.attempt - was.attempt
  if (ranOut && goesOn ? attempts !== 1 : attempts !== 0 && !(ranOut && is.value === 'canceled'))
    broken(`${taskId} is ${is.value} in attempt ${is.attempt} after ${was.value} in ${was.attempt}`)
  // Reruns after a crash and retries after a failure have each their own limit (CONTRACT §5).
  const crashes = attempts === 1 && step.type === 'restart' ? 1 : 0
  const failures = attempts === 1 && step.type === 'handler' && step.act === 'fails for now' ? 1 : 0
  if (is.interruptions - was.interruptions !== crashes)
    broken(`${taskId} counts ${is.interruptions} crashes after ${was.interruptions}`)
  if (is.failedAttempts - was.failedAttempts !== failures)
    broken(`${taskId} counts ${is.failedAttempts} failed attempts after ${was.failedAttempts}`)
  const canceledAfterAll = is.value === 'canceled' && isCanceled(after, is)
  if (was.stopCause === 'cancel' && ranOut && is.value !== 'canceled')
    broken(`${taskId} was cancelled and ended in ${is.value}`)
  if (ranOut && is.value === 'canceled' && was.stopCause !== 'cancel' && !canceledAfterAll)
    broken(`${taskId} was not cancelled and ended so`)
  if (
    is.value === 'error' &&
    !ranOut &&
    (was.place !== null || is.failure?.error.code !== 'RCL0009')
  )
    broken(`${taskId} never ran, was not rejected, and ended in error`)
  if (is.value === 'skipped') {
    const failures = Object.entries(is.dependencyFailures)
    if (failures.length === 0) broken(`${taskId} was skipped for no reason`)
    for (const [dependencyId, { expected, actual }] of failures) {
      const { value } = taskOf(after.rows, dependencyId)
      const asked = is.dependencies.find(each => each.taskId === dependencyId)?.states
      if (value !== actual || expected.includes(actual) || expected.join() !== asked?.join())
        broken(`${taskId} was skipped because ${dependencyId} ended in ${actual}; it is ${value}`)
    }
  }
}

function isCanceled({ rows }: World, { groupId }: Task): boolean {
  return rows.groups.some(each => each.groupId === groupId && each.canceled)
}

/** A group's cancellation and its end are for ever, and it is cancelled only for a reason. */
function checkGroups({ before, step, after }: Move): void {
  for (const [at, was] of before.rows.groups.entries()) {
    const is = after.rows.groups[at]
    if (is?.groupId !== was.groupId) broken(`${was.groupId} has vanished`)
    if (is === was) continue
    if (was.value === 'settled') broken(`${was.groupId} had settled and changed`)
    if (was.canceled && !is.canceled) broken(`${was.groupId} is no longer cancelled`)
    if (was.value.endsWith('closed') && is.value.endsWith('open'))
      broken(`${was.groupId} was closed and takes tasks again`)
    const failed = after.rows.tasks.some(
      (task, nth) =>
        task.groupId === is.groupId &&
        task.value === 'error' &&
        before.rows.tasks[nth]?.value !== 'error',
    )
    const asks = (type: string) => step.type === 'ask' && step.command.type === type
    const asked = asks('group.cancel')
    if (is.value === 'settled' && was.value.endsWith('open'))
      if (!is.canceled && !asks('group.close')) broken(`${was.groupId} settled while it was open`)
    const mustCancel = failed && is.onFailure === 'cancel'
    if (is.canceled !== (was.canceled || asked || mustCancel) && !(asked && !is.canceled))
      broken(`${is.groupId} is cancelled: ${is.canceled}`)
  }
}
