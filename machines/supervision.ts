// Cancellation, suspension and resumption, of one task and of a group. A group's own change commits
// first and holds at once; its tasks follow slice by slice, so that other work comes through.
import type { Command } from './commands.ts'
import type { CancelReply, GroupReply } from './effects.ts'
import { unfinishedCount } from './group.machine.ts'
import { once } from './idempotency.ts'
import { endWith } from './lifecycle.ts'
import { Releases } from './releases.ts'
import { isFinal, type Task } from './task.machine.ts'
import type { Work } from './work.ts'

type Of<T extends Command['type']> = Extract<Command, { type: T }>

/** Cancels a task and its unfinished children; a running one is asked to stop. */
export function cancelTask(work: Work, { taskId }: Of<'task.cancel'>): CancelReply {
  const task = work.task(taskId)
  if (task === undefined) return { outcome: 'missing' }
  if (isFinal(task.value)) return { outcome: 'already_final' }
  const releases = new Releases()
  if (!stop(work, task, releases)) return { outcome: 'not_cancellable' }
  work.follow(releases)
  for (const childId of work.slice.children)
    work.followUps.push({ type: 'task.cancel', taskId: childId })
  return { outcome: 'canceled' }
}

/** False when the task runs and cannot be cancelled. */
function stop(work: Work, task: Task, releases: Releases): boolean {
  const { nowMs } = work.env
  const next = endWith(work, task, { type: 'task.cancel', nowMs }, releases)
  if (next === null) return false
  if (next.value === 'running.cancelling' && task.value === 'running.executing') {
    work.effects.push({
      type: 'task.abort',
      taskId: task.taskId,
      attempt: task.attempt,
      cause: 'cancel',
    })
  }
  return true
}

/** Cancels each unfinished task of the group; refused when not one of them can be cancelled. */
export function cancelGroup(work: Work, { groupId }: Of<'group.cancel'>): CancelReply {
  const group = work.group(groupId)
  if (group === undefined) return { outcome: 'missing' }
  if (group.value === 'settled') return { outcome: 'already_final' }
  const { waiting, suspended } = group.counts
  const cancellable = waiting + suspended > 0 || work.slice.cancellable
  if (unfinishedCount(group) > 0 && !cancellable) return { outcome: 'not_cancellable' }
  work.sendGroup(group, { type: 'group.cancel', nowMs: work.env.nowMs })
  work.fanOutCancel(groupId)
  return { outcome: 'canceled' }
}

/** Suspends, resumes or closes a group. */
export function changeGroup(
  work: Work,
  command: Of<'group.suspend' | 'group.resume' | 'group.close'>,
): GroupReply {
  return once<GroupReply>(work, command.idempotency, ['done', 'not_handled'], () =>
    sendChange(work, command),
  )
}

function sendChange(work: Work, command: Parameters<typeof changeGroup>[1]): GroupReply {
  const group = work.group(command.groupId)
  if (group === undefined) return { outcome: 'missing' }
  const { nowMs } = work.env
  const event =
    command.type === 'group.close' ? { type: command.type, nowMs } : { type: command.type }
  const next = work.sendGroup(group, event)
  if (next === null) return { outcome: 'not_handled', value: group.value }
  if (command.type !== 'group.close') {
    const action = command.type === 'group.suspend' ? 'suspend' : 'resume'
    work.followUps.push({ type: 'group.fan_out', groupId: command.groupId, action })
  }
  return { outcome: 'done', value: next.value }
}

/** One slice of a fan-out; the rest follows in later transactions. */
export function fanOut(work: Work, command: Of<'group.fan_out'>): null {
  const { groupId, action } = command
  const group = work.group(groupId)
  if (group === undefined) return null
  // A later command may have overtaken this one between two slices.
  const holds = {
    cancel: group.canceled,
    stop: group.canceled,
    suspend: group.value.startsWith('suspended'),
    resume: group.value.startsWith('active'),
  }
  if (!holds[action]) return null
  const releases = new Releases()
  for (const taskId of work.slice.members) {
    const task = work.task(taskId) as Task
    // What a member has spawned is for a slice of its own, and so is one that runs.
    const alone = action === 'stop' || task.spawned.length > 0
    if (action === 'suspend') work.send(task, { type: 'task.suspend' })
    else if (action === 'resume') work.send(task, { type: 'task.resume' })
    else if (alone) work.followUps.push({ type: 'task.cancel', taskId })
    else stop(work, task, releases)
  }
  work.follow(releases)
  if (action !== 'stop' && work.slice.members.length === work.env.sliceLimit)
    work.later.push(command)
  return null
}

/** Deletes final tasks, a slice at a time, and settled groups that have none left. */
export function purge(work: Work, command: Of<'tasks.purge'>): { deleted: number } {
  for (const taskId of work.slice.purgeable) {
    const task = work.task(taskId) as Task
    work.change({ type: 'task.delete', taskId })
    work.forget(task)
  }
  if (work.slice.purgeable.length === work.env.sliceLimit) work.later.push(command)
  return { deleted: work.slice.purgeable.length }
}
