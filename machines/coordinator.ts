// decide(command, slice, env) → changes, effects, reply: every rule of the engine, as one pure function.

import { addToGroup, spawn, submit } from './admission.ts'
import type { Command, Slice } from './commands.ts'
import type { Decision } from './effects.ts'
import {
  dependencyEnded,
  dependencyPlaced,
  fillSlots,
  report,
  reportSuccesses,
  skip,
  wake,
} from './lifecycle.ts'
import { place } from './placement.ts'
import { advance, grant, rejudge, rejudgeBehind } from './queueing.ts'
import { cancelGroup, cancelTask, changeGroup, fanOut, purge } from './supervision.ts'
import { type Env, Work } from './work.ts'

/**
 * Decides one command. The same command, slice, time and ids give the same decision, byte by byte.
 *
 * @param slice What `needs(command)` asked for.
 * @param env   The time of the decision in ms since the epoch, and ids for what it creates.
 */
export function decide(command: Command, slice: Slice, env: Env): Decision {
  const work = new Work(slice, env)
  return work.decision(reply(command, work))
}

function reply(command: Command, work: Work): Decision['reply'] {
  switch (command.type) {
    case 'tasks.submit':
      return submit(work, command)
    case 'group.add':
      return addToGroup(work, command)
    case 'task.spawn':
      return spawn(work, command)
    case 'task.place':
      return place(work, command)
    case 'task.cancel':
      return cancelTask(work, command)
    case 'group.cancel':
      return cancelGroup(work, command)
    case 'group.suspend':
    case 'group.resume':
    case 'group.close':
      return changeGroup(work, command)
    case 'group.fan_out':
      return fanOut(work, command)
    case 'tasks.purge':
      return purge(work, command)
    case 'slots.fill':
      return fillSlots(work, command)
    case 'timers.due':
      for (const taskId of work.slice.due) work.followUps.push({ type: 'task.wake', taskId })
      return null
    case 'task.wake':
      return wake(work, command)
    case 'task.progressed':
    case 'task.succeeded':
    case 'task.failed':
    case 'task.timed_out':
    case 'task.unresponsive':
    case 'task.interrupted':
      return report(work, command)
    case 'tasks.succeeded':
      return reportSuccesses(work, command)
    case 'task.skip':
      return skip(work, command)
    case 'task.ended':
      return dependencyEnded(work, command)
    case 'task.placed':
      return dependencyPlaced(work, command)
    case 'resource.advance':
      return advance(work, command)
    case 'resource.grant':
      return grant(work, command)
    case 'resource.rejudge':
      return rejudge(work, command)
    case 'resource.rejudge_behind':
      return rejudgeBehind(work, command)
    case 'idempotency.answered': {
      const { idempotency } = work.slice
      if (idempotency !== null) {
        work.change({ type: 'idempotency.put', record: { ...idempotency, answer: command.answer } })
      }
      return null
    }
    case 'idempotency.expire':
      work.change({ type: 'idempotency.expire', beforeMs: command.beforeMs })
      return null
  }
}
