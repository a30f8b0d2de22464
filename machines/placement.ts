// A task's place: judged against everything before it, with a reservation on each resource it uses.
// Most tasks take theirs at submission; one that is held back (`start_after`, or a dependency that is
// held back itself) takes it later, and until then stands in nobody's way.
import type { Command } from './commands.ts'
import { end } from './lifecycle.ts'
import {
  type Admission,
  type Firsts,
  firstsOfEach,
  type Granted,
  judgeEach,
  type ResourceUse,
  reservationsOf,
  responseTo,
} from './reservations.ts'
import { type Failure, isFinal, NOTHING, type Task } from './task.machine.ts'
import type { Work } from './work.ts'

/** What a task that was not rejected shows of its admission. */
export interface Judgement {
  response: 'accepted' | 'postponed'
  reasons: ResourceUse[]
}

export const ACCEPTED: Judgement = Object.freeze({ response: 'accepted', reasons: NOTHING })

function judgement(admission: Exclude<Admission, { response: 'rejected' }>): Judgement {
  return admission.response === 'accepted' ? ACCEPTED : admission
}

/** @param earlier The firsts of each use's resource, in the order of the uses. */
export function grantedUses(
  uses: readonly ResourceUse[],
  earlier: readonly Firsts[],
  { response }: Admission,
): Granted {
  if (response === 'accepted') return null
  return uses.map(({ operation }, nth) => responseTo(operation, earlier[nth] ?? {}) === 'accepted')
}

/** How many of a task's uses have to wait. */
export function waitingUses(granted: Granted): number {
  return granted === null ? 0 : granted.filter(isGranted => !isGranted).length
}

/** A task that exists, has not ended, and has no place yet. */
export function isHeldBack(task: Task | undefined): boolean {
  return task !== undefined && task.place === null && !isFinal(task.value)
}

/** Gives a task that was held back its place, as if it had been submitted at this moment. */
export function place(work: Work, command: Extract<Command, { type: 'task.place' }>): null {
  const task = work.task(command.taskId)
  if (task === undefined || !isHeldBack(task) || task.unplaced > 0) return null
  const earlier = firstsOfEach(task.resources, work.slice.queues)
  const admission = judgeEach(task.resources, earlier)
  if (admission.response === 'rejected') {
    const failure = rejection(admission.reasons)
    end(work, task, { type: 'task.rejected', nowMs: work.env.nowMs, failure })
    return null
  }
  const at = work.nextPlace()
  const granted = grantedUses(task.resources, earlier, admission)
  for (const reservation of reservationsOf({ ...task, place: at }, granted))
    work.change({ type: 'reservation.put', reservation })
  const blockers = waitingUses(granted)
  work.send(task, { type: 'task.placed', place: at, ...judgement(admission), blockers })
  const { waiters } = work.slice
  if (waiters === null || waiters.dependedOn.has(task.taskId))
    work.followUps.push({ type: 'task.placed', taskId: task.taskId, after: 0 })
  return null
}

function rejection(reasons: ResourceUse[]): Failure {
  const description =
    'when its time came, earlier uses of its resources made it impossible ever to serve'
  return {
    error: {
      code: 'RCL0009',
      description,
      data: { reasons: reasons.map(reason => ({ ...reason })) },
      sub_errors: [],
    },
    exception: null,
    traceback: null,
    status: 409,
  }
}
