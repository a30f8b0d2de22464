// What can happen to a task before it runs, whether it waits or is suspended.
import type { FinalState, Task, TaskEvent } from '../../machines/task.machine.ts'
import { AT_MS, creates, failed, reads } from '../support/builders.ts'
import type { Happening } from './paths.ts'
import type { TaskScene } from './task-scene.ts'
import { DELAY_MS } from './world.ts'

export const isPending = ({ value }: Task) => value === 'waiting' || value === 'suspended'
export const isDependent = ({ dependencies }: Task) => dependencies.length > 0

const isReady = ({ value, place, unplaced, blockers, wakeAtMs }: Task) =>
  value === 'waiting' && place !== null && unplaced === 0 && blockers === 0 && wakeAtMs === null
const isBehind = (each: Task) =>
  isPending(each) && !isDependent(each) && each.blockers > 0 && each.reasons.length > 0
const awaitsDependency = (each: Task) => isPending(each) && isDependent(each) && each.blockers > 0
const awaitsPlaced = (each: Task) => awaitsDependency(each) && each.place !== null
const mayBeCancelled = ({ dependencies }: Task) => dependencies[0]?.states.includes('canceled')
const lacksPlaceOnly = ({ place, unplaced }: Task) => place === null && unplaced === 0

const unblocked = {
  event: () => ({ type: 'task.unblocked' }) as const,
  becomes: ({ blockers }: Task) => ({ blockers: blockers - 1 }),
}
const placeFreed = {
  event: () => ({ type: 'task.place_freed' }) as const,
  becomes: ({ unplaced }: Task) => ({ unplaced: unplaced - 1 }),
}
const cancelled = {
  when: isPending,
  event: () => ({ type: 'task.cancel', nowMs: AT_MS }) as const,
  becomes: () => ended('canceled'),
}

function ended(value: FinalState) {
  return { value, finishMs: AT_MS, wakeAtMs: null }
}

function skippedBy(actual: FinalState) {
  const failures = ({ dependencies: [dependency] }: Task) => ({
    dependency: { expected: dependency?.states ?? [], actual },
  })
  return {
    event: (each: Task): TaskEvent => ({
      type: 'task.skip',
      nowMs: AT_MS,
      failures: failures(each),
    }),
    becomes: (each: Task) => ({ ...ended('skipped'), dependencyFailures: failures(each) }),
  }
}

function placedBehind(ahead: Task['reasons']) {
  const verdict = {
    place: 7,
    response: ahead.length === 0 ? 'accepted' : 'postponed',
    reasons: ahead,
  } as const
  const blockers = ahead.length
  return {
    event: () => ({ type: 'task.placed', ...verdict, blockers }) as const,
    becomes: (each: Task) => ({ ...verdict, blockers: each.blockers + blockers }),
  }
}

function afterFirst({ reasons }: Task) {
  const response: Task['response'] = reasons.length === 1 ? 'accepted' : 'postponed'
  return { response, reasons: reasons.slice(1) }
}

export const whileItWaits: Happening<Task, TaskEvent, TaskScene>[] = [
  {
    name: 'its group is suspended',
    when: ({ value }) => value === 'waiting',
    event: () => ({ type: 'task.suspend' }),
    becomes: () => ({ value: 'suspended' }),
    provoke: ({ hands, groupId }) => hands.changeGroup(groupId, 'suspend'),
  },
  {
    name: 'its group is resumed',
    when: ({ value }) => value === 'suspended',
    event: () => ({ type: 'task.resume' }),
    becomes: () => ({ value: 'waiting' }),
    provoke: ({ hands, groupId }) => hands.changeGroup(groupId, 'resume'),
  },
  {
    name: 'it is cancelled',
    ...cancelled,
    provoke: ({ hands, taskId }) => hands.cancel(taskId),
  },
  {
    name: 'its group is cancelled',
    ...cancelled,
    provoke: ({ hands, groupId }) => hands.cancelGroup(groupId),
  },
  {
    name: 'a slot becomes free',
    when: isReady,
    event: () => ({ type: 'task.start', nowMs: AT_MS, worker: 'w1' }),
    becomes: () => ({ value: 'running.executing', startMs: AT_MS, worker: 'w1', progress: {} }),
    provoke: async ({ world }) => void (await world.giveSlot()),
  },
  {
    name: 'those ahead of it end',
    when: isBehind,
    ...unblocked,
    provoke: scene => scene.endThoseAhead(),
  },
  {
    name: 'the first ahead of it is cancelled',
    when: isBehind,
    event: each => ({ type: 'task.judged', ...afterFirst(each) }),
    becomes: afterFirst,
    provoke: scene => scene.cancelFirstAhead(),
  },
  {
    name: 'nobody is ahead of it any more',
    when: ({ place }) => place !== null,
    ...unblocked,
  },
  {
    name: 'what it depends on finishes',
    when: awaitsPlaced,
    ...unblocked,
    provoke: async ({ world }) => (await world.giveSlot()).succeed(),
  },
  {
    name: 'what it depends on fails',
    when: awaitsPlaced,
    ...skippedBy('error'),
    provoke: async ({ world }) => (await world.giveSlot()).fail(new Error('it broke')),
  },
  {
    name: 'what it depends on is cancelled',
    when: each => awaitsDependency(each) && !mayBeCancelled(each),
    ...skippedBy('canceled'),
    provoke: scene => scene.cancelDependency(),
  },
  {
    name: 'what it depends on is cancelled, as it may be',
    when: each => awaitsDependency(each) && mayBeCancelled(each) === true,
    ...unblocked,
    provoke: scene => scene.cancelDependency(),
  },
  {
    name: 'what it depends on takes its place',
    when: each => awaitsDependency(each) && each.place === null,
    ...placeFreed,
    provoke: ({ world }) => world.clock.advance(DELAY_MS),
  },
  {
    name: 'its time comes',
    when: each => isPending(each) && each.wakeAtMs !== null,
    event: () => ({ type: 'task.woken' }),
    becomes: () => ({ wakeAtMs: null }),
    provoke: ({ world }) => world.clock.advance(DELAY_MS),
  },
  {
    name: 'less holds it back',
    when: ({ place, unplaced }) => place === null && unplaced > 0,
    ...placeFreed,
  },
  {
    name: 'it takes its place',
    when: lacksPlaceOnly,
    ...placedBehind([]),
  },
  {
    name: 'it takes its place behind another',
    when: each => lacksPlaceOnly(each) && !isDependent(each),
    ...placedBehind([reads('repo:1')]),
    prepare: scene => scene.putAhead(reads('repo:1')),
  },
  {
    name: 'there can be no place for it',
    when: lacksPlaceOnly,
    event: () => ({ type: 'task.rejected', nowMs: AT_MS, failure: failed('RCL0009') }),
    becomes: () => ({ ...ended('error'), failure: failed('RCL0009') }),
    prepare: scene => scene.putAhead(creates('repo:1')),
  },
]
