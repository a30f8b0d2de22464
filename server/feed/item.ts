// What a reader of the feed asks for, and what it is given.
import type { Group, HistoryEvent, Task } from '../../machines/index.ts'

/** What a reader follows: a task, a group with its tasks, or everything. */
export interface Topic {
  taskId?: string
  groupId?: string
}

/** A place in the history: right after an event. */
export interface Position {
  /** The event; 0 is the beginning. */
  eventId: number
  /**
   * The event's time, which tells it from the event of the same number in another store, or in this one
   * before it was put back to an earlier state. Null is not compared.
   */
  atMs: number | null
}

/** A task as it is at a moment, without what its call report has besides. */
export type TaskNow = Pick<Task, 'taskId' | 'groupId' | 'attempt' | 'value' | 'progress' | 'rev'>

export type FeedItem =
  /** Everything up to here has been given. */
  | { kind: 'position'; position: Position }
  /** `merged`: earlier events of the same task or group that a slow reader was spared. */
  | { kind: 'event'; event: HistoryEvent; merged: number }
  /** How things are after the change numbered `rev`; not kept, and never given again. */
  | { kind: 'task'; task: TaskNow }
  | { kind: 'group'; group: Group }
  /** The task or group that is followed was deleted; nothing comes after it. */
  | { kind: 'deleted'; topic: Topic }
  | Gap

/** The reader knows an event that the store does not have, so that it may have missed others. */
export interface Gap {
  kind: 'gap'
  /** The event that the reader named. */
  afterEventId: number
  /** The last event of the store. */
  lastEventId: number
  /** Where the reader goes on. */
  position: Position
}
