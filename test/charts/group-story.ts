// The story of a group: how one starts, and all that can happen to it. One of its members runs at a time.
import type { Group, GroupEvent, GroupValue } from '../../machines/group.machine.ts'
import type { TaskState } from '../../machines/task.machine.ts'
import { AT_MS, group } from '../support/builders.ts'
import type { GroupScene } from './group-scene.ts'
import type { Happening, Start, Story } from './paths.ts'

/** A path's group; a tag names the call that its members are runs of. */
export type GroupStart = Start<Group>

type GroupHappening = Happening<Group, GroupEvent, GroupScene>

/** Members of a path's group at most. */
const MEMBERS_MAX = 3

const tags = ['tireless']

const situations: GroupStart[] = [
  { name: 'open', snapshot: group() },
  { name: 'closed', snapshot: group({ value: 'active.closed' }) },
  { name: 'open, to cancel on failure', snapshot: group({ onFailure: 'cancel' }) },
  {
    name: 'closed, to cancel on failure',
    snapshot: group({ onFailure: 'cancel', value: 'active.closed' }),
  },
  {
    name: 'closed, of calls that never give up',
    snapshot: group({ tags, value: 'active.closed' }),
  },
]

const isOpen = ({ value }: Group) => value.endsWith('open')
const isActive = ({ value }: Group) => value.startsWith('active')
const isSuspended = ({ value }: Group) => value.startsWith('suspended')
const isCancelling = ({ value }: Group) => value === 'cancelling'
const isGoing = (each: Group) => isActive(each) || isSuspended(each)
const total = ({ counts }: Group) => Object.values(counts).reduce((sum, count) => sum + count, 0)
const unfinished = ({ counts }: Pick<Group, 'counts'>) =>
  counts.waiting + counts.suspended + counts.running
const hasPending = ({ counts }: Group) => counts.waiting + counts.suspended > 0
const isTireless = ({ tags }: Group) => tags.includes('tireless')
const isBeingSubmitted = (each: Group) => each.value === 'active.closed' && total(each) === 0

/** Its members follow it in the same transaction. */
function goesOn(each: Group): boolean {
  const { waiting, suspended } = each.counts
  if (isBeingSubmitted(each)) return true
  if (isActive(each)) return suspended > 0
  if (isSuspended(each)) return waiting > 0
  return isCancelling(each) && waiting + suspended > 0
}

/** Which of its members have not started: in one group they all wait, or are all suspended. */
function pendingIn({ counts }: Group): 'waiting' | 'suspended' {
  return counts.waiting > 0 ? 'waiting' : 'suspended'
}

const settled = { value: 'settled', finishMs: AT_MS } as const

function joined(count: number) {
  return {
    event: () => ({ type: 'group.joined', count }) as const,
    becomes: ({ counts }: Group) => ({ counts: { ...counts, waiting: counts.waiting + count } }),
  }
}

/** One of its members moves to another state. */
function moved(from: TaskState | ((each: Group) => TaskState), to: TaskState) {
  const fromOf = (each: Group) => (typeof from === 'string' ? from : from(each))
  return {
    event: (each: Group): GroupEvent => ({
      type: 'group.moved',
      from: fromOf(each),
      to,
      count: 1,
      nowMs: AT_MS,
    }),
    becomes: (each: Group): Partial<Group> => {
      const counts = { ...each.counts }
      counts[fromOf(each)] -= 1
      counts[to] += 1
      const cancels = to === 'error' && each.onFailure === 'cancel'
      const settles = unfinished({ counts }) === 0 && (cancels || !isOpen(each))
      return {
        counts,
        ...(cancels && { value: 'cancelling', canceled: true }),
        ...(settles && settled),
      }
    },
  }
}

const byClients: GroupHappening[] = [
  {
    name: 'it is submitted with two calls',
    when: isBeingSubmitted,
    ...joined(2),
  },
  {
    name: 'a call is added',
    when: each => isOpen(each) && total(each) < MEMBERS_MAX,
    ...joined(1),
    provoke: ({ hands, groupId, call }) => hands.addToGroup(groupId, [{ call }]),
  },
  {
    name: 'it is suspended',
    when: isGoing,
    event: () => ({ type: 'group.suspend' }),
    becomes: ({ value }) => ({ value: value.replace('active', 'suspended') as GroupValue }),
    provoke: scene => scene.hands.changeGroup(scene.groupId, 'suspend'),
  },
  {
    name: 'it is resumed',
    when: isGoing,
    event: () => ({ type: 'group.resume' }),
    becomes: ({ value }) => ({ value: value.replace('suspended', 'active') as GroupValue }),
    provoke: scene => scene.hands.changeGroup(scene.groupId, 'resume'),
  },
  {
    name: 'it is closed',
    when: isOpen,
    event: () => ({ type: 'group.close', nowMs: AT_MS }),
    becomes: each =>
      unfinished(each) === 0
        ? settled
        : { value: each.value.replace('open', 'closed') as GroupValue },
    provoke: scene => scene.hands.changeGroup(scene.groupId, 'close'),
  },
  {
    name: 'it is cancelled',
    when: each => each.value !== 'settled',
    event: () => ({ type: 'group.cancel', nowMs: AT_MS }),
    becomes: each => ({
      canceled: true,
      ...(unfinished(each) === 0 ? settled : { value: 'cancelling' }),
    }),
    provoke: scene => scene.hands.cancelGroup(scene.groupId),
  },
  {
    name: 'a member that has not started is cancelled',
    when: each => isGoing(each) && hasPending(each),
    ...moved(pendingIn, 'canceled'),
    provoke: scene => scene.cancelLastPending(),
  },
  {
    name: 'the member that runs is cancelled, and stops',
    when: each => isGoing(each) && each.counts.running > 0,
    ...moved('running', 'canceled'),
    provoke: async ({ hands, world }) => {
      const { taskId, succeed } = world.running()
      await hands.cancel(taskId)
      succeed()
    },
  },
]

const byMembers: GroupHappening[] = [
  {
    name: 'a slot becomes free',
    when: each => isActive(each) && each.counts.waiting > 0 && each.counts.running === 0,
    ...moved('waiting', 'running'),
    provoke: async ({ world }) => void (await world.giveSlot()),
  },
  {
    name: 'the member that runs spawns a child',
    when: each => isGoing(each) && each.counts.running > 0 && total(each) < MEMBERS_MAX,
    ...joined(1),
    provoke: async ({ world }) => void (await world.running().context.spawn('plain', {})),
  },
  {
    name: 'the member that runs returns',
    when: each => isGoing(each) && each.counts.running > 0,
    ...moved('running', 'finished'),
    provoke: async ({ world }) => world.running().succeed(),
  },
  {
    name: 'the member that runs throws',
    when: each => isGoing(each) && each.counts.running > 0 && !isTireless(each),
    ...moved('running', 'error'),
    provoke: async ({ world }) => world.running().fail(new Error('it broke')),
  },
  {
    name: 'the member that runs throws, and is to run again',
    when: each => isGoing(each) && each.counts.running > 0 && isTireless(each),
    ...moved('running', 'waiting'),
    provoke: async ({ world }) => world.running().fail(new Error('it broke')),
  },
  {
    name: 'the member that runs stops',
    when: each => isCancelling(each) && each.counts.running > 0,
    ...moved('running', 'canceled'),
    provoke: async ({ world }) => world.running().succeed(),
  },
  {
    name: 'the process dies',
    when: each => isGoing(each) && each.counts.running > 0,
    ...moved('running', 'waiting'),
    provoke: ({ world }) => world.die(),
  },
  {
    name: 'the process dies while it is cancelling',
    when: each => isCancelling(each) && each.counts.running > 0,
    ...moved('running', 'canceled'),
    provoke: ({ world }) => world.die(),
  },
]

const following: GroupHappening[] = [
  {
    name: 'its suspension reaches a member',
    when: isSuspended,
    ...moved('waiting', 'suspended'),
  },
  {
    name: 'its resumption reaches a member',
    when: each => isActive(each) && each.counts.suspended > 0,
    ...moved('suspended', 'waiting'),
  },
  {
    name: 'its cancellation reaches a member',
    when: isCancelling,
    ...moved(pendingIn, 'canceled'),
  },
]

export const groupStory: Story<Group, GroupEvent, GroupStart, GroupScene> = {
  situations,
  happenings: [...byClients, ...byMembers, ...following],
  goesOn,
}
