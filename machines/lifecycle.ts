// A task from its start to its end, and what its end means for others: its reservations are released,
// whoever waited for them or depended on it is judged again, and its group counts it.
import type { Command, Succeeded } from './commands.ts'
import type { FillReply, RunnerReply } from './effects.ts'
import { isSuspended } from './group.machine.ts'
import { Releases } from './releases.ts'
import { type FinalState, isFinal, type Task, type TaskEvent } from './task.machine.ts'
import type { Work } from './work.ts'

type Of<T extends Command['type']> = Extract<Command, { type: T }>

/** Starts ready tasks in free slots: higher priority first, then by place. */
export function fillSlots(work: Work, command: Of<'slots.fill'>): FillReply {
  // First who may not start: after that their groups count those that do all at once.
  const startable = work.slice.ready.filter(taskId => !holdBack(work, work.task(taskId) as Task))
  for (const taskId of startable) start(work, work.task(taskId) as Task, command.worker)
  return { held: work.slice.ready.length - startable.length }
}

/**
 * Cancels or suspends a waiting task whose group is cancelled or suspended: a group's change reaches its
 * tasks slice by slice, and none of them may start meanwhile. False: nothing holds the task back.
 */
function holdBack(work: Work, task: Task): boolean {
  const group = work.groupOf(task)
  if (group?.canceled) work.followUps.push({ type: 'task.cancel', taskId: task.taskId })
  else if (group !== undefined && isSuspended(group)) work.send(task, { type: 'task.suspend' })
  else return false
  return true
}

function start(work: Work, task: Task, worker: string): void {
  const started = work.send(task, { type: 'task.start', nowMs: work.env.nowMs, worker })
  if (started !== null) work.effects.push({ type: 'task.run', task: started })
}

/** Takes the runner's word about an attempt that still runs; any other word is stale. */
export function report(
  work: Work,
  command: Of<
    | 'task.progressed'
    | 'task.succeeded'
    | 'task.failed'
    | 'task.timed_out'
    | 'task.unresponsive'
    | 'task.interrupted'
  >,
): RunnerReply {
  const task = work.task(command.taskId)
  if (task === undefined || task.attempt !== command.attempt) return { outcome: 'stale' }
  const { nowMs } = work.env
  switch (command.type) {
    case 'task.progressed':
      return taken(work.send(task, { type: 'task.progressed', progress: command.progress }))
    case 'task.unresponsive':
      return taken(work.send(task, { type: 'task.unresponsive', failure: command.failure }))
    case 'task.timed_out': {
      const stopping = work.send(task, { type: 'task.timed_out' })
      if (stopping === null) return { outcome: 'stale' }
      work.effects.push({
        type: 'task.abort',
        taskId: task.taskId,
        attempt: task.attempt,
        cause: 'timeout',
      })
      return { outcome: 'taken' }
    }
    case 'task.succeeded':
      return taken(end(work, task, successOf(task, command, nowMs)))
    case 'task.failed': {
      const { failure, retryAtMs } = command
      return taken(endAttempt(work, task, { type: 'task.failed', nowMs, failure, retryAtMs }))
    }
    case 'task.interrupted': {
      const { crashed, rerun, failure } = command
      return taken(
        endAttempt(work, task, { type: 'task.interrupted', nowMs, crashed, rerun, failure }),
      )
    }
  }
}

/** Takes reports that came together; what follows from the ends is asked for once for all. */
export function reportSuccesses(work: Work, { reports }: Of<'tasks.succeeded'>): RunnerReply[] {
  const releases = new Releases()
  const replies = reports.map((each): RunnerReply => {
    const task = work.task(each.taskId)
    if (task === undefined || task.attempt !== each.attempt) return { outcome: 'stale' }
    return taken(endWith(work, task, successOf(task, each, work.env.nowMs), releases))
  })
  work.follow(releases)
  return replies
}

/** A result that comes after the cancellation was accepted is the handler's way of stopping. */
function successOf({ value }: Task, { result, location }: Succeeded, nowMs: number): TaskEvent {
  return value === 'running.cancelling'
    ? { type: 'task.stopped', nowMs }
    : { type: 'task.succeeded', nowMs, result, location }
}

/** Ends an attempt, and perhaps the task; one that waits for its next attempt does so as its group has it. */
function endAttempt(work: Work, task: Task, event: TaskEvent): Task | null {
  const next = end(work, task, event)
  if (next?.value === 'waiting') holdBack(work, next)
  return next
}

function taken(next: Task | null): RunnerReply {
  return { outcome: next === null ? 'stale' : 'taken' }
}

/** Lets a task go on whose time has come: `start_after`, or the delay before an attempt. */
export function wake(work: Work, command: Of<'task.wake'>): null {
  const task = work.task(command.taskId)
  if (task === undefined || task.wakeAtMs === null || task.wakeAtMs > work.env.nowMs) return null
  const woken = work.send(task, { type: 'task.woken' })
  if (woken !== null && woken.place === null) freePlace(work, woken)
  return null
}

/** One thing less that keeps a task from its place; with the last, it takes it. */
function freePlace(work: Work, task: Task): void {
  const freed = work.send(task, { type: 'task.place_freed' })
  if (freed?.unplaced === 0) work.followUps.push({ type: 'task.place', taskId: task.taskId })
}

/**
 * Sends an event that may end the task, and if it did, releases what it held.
 *
 * @returns The next snapshot, or null when the state does not handle the event.
 */
export function end(work: Work, task: Task, event: TaskEvent): Task | null {
  const releases = new Releases()
  const ended = endWith(work, task, event, releases)
  work.follow(releases)
  return ended
}

/**
 * As `end`, for tasks that may end together: what follows from it is for the caller to ask for. Whoever waits
 * for a task is looked for only where the slice says that there may be somebody.
 *
 * @param task One of those of which the slice speaks.
 */
export function endWith(work: Work, task: Task, event: TaskEvent, releases: Releases): Task | null {
  const ended = work.send(task, event)
  if (ended === null || !isFinal(ended.value)) return ended
  const { waiters } = work.slice
  const { taskId, place } = ended
  if (place !== null) {
    const isFollowed = waiters === null || waiters.followed.has(taskId)
    // Whoever waits was judged against a task that would run; one that never ran did not stand in the way.
    const neverRan = task.value === 'waiting' || task.value === 'suspended'
    if (isFollowed) for (const use of ended.resources) releases.release(use, place, neverRan)
  }
  if (waiters === null || waiters.dependedOn.has(taskId)) {
    const state = ended.value as FinalState
    releases.tell({ type: 'task.ended', taskId, state, placed: place !== null, after: 0 })
  }
  return ended
}

export function skip(work: Work, { taskId, failures }: Of<'task.skip'>): null {
  const task = work.task(taskId)
  if (task === undefined) return null
  // Every member of a cancelled group that has not started ends the same way, whichever comes first:
  // the cancellation as it goes through the group, or the end of what the member depends on.
  if (work.groupOf(task)?.canceled) work.followUps.push({ type: 'task.cancel', taskId })
  else end(work, task, { type: 'task.skip', nowMs: work.env.nowMs, failures })
  return null
}

/** Tells the dependants of a task that ended: one wait less, or skipped. */
export function dependencyEnded(work: Work, command: Of<'task.ended'>): null {
  const { taskId, state, placed } = command
  let after = command.after
  for (const { taskId: dependantId, states } of work.slice.dependants) {
    const dependant = work.task(dependantId) as Task
    after = dependant.seq
    work.change({ type: 'edge.delete', dependencyId: taskId, dependantId })
    if (isFinal(dependant.value)) continue
    if (!states.includes(state)) {
      work.followUps.push({
        type: 'task.skip',
        taskId: dependantId,
        failures: { [taskId]: { expected: states, actual: state } },
      })
      continue
    }
    const unblocked = work.send(dependant, { type: 'task.unblocked' })
    if (!placed && unblocked?.place === null) freePlace(work, unblocked)
  }
  if (work.slice.dependants.length === work.env.sliceLimit)
    work.followUps.push({ ...command, after })
  return null
}

/** Tells the dependants of a task that took its place: those held back by it alone take theirs. */
export function dependencyPlaced(work: Work, command: Of<'task.placed'>): null {
  let after = command.after
  for (const { taskId } of work.slice.dependants) {
    const dependant = work.task(taskId) as Task
    after = dependant.seq
    if (!isFinal(dependant.value) && dependant.place === null) freePlace(work, dependant)
  }
  if (work.slice.dependants.length === work.env.sliceLimit)
    work.followUps.push({ ...command, after })
  return null
}
