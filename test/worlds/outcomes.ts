// What a step does to its subject, as the contract says it: which tasks a free slot starts, how an attempt
// ends, what a cancellation, a suspension and a restart leave behind.
import {
  type Command,
  type FillReply,
  type Group,
  isFinal,
  stateOf,
  type Task,
  type TaskValue,
  unfinishedCount,
} from '../../machines/index.ts'
import { RERUNS_MAX } from '../../server/recovery.ts'
import { startable } from './admission.ts'
import { broken } from './invariants.ts'
import type { Move } from './moves.ts'
import type { Act } from './steps.ts'
import { TICK_MS, taskOf, type World } from './world.ts'

/** @throws {Broken} The step did to its subject something else than the contract says. */
export function checkOutcome(move: Move): void {
  const { before, step } = move
  switch (step.type) {
    case 'fill':
      checkFill(move, step.free)
      break
    case 'handler':
      checkHandler(move, taskOf(before.rows, step.taskId), step.act)
      break
    case 'restart':
      checkRestart(move, step.reruns)
      break
    case 'ask':
      checkAsked(move, step.command)
      break
    default:
  }
}

function checkAsked(move: Move, command: Command): void {
  switch (command.type) {
    case 'task.cancel':
      checkCanceled(move, taskOf(move.before.rows, command.taskId))
      break
    case 'group.cancel':
      checkGroupCanceled(move, command.groupId)
      break
    case 'group.suspend':
    case 'group.resume':
    case 'group.close':
      checkGroupChanged(move, command.groupId, command.type)
      break
    default:
  }
}

/** Free slots are filled as far as they and the tasks that may start go, the first to start first. */
function checkFill({ before, after, reply }: Move, free: number): void {
  const starts = after.rows.tasks.filter(
    (task, at) => stateOf(task.value) === 'running' && task !== before.rows.tasks[at],
  )
  if (starts.length > free) broken(`${starts.length} tasks were started in ${free} slots`)
  const [next] = startable(after)
  // Those that were held back end the look for tasks; the engine looks again in the next batch.
  const { held } = reply as FillReply
  if (starts.length < free && next !== undefined && held === 0)
    broken(`a slot stays free, and ${next.taskId} may start`)
  const passedOver = startable(before).filter(
    each => !starts.some(({ taskId }) => taskId === each.taskId),
  )
  for (const start of starts) {
    const ahead = passedOver.find(
      each =>
        each.priority > start.priority ||
        (each.priority === start.priority && each.place! < start.place!),
    )
    if (ahead !== undefined) broken(`${start.taskId} was started before ${ahead.taskId}`)
  }
}

function checkHandler({ before, after, reply }: Move, was: Task, act: Act): void {
  const is = taskOf(after.rows, was.taskId)
  checkAnswer(reply, 'taken')
  const expected = valueAfter(act, was, againIn(after, is))
  if (is.value !== expected) broken(`${was.taskId}, ${was.value}, ${act} and is ${is.value} then`)
  if (act === 'fails for now' && !isFinal(is.value) && is.wakeAtMs !== before.nowMs + TICK_MS)
    broken(`${was.taskId} does not wait for its next attempt`)
  if (act === 'progresses' && is.progress.done !== was.attempt)
    broken(`${was.taskId} does not show its progress`)
  if (is.value === 'finished' && (is.result === null || is.failure !== null))
    broken(`${was.taskId} does not show its result`)
  if (is.value === 'error' && is.failure === null)
    broken(`${was.taskId} does not show why it failed`)
}

/** @param again The state of one that goes back to wait. */
function valueAfter(act: Act, { value, stopCause }: Task, again: TaskValue): TaskValue {
  switch (act) {
    case 'progresses':
    case 'does not stop':
      return value
    case 'times out':
      return 'running.cancelling'
    default:
  }
  if (stopCause === 'cancel') return 'canceled'
  switch (act) {
    case 'succeeds':
      return 'finished'
    case 'fails':
      return 'error'
    default:
      return again
  }
}

/** The state of a task that goes back to wait, as its group has it. */
function againIn({ rows }: World, task: Task): TaskValue {
  const group = rows.groups.find(each => each.groupId === task.groupId)
  if (group?.canceled) return 'canceled'
  return group?.value.startsWith('suspended') ? 'suspended' : 'waiting'
}

/** A restart ends or repeats what ran, and starts nothing. */
function checkRestart({ before, after }: Move, reruns: boolean): void {
  for (const was of before.rows.tasks) {
    if (stateOf(was.value) !== 'running') continue
    const is = taskOf(after.rows, was.taskId)
    const again = reruns && was.interruptions < RERUNS_MAX
    const ends =
      was.stopCause === 'cancel'
        ? ['canceled']
        : again
          ? [againIn(after, is), 'waiting']
          : ['error', ...(isCanceled(after, is) ? ['canceled'] : [])]
    if (!ends.includes(is.value))
      broken(`${was.taskId}, ${was.value}, is ${is.value} after a crash`)
  }
}

/** What has not started ends, what runs is asked to stop, and what cannot be cancelled stays as it is. */
function checkCanceled({ before, after, reply }: Move, was: Task): void {
  const possible = stateOf(was.value) !== 'running' || was.cancellable
  checkAnswer(reply, possible ? 'canceled' : 'not_cancellable')
  if (!possible) {
    if (after.rows !== before.rows)
      broken(`${was.taskId} cannot be cancelled, and something changed`)
    return
  }
  checkStopped(after, was)
  for (const child of before.rows.tasks)
    if (child.parentId === was.taskId) checkStopped(after, child)
}

/** It ended, or it was asked to stop, or it runs and cannot be cancelled. */
function checkStopped({ rows }: World, { taskId }: Task): void {
  const { value, stopCause, cancellable } = taskOf(rows, taskId)
  if (isFinal(value) || stopCause === 'cancel') return
  if (stateOf(value) !== 'running' || cancellable) broken(`${taskId} was cancelled and is ${value}`)
}

/** Refused only when the group has unfinished tasks, and not one of them can be cancelled. */
function checkGroupCanceled({ before, after, reply }: Move, groupId: string): void {
  const unfinished = before.rows.tasks.filter(
    each => each.groupId === groupId && !isFinal(each.value),
  )
  const possible =
    unfinished.length === 0 ||
    unfinished.some(each => stateOf(each.value) !== 'running' || each.cancellable)
  checkAnswer(reply, possible ? 'canceled' : 'not_cancellable')
  if (possible ? !groupIn(after, groupId).canceled : after.rows !== before.rows)
    broken(`${groupId} is ${groupIn(after, groupId).value} after its cancellation was answered`)
}

function checkGroupChanged(
  { before, after, reply }: Move,
  groupId: string,
  type: 'group.suspend' | 'group.resume' | 'group.close',
): void {
  const was = groupIn(before, groupId)
  const is = groupIn(after, groupId)
  const closes = type === 'group.close'
  const possible = !was.canceled && (!closes || was.value.endsWith('open'))
  checkAnswer(reply, possible ? 'done' : 'not_handled')
  if (!possible) {
    if (after.rows !== before.rows) broken(`${type} was refused, and something changed`)
    return
  }
  const suspended = closes ? was.value.startsWith('suspended') : type === 'group.suspend'
  const open = !closes && was.value.endsWith('open')
  const expected = `${suspended ? 'suspended' : 'active'}.${open ? 'open' : 'closed'}`
  const settles = closes && unfinishedCount(was) === 0
  if (is.value !== (settles ? 'settled' : expected))
    broken(`${groupId} was ${was.value} and is ${is.value} after ${type}`)
}

function checkAnswer(reply: unknown, expected: string): void {
  const { outcome } = reply as { outcome: string }
  if (outcome !== expected) broken(`the answer is ${outcome}; it should be ${expected}`)
}

function groupIn({ rows }: World, groupId: string): Group {
  const found = rows.groups.find(each => each.groupId === groupId)
  if (found === undefined) broken(`${groupId} is not there`)
  return found
}

function isCanceled({ rows }: World, { groupId }: Task): boolean {
  return rows.groups.some(each => each.groupId === groupId && each.canceled)
}
