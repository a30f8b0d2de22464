// What can happen to a task while it runs, whether it executes or is to stop.
import type { FinalState, Task, TaskEvent } from '../../machines/task.machine.ts'
import { AT_MS, failed } from '../support/builders.ts'
import type { Happening } from './paths.ts'
import type { TaskScene } from './task-scene.ts'
import { DELAY_MS, TIMEOUT_MS, UNRESPONSIVE_MS } from './world.ts'

/** Of the calls that a path's task may be a run of. */
const POLICIES: Record<string, { retries: number; rerun: boolean }> = {
  resilient: { retries: 1, rerun: true },
  fragile: { retries: 0, rerun: false },
}
const policyOf = ({ call }: Task) => POLICIES[call] as (typeof POLICIES)[string]

const isExecuting = ({ value }: Task) => value === 'running.executing'
const isCancelling = ({ value }: Task) => value === 'running.cancelling'
export const isRunning = (each: Task) => isExecuting(each) || isCancelling(each)

function ended(value: FinalState) {
  return { value, finishMs: AT_MS }
}

function nextAttempt({ attempt }: Task) {
  const fresh = { startMs: null, worker: null, stopCause: null }
  return { value: 'waiting', attempt: attempt + 1, ...fresh } as const
}

/** Its attempt ends for the reason that the handler gave, or else because its time was up. */
function attemptFails(reason: string) {
  const failureOf = ({ stopCause }: Task) => failed(stopCause === 'timeout' ? 'RCL0017' : reason)
  const retryAtMs = (each: Task) =>
    each.failedAttempts < policyOf(each).retries ? AT_MS + DELAY_MS : null
  return {
    event: (each: Task): TaskEvent => ({
      type: 'task.failed',
      nowMs: AT_MS,
      failure: failureOf(each),
      retryAtMs: retryAtMs(each),
    }),
    becomes: (each: Task): Partial<Task> => {
      if (each.stopCause === 'cancel') return { ...ended('canceled'), failure: null }
      const [wakeAtMs, failure] = [retryAtMs(each), failureOf(each)]
      if (wakeAtMs === null) return { ...ended('error'), failure }
      const failedAttempts = each.failedAttempts + 1
      return { ...nextAttempt(each), failure, failedAttempts, wakeAtMs }
    },
  }
}

function processEnds({ crashed }: { crashed: boolean }) {
  const failure = failed('RCL0018')
  return {
    event: (each: Task): TaskEvent => ({
      type: 'task.interrupted',
      nowMs: AT_MS,
      crashed,
      rerun: policyOf(each).rerun,
      failure,
    }),
    becomes: (each: Task): Partial<Task> => {
      if (each.stopCause === 'cancel') return { ...ended('canceled'), failure: null }
      if (!policyOf(each).rerun) return { ...ended('error'), failure }
      const interruptions = each.interruptions + (crashed ? 1 : 0)
      return { ...nextAttempt(each), interruptions }
    },
  }
}

const cancelled = {
  // A second cancellation changes nothing; one that comes after a timeout overrules it.
  when: (each: Task) => isRunning(each) && each.stopCause !== 'cancel',
  event: () => ({ type: 'task.cancel', nowMs: AT_MS }) as const,
  becomes: (): Partial<Task> => ({ value: 'running.cancelling', stopCause: 'cancel' }),
}

export const whileItRuns: Happening<Task, TaskEvent, TaskScene>[] = [
  {
    name: 'it is cancelled while it runs',
    ...cancelled,
    provoke: ({ hands, taskId }) => hands.cancel(taskId),
  },
  {
    name: 'its group is cancelled while it runs',
    ...cancelled,
    provoke: ({ hands, groupId }) => hands.cancelGroup(groupId),
  },
  {
    name: 'it tells its progress',
    when: each => isExecuting(each) && Object.keys(each.progress).length === 0,
    event: () => ({ type: 'task.progressed', progress: { done: 1 } }),
    becomes: () => ({ progress: { done: 1 } }),
    provoke: scene => scene.tellProgress({ done: 1 }),
  },
  {
    name: 'it tells its progress while it is to stop',
    when: each => isCancelling(each) && each.progress.done !== 2,
    event: () => ({ type: 'task.progressed', progress: { done: 2 } }),
    becomes: () => ({ progress: { done: 2 } }),
    provoke: scene => scene.tellProgress({ done: 2 }),
  },
  {
    name: 'it spawns a child',
    when: each => isExecuting(each) && each.spawned.length === 0,
    event: () => ({ type: 'task.spawned', childId: 'child' }),
    becomes: () => ({ spawned: ['child'] }),
    provoke: async ({ world }) => {
      await world.running().context.spawn('plain', {}, { priority: -1 })
    },
  },
  {
    name: 'it returns',
    when: isExecuting,
    event: () => ({ type: 'task.succeeded', nowMs: AT_MS, result: { added: 3 }, location: null }),
    becomes: () => ({ ...ended('finished'), result: { added: 3 }, failure: null }),
    provoke: async ({ world }) => world.running().succeed({ added: 3 }),
  },
  {
    name: 'it returns after it was cancelled',
    when: each => isCancelling(each) && each.stopCause === 'cancel',
    event: () => ({ type: 'task.stopped', nowMs: AT_MS }),
    becomes: () => ({ ...ended('canceled'), failure: null }),
    provoke: async ({ world }) => world.running().succeed({ added: 3 }),
  },
  {
    name: 'it returns too late',
    when: each => isCancelling(each) && each.stopCause === 'timeout',
    ...attemptFails('RCL0017'),
    provoke: async ({ world }) => world.running().succeed({ added: 3 }),
  },
  {
    name: 'it throws',
    when: isRunning,
    ...attemptFails('RCL0015'),
    provoke: async ({ world }) => world.running().fail(new Error('it broke')),
  },
  {
    name: 'its time is up',
    when: isExecuting,
    event: () => ({ type: 'task.timed_out' }),
    becomes: () => ({ value: 'running.cancelling', stopCause: 'timeout' }),
    provoke: ({ world }) => world.clock.advance(TIMEOUT_MS),
  },
  {
    name: 'it does not stop',
    when: each => isCancelling(each) && each.failure?.error.code !== 'RCL0020',
    event: () => ({ type: 'task.unresponsive', failure: failed('RCL0020') }),
    becomes: () => ({ failure: failed('RCL0020') }),
    provoke: ({ world }) => world.clock.advance(UNRESPONSIVE_MS),
  },
  {
    name: 'the process dies',
    when: each => isRunning(each) && each.attempt === 1,
    ...processEnds({ crashed: true }),
    provoke: ({ world }) => world.die(),
  },
  {
    name: 'the process is stopped',
    when: each => isExecuting(each) && each.attempt === 1,
    ...processEnds({ crashed: false }),
    provoke: ({ world }) => world.stop(),
  },
]
