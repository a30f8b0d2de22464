// What a decision gives: changes for the store, effects for the world after the commit, a reply, and
// further commands.
import type { Command, IdempotencyRecord } from './commands.ts'
import type { Group } from './group.machine.ts'
import type { Granted, Reservation, Resource, ResourceUse } from './reservations.ts'
import type { FinalState, Json, Task } from './task.machine.ts'

/** A row to write, or several that always go together. The order of changes matters: they are applied as listed. */
export type Change = SimpleChange | JointChange

/** What happens to every task, as one change each: a store may take them as they are, or `apart`. */
export type JointChange =
  /** A new task, with a reservation for each of its uses if it has a place, and the line of its submission. */
  | { type: 'task.add'; task: Task; granted: Granted }
  /** A task as an event has left it, with the event's line. One that has ended holds no reservation any more. */
  | { type: 'task.step'; task: Task; event: HistoryEvent }

/** One row to write. */
export type SimpleChange =
  | { type: 'counters.set'; seq: number; place: number; rev: number }
  | { type: 'task.put'; task: Task }
  | { type: 'task.delete'; taskId: string }
  | { type: 'group.put'; group: Group }
  | { type: 'group.delete'; groupId: string }
  | { type: 'reservation.put'; reservation: Reservation }
  | { type: 'reservation.delete'; resource: Resource; place: number }
  | { type: 'edge.put'; dependencyId: string; dependantId: string; states: FinalState[] }
  | { type: 'edge.delete'; dependencyId: string; dependantId: string }
  | { type: 'event.append'; event: HistoryEvent }
  | { type: 'idempotency.put'; record: IdempotencyRecord }
  | { type: 'idempotency.expire'; beforeMs: number }

/** One line of a task's or a group's history. `eventId` is the `rev` that the change got. */
export interface HistoryEvent {
  eventId: number
  atMs: number
  /** Null for an event of the group itself. */
  taskId: string | null
  groupId: string | null
  type: string
  attempt: number | null
  /** The state node after the event. */
  value: string
  data: Json
}

/** Something to do in the world, after the commit and never before. */
export type Effect =
  | { type: 'task.run'; task: Task }
  | { type: 'task.abort'; taskId: string; attempt: number; cause: 'cancel' | 'timeout' }

/** How a submission ended: with tasks, or with nothing left behind. */
export type SubmitReply =
  | {
      outcome: 'submitted'
      groupId: string | null
      tasks: { taskId: string; response: 'accepted' | 'postponed' }[]
    }
  | { outcome: 'rejected'; member: { index: number; name: string | null }; reasons: ResourceUse[] }
  | { outcome: 'invalid'; member: { index: number; name: string | null }; message: string }
  | { outcome: 'group_missing' }
  | { outcome: 'group_closed'; canceled: boolean }
  | { outcome: 'parent_replaced' }
  | { outcome: 'key_reused' }

export type CancelReply = { outcome: 'canceled' | 'already_final' | 'missing' | 'not_cancellable' }
export type GroupReply = {
  outcome: 'done' | 'missing' | 'not_handled' | 'key_reused'
  value?: string
}
/** `stale`: a report from an attempt that was replaced or has ended. */
export type RunnerReply = { outcome: 'taken' | 'stale' }

/** `held`: ready tasks that their group kept from starting; those behind them were not looked at. */
export type FillReply = { held: number }

/** What each command answers. */
export interface Replies {
  'tasks.submit': SubmitReply & Replayed
  'group.add': SubmitReply & Replayed
  'task.spawn': SubmitReply
  'task.cancel': CancelReply
  'group.cancel': CancelReply
  'group.suspend': GroupReply
  'group.resume': GroupReply
  'group.close': GroupReply
  'tasks.purge': { deleted: number }
  'slots.fill': FillReply
  'task.progressed': RunnerReply
  'task.succeeded': RunnerReply
  'tasks.succeeded': RunnerReply[]
  'task.failed': RunnerReply
  'task.timed_out': RunnerReply
  'task.unresponsive': RunnerReply
  'task.interrupted': RunnerReply
}

/** Set when the idempotency key was seen before: the first answer, given again. */
export interface Replayed {
  replayed?: { answer: Json }
}

export type ReplyOf<T extends Command['type']> = T extends keyof Replies ? Replies[T] : null

export interface Decision {
  changes: Change[]
  effects: Effect[]
  reply: Json | Replies[keyof Replies]
  /** To be decided next, in the same transaction. */
  followUps: Command[]
  /** To be decided in a later transaction, so that other work comes through in between. */
  later: Command[]
}
