// Tasks that changed → an entry of the journal: one flat list of JSON, with each task's seq, the parts of its
// row that differ from how it was entered last, which of those are as in the task before it, and the values of
// the others. Of many tasks that are submitted, start or end together most is the same.
import { isFinal, stateOf, type Task } from '../../../machines/index.ts'
import { PART } from './row-parts.ts'
import { isSame } from './same.ts'

/** What an entry tells of. */
export interface EntrySize {
  /** Tasks that changed. */
  changes: number
  /** Those of them that had no row. */
  rows: number
}

export interface EntryText extends EntrySize {
  /** Higher than that of each one that is in the journal. */
  id: number
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

export class Entry {
  /** `JSON.stringify` takes it as it is. */
  readonly #list: unknown[] = []
  /** The task that was told of last, which parts of it were, and its history then. */
  #last: Task | null = null
  #lastParts = 0
  #lastHistory: string | null = null

  get isEmpty(): boolean {
    return this.#list.length === 0
  }

  get text(): string {
    return JSON.stringify(this.#list)
  }

  /**
   * Tells what differs from how the row was entered last; all of it when it never was.
   *
   * @param history The chunks with its events, with commas between; null: as entered last.
   */
  put(task: Task, entered: Task | null, history: string | null): void {
    const list = this.#list
    const before: Changing = entered ?? BY_DEFAULT
    // Without one there are no parts that it could have in common.
    const last = this.#last ?? task
    const common = this.#lastParts
    const at = list.push(integer(task.seq), 0, 0) - 2
    let parts = 0
    let repeated = 0
    // In the order of the parts' bits; written out, since a table of them takes several times as long.
    const { value } = task
    if (value !== before.value) {
      parts |= PART.state
      if ((common & PART.state) !== 0 && value === last.value) repeated |= PART.state
      else list.push(value, stateOf(value), isFinal(value) ? 0 : 1)
    }
    if (task.place !== before.place) {
      parts |= PART.place
      list.push(integer(task.place))
    }
    if (task.response !== before.response) {
      parts |= PART.response
      if ((common & PART.response) !== 0 && task.response === last.response)
        repeated |= PART.response
      else list.push(task.response)
    }
    if (task.blockers !== before.blockers) {
      parts |= PART.blockers
      if ((common & PART.blockers) !== 0 && task.blockers === last.blockers)
        repeated |= PART.blockers
      else list.push(integer(task.blockers))
    }
    if (task.unplaced !== before.unplaced) {
      parts |= PART.unplaced
      if ((common & PART.unplaced) !== 0 && task.unplaced === last.unplaced)
        repeated |= PART.unplaced
      else list.push(integer(task.unplaced))
    }
    if (task.rev !== before.rev) {
      parts |= PART.rev
      list.push(integer(task.rev))
    }
    if (differ(task.reasons, before.reasons)) {
      parts |= PART.reasons
      list.push(task.reasons)
    }
    if (task.wakeAtMs !== before.wakeAtMs) {
      parts |= PART.wake
      list.push(integer(task.wakeAtMs))
    }
    if (differ(task.dependencyFailures, before.dependencyFailures)) {
      parts |= PART.dependencyFailures
      list.push(task.dependencyFailures)
    }
    if (task.attempt !== before.attempt) {
      parts |= PART.attempt
      if ((common & PART.attempt) !== 0 && task.attempt === last.attempt) repeated |= PART.attempt
      else list.push(integer(task.attempt))
    }
    if (task.interruptions !== before.interruptions) {
      parts |= PART.interruptions
      list.push(integer(task.interruptions))
    }
    if (task.failedAttempts !== before.failedAttempts) {
      parts |= PART.failedAttempts
      list.push(integer(task.failedAttempts))
    }
    if (task.stopCause !== before.stopCause) {
      parts |= PART.stopCause
      list.push(task.stopCause)
    }
    if (differ(task.progress, before.progress)) {
      parts |= PART.progress
      list.push(task.progress)
    }
    const { result } = task
    if (result !== before.result) {
      parts |= PART.result
      if ((common & PART.result) !== 0 && isSame(result, last.result)) repeated |= PART.result
      else list.push(result)
    }
    if (task.location !== before.location) {
      parts |= PART.location
      list.push(task.location)
    }
    const { failure } = task
    if (failure !== before.failure) {
      parts |= PART.failure
      if (failure === null) list.push(null, null, null, null)
      else {
        const { error, exception, traceback, status } = failure
        list.push(JSON.stringify(error), exception, traceback, integer(status))
      }
    }
    if (differ(task.spawned, before.spawned)) {
      parts |= PART.spawned
      list.push(task.spawned.map(taskId => ({ task_id: taskId })))
    }
    if (task.worker !== before.worker) {
      parts |= PART.worker
      if ((common & PART.worker) !== 0 && task.worker === last.worker) repeated |= PART.worker
      else list.push(task.worker)
    }
    if (task.startMs !== before.startMs) {
      parts |= PART.start
      if ((common & PART.start) !== 0 && task.startMs === last.startMs) repeated |= PART.start
      else list.push(integer(task.startMs))
    }
    if (task.finishMs !== before.finishMs) {
      parts |= PART.finish
      if ((common & PART.finish) !== 0 && task.finishMs === last.finishMs) repeated |= PART.finish
      else list.push(integer(task.finishMs))
    }
    if (history !== null) {
      parts |= PART.history
      if (history === this.#lastHistory) repeated |= PART.history
      else list.push(history)
    }
    if (entered === null) {
      parts |= PART.origin | PART.submitted
      if ((common & PART.origin) !== 0 && haveOneOrigin(task, last)) repeated |= PART.origin
      else pushOrigin(list, task)
      list.push(task.taskId, task.args, task.tags, task.resources, dependenciesOf(task))
    }
    list[at] = parts
    list[at + 1] = repeated
    this.#last = task
    this.#lastParts = parts
    this.#lastHistory = history
  }

  /** Tells that a row goes. */
  remove({ seq, tags }: Task): void {
    this.#list.push(seq, PART.removed, 0, tags)
  }
}

function pushOrigin(list: unknown[], task: Task): void {
  const { groupId, parentId, call, priority, cancellable, principal, submitMs } = task
  list.push(groupId, parentId, call, finite(priority))
  list.push(cancellable ? 1 : 0, principal, integer(submitMs))
}

function haveOneOrigin(a: Task, b: Task): boolean {
  return (
    a.groupId === b.groupId &&
    a.parentId === b.parentId &&
    a.call === b.call &&
    a.priority === b.priority &&
    a.cancellable === b.cancellable &&
    a.principal === b.principal &&
    a.submitMs === b.submitMs
  )
}

function dependenciesOf({ dependencies }: Task): unknown[] {
  if (dependencies.length === 0) return dependencies
  return dependencies.map(({ taskId, states }) => ({ task_id: taskId, states }))
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
