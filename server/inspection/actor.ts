// Tasks and groups as XState's actors: an address, a place in the tree of actors, a statechart, a snapshot.
import type { StateValue } from 'xstate'
import {
  type Group,
  groupMachine,
  isFinal,
  type Task,
  type TaskValue,
  taskMachine,
} from '../../machines/index.ts'

/** Who an actor is. */
export interface ActorAddress {
  /** The id of the task or group. */
  sessionId: string
  /** What a person calls it. */
  name: string
  /** The actor that supervises it: the task that spawned it, or else its group. */
  parentId: string | undefined
  /** The group, or the task that stands alone. */
  rootId: string
  machine: typeof taskMachine | typeof groupMachine
}

/** The last digits of an id: the first ones say the time, and many begin with the same. */
const short = (id: string): string => id.slice(-8)

export function taskAddress({
  taskId,
  groupId,
  parentId,
  call,
}: Pick<Task, 'taskId' | 'groupId' | 'parentId' | 'call'>): ActorAddress {
  return {
    sessionId: taskId,
    name: `${call} ${short(taskId)}`,
    parentId: parentId ?? groupId ?? undefined,
    rootId: groupId ?? parentId ?? taskId,
    machine: taskMachine,
  }
}

export function groupAddress(groupId: string): ActorAddress {
  const name = `group ${short(groupId)}`
  return { sessionId: groupId, name, parentId: undefined, rootId: groupId, machine: groupMachine }
}

/** A machine's snapshot as XState persists it. */
export interface ActorSnapshot {
  status: 'active' | 'done'
  value: StateValue
  context: object
  output: undefined
  error: undefined
  children: Record<string, never>
  historyValue: Record<string, never>
}

/** @param value A state node, with dots between a state and its sub-state. */
export function snapshotAt(value: string, context: object): ActorSnapshot {
  return {
    status: isFinal(value as TaskValue) || value === 'settled' ? 'done' : 'active',
    value: stateValue(value),
    context,
    output: undefined,
    error: undefined,
    children: {},
    historyValue: {},
  }
}

/** The context of a task's or group's machine: all but the state node. */
export function contextOf<T extends Task | Group>({ value, ...context }: T): Omit<T, 'value'> {
  return context
}

function stateValue(value: string): StateValue {
  const [state = '', inner] = value.split('.')
  return inner === undefined ? state : { [state]: inner }
}

/** Lines of the history that leave a task in the state that its group counts it under. */
const STAYS = new Set(['task.submitted', 'task.placed', 'task.woken', 'task.unresponsive'])

/** Whether a task tells its group of the event, because it is counted under another state from there on. */
export function movesTask({ type, value }: { type: string; value: string }): boolean {
  return !STAYS.has(type) && value !== 'running.cancelling'
}

/**
 * Who sent an event that leaves a line, as far as the line tells: a group holds its tasks, lets them go on,
 * and cancels them when it is cancelled itself.
 */
export function senderOf(type: string, group: Group | undefined): string | undefined {
  const isOfGroup =
    type === 'task.suspend' ||
    type === 'task.resume' ||
    (type === 'task.cancel' && group?.canceled === true)
  return isOfGroup ? group?.groupId : undefined
}

/** Events that a line of a group's history stands for. The move of a task can settle or cancel its group. */
export function groupEventType(type: string): string {
  return type === 'group.settled' || type === 'group.cancelling' ? 'group.moved' : type
}
