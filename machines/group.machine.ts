// The life of a group as a statechart: it counts its tasks by state, takes in tasks while it is open,
// holds them while it is suspended, cancels them, and settles when it is closed and the last one has ended.
import { produce } from 'immer'
import { assign, setup } from 'xstate'
import type { TaskState } from './task.machine.ts'

export type GroupValue =
  | 'active.open'
  | 'active.closed'
  | 'suspended.open'
  | 'suspended.closed'
  | 'cancelling'
  | 'settled'

export interface GroupContext {
  groupId: string
  seq: number
  tags: string[]
  /** What an error of one member means for the others. */
  onFailure: 'continue' | 'cancel'
  counts: Record<TaskState, number>
  /** Whether the group's cancellation was accepted; stays true once it has settled. */
  canceled: boolean
  submitMs: number
  finishMs: number | null
  /** Number of the last change of the group or of one of its tasks. */
  rev: number
}

/** The count of a group without tasks. */
export const NO_TASKS: Readonly<Record<TaskState, number>> = {
  waiting: 0,
  suspended: 0,
  running: 0,
  finished: 0,
  error: 0,
  canceled: 0,
  skipped: 0,
}

/** A group's snapshot: the state node and the context. */
export interface Group extends GroupContext {
  value: GroupValue
}

export type GroupEvent =
  | { type: 'group.joined'; count: number }
  /** So many tasks, one or more, went from one state to another. */
  | { type: 'group.moved'; from: TaskState; to: TaskState; count: number; nowMs: number }
  | { type: 'group.close'; nowMs: number }
  | { type: 'group.suspend' }
  | { type: 'group.resume' }
  | { type: 'group.cancel'; nowMs: number }

type EventOf<T extends GroupEvent['type']> = Extract<GroupEvent, { type: T }>

export function unfinishedCount(group: Pick<GroupContext, 'counts'>): number {
  return group.counts.waiting + group.counts.suspended + group.counts.running
}

const UNFINISHED: readonly TaskState[] = ['waiting', 'suspended', 'running']

/** Conditions of the chart, by name. */
export const groupGuards = {
  isEmpty: (group: GroupContext): boolean => unfinishedCount(group) === 0,
  lastEnds: (group: GroupContext, event: GroupEvent): boolean => {
    const { from, to, count } = event as EventOf<'group.moved'>
    return unfinishedCount(group) === count && UNFINISHED.includes(from) && !UNFINISHED.includes(to)
  },
  lastFailureCancels: (group: GroupContext, event: GroupEvent): boolean =>
    groupGuards.failureCancels(group, event) && groupGuards.lastEnds(group, event),
  failureCancels: (group: GroupContext, event: GroupEvent): boolean =>
    group.onFailure === 'cancel' && (event as EventOf<'group.moved'>).to === 'error',
}

/** Changes of the context, by name: what is nested in a field is replaced, never edited (table.ts). */
export const groupActions = {
  join(group: GroupContext, event: EventOf<'group.joined'>) {
    group.counts = { ...group.counts, waiting: group.counts.waiting + event.count }
  },
  count(group: GroupContext, event: EventOf<'group.moved'>) {
    const counts = { ...group.counts }
    counts[event.from] -= event.count
    counts[event.to] += event.count
    group.counts = counts
  },
  markCanceled(group: GroupContext) {
    group.canceled = true
  },
  end(group: GroupContext, event: { nowMs: number }) {
    group.finishMs = event.nowMs
  },
}

export type GroupGuard = keyof typeof groupGuards
export type GroupAction = keyof typeof groupActions

function assigned(name: GroupAction) {
  return assign<GroupContext, GroupEvent, undefined, GroupEvent, never>(({ context, event }) =>
    produce(context, draft => groupActions[name](draft, event as never)),
  )
}

const guards = Object.fromEntries(
  Object.entries(groupGuards).map(([name, guard]) => [
    name,
    ({ context, event }: { context: GroupContext; event: GroupEvent }) => guard(context, event),
  ]),
) as Record<GroupGuard, (args: { context: GroupContext; event: GroupEvent }) => boolean>

const actions = Object.fromEntries(
  (Object.keys(groupActions) as GroupAction[]).map(name => [name, assigned(name)]),
) as Record<GroupAction, ReturnType<typeof assigned>>

/** One that is closed has an unfinished task: with the last, it settled. */
const cancelWhileClosed = { target: '#group.cancelling', actions: ['markCanceled'] } as const

const cancelWhileOpen = [
  { guard: 'isEmpty', target: '#group.settled', actions: ['markCanceled', 'end'] },
  cancelWhileClosed,
] as const

const movedWhileOpen = [
  {
    guard: 'lastFailureCancels',
    target: '#group.settled',
    actions: ['count', 'markCanceled', 'end'],
  },
  { guard: 'failureCancels', target: '#group.cancelling', actions: ['count', 'markCanceled'] },
  { actions: ['count'] },
] as const

const movedWhileClosed = [
  movedWhileOpen[0],
  { guard: 'lastEnds', target: '#group.settled', actions: ['count', 'end'] },
  ...movedWhileOpen.slice(1),
] as const

const close = (closed: '#group.active.closed' | '#group.suspended.closed') =>
  [{ guard: 'isEmpty', target: '#group.settled', actions: ['end'] }, { target: closed }] as const

/** The group statechart: active or suspended, each open or closed, then cancelling or settled. */
export const groupMachine = setup({
  types: {
    context: {} as GroupContext,
    events: {} as GroupEvent,
    input: {} as GroupContext,
  },
  guards,
  actions,
}).createMachine({
  id: 'group',
  context: ({ input }) => input,
  initial: 'active',
  states: {
    active: {
      initial: 'open',
      on: { 'group.joined': { actions: ['join'] } },
      states: {
        open: {
          on: {
            'group.cancel': cancelWhileOpen,
            'group.moved': movedWhileOpen,
            'group.close': close('#group.active.closed'),
            'group.suspend': { target: '#group.suspended.open' },
            'group.resume': {},
          },
        },
        closed: {
          on: {
            'group.cancel': cancelWhileClosed,
            'group.moved': movedWhileClosed,
            'group.suspend': { target: '#group.suspended.closed' },
            'group.resume': {},
          },
        },
      },
    },
    suspended: {
      initial: 'open',
      on: { 'group.joined': { actions: ['join'] } },
      states: {
        open: {
          on: {
            'group.cancel': cancelWhileOpen,
            'group.moved': movedWhileOpen,
            'group.close': close('#group.suspended.closed'),
            'group.resume': { target: '#group.active.open' },
            'group.suspend': {},
          },
        },
        closed: {
          on: {
            'group.cancel': cancelWhileClosed,
            'group.moved': movedWhileClosed,
            'group.resume': { target: '#group.active.closed' },
            'group.suspend': {},
          },
        },
      },
    },
    cancelling: {
      on: {
        'group.cancel': {},
        'group.moved': [
          { guard: 'lastEnds', target: 'settled', actions: ['count', 'end'] },
          { actions: ['count'] },
        ],
      },
    },
    settled: { type: 'final' },
  },
})

export function isOpen(group: Group): boolean {
  return group.value === 'active.open' || group.value === 'suspended.open'
}

export function isSuspended(group: Group): boolean {
  return group.value === 'suspended.open' || group.value === 'suspended.closed'
}
