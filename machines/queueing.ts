// A resource's queue moves on: reservations that nothing stands before any more are granted, and those
// behind one that was cancelled or skipped before it ran are judged again.
import type { Command } from './commands.ts'
import { type Firsts, grantBounds, judge, rejudgeUntil, resourceKey } from './reservations.ts'
import type { Task } from './task.machine.ts'
import type { Work } from './work.ts'

type Of<T extends Command['type']> = Extract<Command, { type: T }>

export function advance(work: Work, { resource, after }: Of<'resource.advance'>): null {
  const firsts = work.slice.queues.get(resourceKey(resource)) ?? {}
  if (Object.keys(firsts).length > 0) {
    const bounds = grantBounds(firsts)
    work.followUps.push({ type: 'resource.grant', resource, after, bounds })
  }
  return null
}

export function grant(work: Work, command: Of<'resource.grant'>): null {
  const { grantable } = work.slice
  for (const reservation of grantable) {
    work.change({ type: 'reservation.put', reservation: { ...reservation, granted: true } })
    work.send(work.task(reservation.taskId) as Task, { type: 'task.unblocked' })
  }
  if (grantable.length === work.env.sliceLimit) work.followUps.push(command)
  return null
}

export function rejudge(work: Work, { resource, removed }: Of<'resource.rejudge'>): null {
  const firsts = work.slice.queues.get(resourceKey(resource)) ?? {}
  const until = rejudgeUntil(removed, firsts)
  if (until !== null) {
    const { place: after } = removed
    const behind = { resource, removedAt: removed.place, after, until, sharing: false }
    work.followUps.push({ type: 'resource.rejudge_behind', ...behind })
  }
  return null
}

export function rejudgeBehind(work: Work, command: Of<'resource.rejudge_behind'>): null {
  const { removedAt, until, sharing } = command
  let { after } = command
  const { behind } = work.slice
  for (const { taskId, earlier } of behind) {
    const task = work.task(taskId) as Task
    after = task.place as number
    if (sharing && task.resources.length === 1) continue
    judgeAgain(work, task, earlier)
    // From here on the same use gives the same reason, only later: a use of another resource that came
    // behind the removed one, and not behind this one, now comes before it.
    if (after === until && (until > removedAt + 1 || task.resources.length > 1)) {
      const end = Number.POSITIVE_INFINITY
      work.followUps.push({ ...command, after: until, until: end, sharing: true })
    }
  }
  if (behind.length === work.env.sliceLimit && after < until)
    work.followUps.push({ ...command, after })
  return null
}

function judgeAgain(work: Work, task: Task, earlier: ReadonlyMap<string, Firsts>): void {
  const admission = judge(task.resources, earlier)
  // What is taken away from before a task can only lighten its verdict, so it is never rejected here.
  if (admission.response === 'rejected')
    throw new Error(`task ${task.taskId} waits behind a use that rejects it`)
  const { response } = admission
  const reasons = admission.response === 'accepted' ? [] : admission.reasons
  if (task.response === response && JSON.stringify(task.reasons) === JSON.stringify(reasons)) return
  work.send(task, { type: 'task.judged', response, reasons })
}
