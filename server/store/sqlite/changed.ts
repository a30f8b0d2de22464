// Tasks and groups as the working set keeps them, and what one transaction changed of them.
import type { Group, HistoryEvent, IdempotencyRecord, Task } from '../../../machines/index.ts'

/** A task in memory. */
export interface KeptTask {
  task: Task
  /** As the journal tells of it, or will once what was handed to the writer is on disk; null: it does not. */
  entered: Task | null
  /** The chunks of the history that hold its events, with commas between. */
  history: string
  /** The same as entered. */
  enteredHistory: string
  isDeleted: boolean
  /** The last transaction that changed it; 0: none since it was read. */
  changedIn: number
  /** Whether it changed since it was last handed to the writer. */
  isDirty: boolean
}

export interface KeptGroup {
  group: Group
  isWritten: boolean
  changedIn: number
}

/** What one transaction changed, until it has landed. */
export interface Changed {
  readonly transaction: number
  tasks: KeptTask[]
  /** Those as the transaction has found them; null: it put them. */
  found: (Task | null)[]
  /** Those that changed since they were last handed to the writer. */
  dirtyTasks: KeptTask[]
  /** Where the first of those stands that is to be handed over next. */
  dirtyFrom: number
  groups: KeptGroup[]
  deletedTasks: KeptTask[]
  deletedGroups: string[]
  events: HistoryEvent[]
  /** The task of each; null: it is a group's. */
  eventTasks: (KeptTask | null)[]
  idempotency: IdempotencyRecord[]
  expireBeforeMs: number | null
  counters: boolean
}

/** What is known of a transaction that has landed until the rows of its tasks are written. */
export type Landed = Pick<Changed, 'transaction' | 'tasks' | 'deletedTasks'>

export function nothingChanged(transaction: number): Changed {
  return {
    transaction,
    tasks: [],
    found: [],
    dirtyTasks: [],
    dirtyFrom: 0,
    groups: [],
    deletedTasks: [],
    deletedGroups: [],
    events: [],
    eventTasks: [],
    idempotency: [],
    expireBeforeMs: null,
    counters: false,
  }
}

/** A task as it was read from its row. */
export function readTask(task: Task, history: string): KeptTask {
  return {
    task,
    entered: task,
    history,
    enteredHistory: history,
    isDeleted: false,
    changedIn: 0,
    isDirty: false,
  }
}

/** A task that was put and is not on disk. */
export function newTask(task: Task): KeptTask {
  return {
    task,
    entered: null,
    history: '',
    enteredHistory: '',
    isDeleted: false,
    changedIn: 0,
    isDirty: false,
  }
}
