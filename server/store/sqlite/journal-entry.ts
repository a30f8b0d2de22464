// Tasks that changed → an entry of the journal: one flat list of JSON, with each task's seq, the parts of its
// row that differ from how it was entered last, and their values.
import { isFinal, stateOf, type Task } from '../../../machines/index.ts'
import { PART } from './row-parts.ts'

/** A list that `JSON.stringify` takes as it is. */
export type Entry = unknown[]

/** What an entry tells of. */
export interface EntrySize {
  /** Tasks that changed. */
  changes: number
  /** Those of them that had no row. */
  rows: number
}

export interface EntryText extends EntrySize {
  text: string
}

type Changing = Omit<Task, 'taskId' | 'seq' | 'groupId' | 'parentId' | 'call' | 'args' | 'tags'>

/** What a row has by itself; whatever has no such default differs from it. */
const BY_DEFAULT = {
  value: undefined,
  place: undefined,
  response: undefined,
  blockers: undefined,
  unplaced: undefined,
  rev: undefined,
  reasons: [],
  wakeAtMs: null,
  dependencyFailures: {},
  attempt: 1,
  interruptions: 0,
  failedAttempts: 0,
  stopCause: null,
  progress: {},
  result: null,
  location: null,
  failure: null,
  spawned: [],
  worker: null,
  startMs: null,
  finishMs: null,
} as unknown as Changing

/**
 * Enters what differs from how the row was entered last; all of it when it never was.
 *
 * @param history The chunks with its events, with commas between; null: as entered last.
 */
export function enterTask(
  entry: Entry,
  task: Task,
  entered: Task | null,
  history: string | null,
): void {
  const before: Changing = entered ?? BY_DEFAULT
  const at = entry.push(integer(task.seq), 0) - 1
  let parts = 0
  // In the order of the parts' bits; written out, since a table of them takes several times as long.
  if (task.value !== before.value) {
    parts |= PART.state
    entry.push(task.value, stateOf(task.value), isFinal(task.value) ? 0 : 1)
  }
  if (task.place !== before.place) {
    parts |= PART.place
    entry.push(integer(task.place))
  }
  if (task.response !== before.response) {
    parts |= PART.response
    entry.push(task.response)
  }
  if (task.blockers !== before.blockers) {
    parts |= PART.blockers
    entry.push(integer(task.blockers))
  }
  if (task.unplaced !== before.unplaced) {
    parts |= PART.unplaced
    entry.push(integer(task.unplaced))
  }
  if (task.rev !== before.rev) {
    parts |= PART.rev
    entry.push(integer(task.rev))
  }
  if (differ(task.reasons, before.reasons)) {
    parts |= PART.reasons
    entry.push(task.reasons)
  }
  if (task.wakeAtMs !== before.wakeAtMs) {
    parts |= PART.wake
    entry.push(integer(task.wakeAtMs))
  }
  if (differ(task.dependencyFailures, before.dependencyFailures)) {
    parts |= PART.dependencyFailures
    entry.push(task.dependencyFailures)
  }
  if (task.attempt !== before.attempt) {
    parts |= PART.attempt
    entry.push(integer(task.attempt))
  }
  if (task.interruptions !== before.interruptions) {
    parts |= PART.interruptions
    entry.push(integer(task.interruptions))
  }
  if (task.failedAttempts !== before.failedAttempts) {
    parts |= PART.failedAttempts
    entry.push(integer(task.failedAttempts))
  }
  if (task.stopCause !== before.stopCause) {
    parts |= PART.stopCause
    entry.push(task.stopCause)
  }
  if (differ(task.progress, before.progress)) {
    parts |= PART.progress
    entry.push(task.progress)
  }
  if (task.result !== before.result) {
    parts |= PART.result
    entry.push(task.result)
  }
  if (task.location !== before.location) {
    parts |= PART.location
    entry.push(task.location)
  }
  const { failure } = task
  if (failure !== before.failure) {
    parts |= PART.failure
    if (failure === null) entry.push(null, null, null, null)
    else {
      const { error, exception, traceback, status } = failure
      entry.push(JSON.stringify(error), exception, traceback, integer(status))
    }
  }
  if (differ(task.spawned, before.spawned)) {
    parts |= PART.spawned
    entry.push(task.spawned.map(taskId => ({ task_id: taskId })))
  }
  if (task.worker !== before.worker) {
    parts |= PART.worker
    entry.push(task.worker)
  }
  if (task.startMs !== before.startMs) {
    parts |= PART.start
    entry.push(integer(task.startMs))
  }
  if (task.finishMs !== before.finishMs) {
    parts |= PART.finish
    entry.push(integer(task.finishMs))
  }
  if (history !== null) {
    parts |= PART.history
    entry.push(history)
  }
  if (entered === null) {
    parts |= PART.submitted
    enterSubmitted(entry, task)
  }
  entry[at] = parts
}

/** Enters that a row goes. */
export function enterRemoval(entry: Entry, { seq, tags }: Task): void {
  entry.push(seq, PART.removed, tags)
}

function enterSubmitted(entry: Entry, task: Task): void {
  const { dependencies } = task
  entry.push(
    task.taskId,
    task.groupId,
    task.parentId,
    task.call,
    task.args,
    task.tags,
    task.resources,
    dependencies.length === 0
      ? dependencies
      : dependencies.map(({ taskId, states }) => ({ task_id: taskId, states })),
    finite(task.priority),
    task.cancellable ? 1 : 0,
    task.principal,
    integer(task.submitMs),
  )
}

/** Refuses what the table's column would: an entry is told of only when it has been committed. */
function integer(value: number | null): number | null {
  if (value === null || Number.isSafeInteger(value)) return value
  throw new TypeError(`a task has ${value} where an integer belongs`)
}

function finite(value: number): number {
  if (Number.isFinite(value)) return value
  throw new TypeError(`a task has the priority ${value}`)
}

/** Whether two lists or objects are not the same, nor both empty. */
function differ(a: object, b: object): boolean {
  return a !== b && !(isEmpty(a) && isEmpty(b))
}

function isEmpty(value: object): boolean {
  for (const _ in value) return false
  return true
}
