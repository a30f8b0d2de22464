// Tasks and groups as the working set keeps them, and what one transaction changed of them.
import type { Group, HistoryEvent, IdempotencyRecord, Task } from '../../../machines/index.ts'
import type { TaskRead } from './behind.ts'
import type { Told } from './told.ts'

/** A task in memory, or what is left of it there until its row tells all of it. */
export interface KeptTask extends Told {
  readonly taskId: string
  /** Null: it has left memory, and the journal and its row tell of it. */
  task: Task | null
  /** Its state when it left. */
  leftAs: Task['value'] | null
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

/** One that is in memory: as long as a transaction changes it, and until that has landed. */
export interface PresentTask extends KeptTask {
  task: Task
}

export interface KeptGroup {
  group: Group
  isWritten: boolean
  changedIn: number
}

/** What one transaction changed, until it has landed. */
export interface Changed {
  readonly transaction: number
  tasks: PresentTask[]
  /** Those as the transaction has found them; null: it put them. */
  found: (Task | null)[]
  /** Those of them that have ended. */
  ended: PresentTask[]
  /** Those that changed since they were last handed to the writer. */
  dirtyTasks: PresentTask[]
  /** Where the first of those stands that is to be handed over next. */
  dirtyFrom: number
  /** The last entry of the journal that tells of some. */
  lastEntry: number
  groups: KeptGroup[]
  deletedTasks: PresentTask[]
  deletedGroups: string[]
  events: HistoryEvent[]
  /** The task of each; null: it is a group's. */
  eventTasks: (PresentTask | null)[]
  idempotency: IdempotencyRecord[]
  expireBeforeMs: number | null
  counters: boolean
}

/** What is known of a transaction that has landed until the rows of its tasks are written. */
export interface Landed extends Pick<Changed, 'transaction' | 'lastEntry' | 'deletedTasks'> {
  tasks: readonly KeptTask[]
  ended: readonly KeptTask[]
}

export function nothingChanged(transaction: number): Changed {
  return {
    transaction,
    tasks: [],
    found: [],
    ended: [],
    dirtyTasks: [],
    dirtyFrom: 0,
    lastEntry: 0,
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
export function readTask({ task, history }: TaskRead): PresentTask {
  return { ...newTask(task), entered: task, history, enteredHistory: history }
}

/** A task that was put and is not on disk. */
export function newTask(task: Task): PresentTask {
  return {
    taskId: task.taskId,
    seq: task.seq,
    firstEntry: 0,
    secondEntry: 0,
    thirdEntry: 0,
    moreEntries: null,
    task,
    leftAs: null,
    entered: null,
    history: '',
    enteredHistory: '',
    isDeleted: false,
    changedIn: 0,
    isDirty: false,
  }
}

/** Takes a task out of memory that was entered as it is. */
export function leave(kept: KeptTask): void {
  kept.leftAs = kept.task?.value ?? null
  kept.task = null
  kept.entered = null
  kept.history = ''
  kept.enteredHistory = ''
}

/** Brings one back that had left. */
export function comeBack(kept: KeptTask, { task, history }: TaskRead): void {
  kept.task = task
  kept.leftAs = null
  kept.entered = task
  kept.history = history
  kept.enteredHistory = history
}

export function isPresent(kept: KeptTask): kept is PresentTask {
  return kept.task !== null
}
