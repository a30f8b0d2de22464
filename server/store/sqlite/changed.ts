// Tasks and groups as the working set keeps them, and what one transaction changed of them.
import type { Group, HistoryEvent, IdempotencyRecord, Task } from '../../../machines/index.ts'

/** A task in memory. */
export interface KeptTask {
  task: Task
  /** As its row is, or will be once what was handed to the writer is on disk; null: there is none. */
  written: Task | null
  /** The chunks of the history that hold its events, with commas between. */
  history: string
  /** The same as its row has it, or will have. */
  writtenHistory: string
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

/** A task that was deleted while its row may still be there. */
export interface DeletedTask {
  task: Task
  history: string
  isWritten: boolean
}

/** What one transaction changed, until it has landed. */
export interface Changed {
  readonly transaction: number
  tasks: KeptTask[]
  /** Those that changed since they were last handed to the writer. */
  dirtyTasks: KeptTask[]
  groups: KeptGroup[]
  deletedTasks: DeletedTask[]
  deletedGroups: string[]
  events: HistoryEvent[]
  idempotency: IdempotencyRecord[]
  expireBeforeMs: number | null
  counters: boolean
}

export function nothingChanged(transaction: number): Changed {
  return {
    transaction,
    tasks: [],
    dirtyTasks: [],
    groups: [],
    deletedTasks: [],
    deletedGroups: [],
    events: [],
    idempotency: [],
    expireBeforeMs: null,
    counters: false,
  }
}

/** A task that nobody has changed yet. */
export function keptTask(task: Task, written: Task | null, history: string): KeptTask {
  const state = { isDeleted: false, changedIn: 0, isDirty: false }
  return { task, written, history, writtenHistory: history, ...state }
}
