// The tasks of the working set. One that changes is in memory until that is on disk; then it stays as long as
// there is something to do about it and room for it. Until its row is written too, it is known which entries of
// the journal tell of it.
import { isFinal, stateOf, type Task } from '../../../machines/index.ts'
import type { Behind, TaskRead } from './behind.ts'
import {
  type Changed,
  comeBack,
  isPresent,
  type KeptTask,
  type Landed,
  leave,
  newTask,
  type PresentTask,
  readTask,
} from './changed.ts'
import { TASK, TASK_WIDTH, taskOf, type Values } from './rows.ts'
import type { Statements } from './statements.ts'
import { writtenUpTo } from './told.ts'

/** Tasks that wait and stay in memory by default. */
export const TASKS_IN_MEMORY = 98_304
/**
 * Tasks that have ended and stay until their rows are written, besides those of the oldest transaction that ended
 * some of them: who waits for their end asks for them now.
 */
const ENDED_MIN = 1_024

/** Exported for the test that looks at their query plans. */
export const TASK_LOADS = {
  task: `SELECT ${TASK}, history FROM tasks WHERE task_id = ?`,
  tasks: `SELECT ${TASK}, history FROM tasks WHERE task_id IN (SELECT value FROM json_each(?))`,
  lastTaskSeq: 'SELECT max(seq) AS seq FROM tasks',
}

export class Tasks {
  readonly #statements: Statements
  readonly #behind: Behind
  readonly #waitingMax: number
  readonly #endedMin: number
  readonly #tasks = new Map<string, KeptTask>()
  /** How many of them have left memory. */
  #leftCount = 0
  /** Tasks that were deleted while their rows may still be there. */
  readonly #deleted = new Map<string, PresentTask>()
  /** Those that were read by the transaction under way. */
  #visitors: string[] = []
  #lastSeq: number
  /** The one that was asked for or put last. */
  #latest: PresentTask | null = null
  /** Transactions on disk of which not all rows of tasks are written. */
  readonly #landed: Landed[] = []
  /** In how many of these, the first ones, what ended has left. */
  #emptied = 0
  /** How many tasks ended in the others. */
  #endedSince = 0

  /**
   * @param behind Reads what has left.
   * @param waitingMax How many stay in memory while they wait.
   */
  constructor(statements: Statements, behind: Behind, waitingMax: number) {
    this.#statements = statements
    this.#behind = behind
    this.#waitingMax = waitingMax
    this.#endedMin = Math.min(waitingMax, ENDED_MIN)
    const last = statements.of(TASK_LOADS.lastTaskSeq).get()
    this.#lastSeq = (last?.seq as number | null) ?? 0
  }

  /** Transactions that have landed while their rows are not all written, oldest first. */
  get landedOnes(): readonly Landed[] {
    return this.#landed
  }

  /** One that is known, also when it has left memory or was deleted. */
  known(taskId: string): KeptTask | undefined {
    return this.#tasks.get(taskId) ?? this.#deleted.get(taskId)
  }

  isDeleted(taskId: string): boolean {
    return this.#deleted.has(taskId)
  }

  /** A task in memory, read when it is not there. @param read Its row, if that was read already. */
  get(taskId: string, read?: Values): PresentTask | undefined {
    // Most changes are of the task that the last one was of.
    if (this.#latest !== null && this.#latest.taskId === taskId) return this.#latest
    const known = this.#tasks.get(taskId)
    if (known !== undefined) {
      if (!isPresent(known)) this.#bringBack([known])
      this.#latest = known as PresentTask
      return this.#latest
    }
    if (this.#deleted.has(taskId)) return undefined
    const statement = this.#statements.ofLists(TASK_LOADS.task)
    const row = read ?? (statement.get(taskId) as unknown as Values | undefined)
    if (row === undefined) return undefined
    const kept = readTask({ task: taskOf(row), history: row[TASK_WIDTH] as string })
    this.#tasks.set(taskId, kept)
    this.#latest = kept
    this.#visitors.push(taskId)
    return kept
  }

  /** Those of some tasks that are there, in that order. Read together, rows take half the time. */
  all(taskIds: readonly string[]): Task[] {
    const found: Task[] = []
    const absent: string[] = []
    const left: KeptTask[] = []
    for (const taskId of taskIds) {
      const known = this.#tasks.get(taskId)
      if (known === undefined) {
        if (!this.#deleted.has(taskId)) absent.push(taskId)
      } else if (isPresent(known)) found.push(known.task)
      else left.push(known)
    }
    if (absent.length === 0 && left.length === 0) return found
    if (left.length > 0) this.#bringBack(left)
    if (absent.length > 0) {
      const rows = this.#statements.ofLists(TASK_LOADS.tasks).all(JSON.stringify(absent))
      for (const row of rows as unknown as Values[]) this.get(row[1] as string, row)
    }
    return taskIds.flatMap(taskId => this.#tasks.get(taskId)?.task ?? [])
  }

  /** How a task is that is about to be put; undefined: no transaction has put it. */
  before({ taskId, seq }: Task): PresentTask | undefined {
    return seq > this.#lastSeq ? undefined : this.get(taskId)
  }

  /** Puts a task. @param known What `before` gave. */
  put(task: Task, known: PresentTask | undefined, changed: Changed): PresentTask {
    const { taskId, seq, value } = task
    const kept = known ?? newTask(task)
    if (known === undefined) {
      if (seq > this.#lastSeq) this.#lastSeq = seq
      else this.#deleted.delete(taskId)
      this.#tasks.set(taskId, kept)
      this.#latest = kept
    }
    this.note(kept, changed, known?.task ?? null)
    kept.task = task
    if (isFinal(value)) changed.ended.push(kept)
    return kept
  }

  /** Deletes a task, and gives how it was; undefined: it is not there. */
  delete(taskId: string, changed: Changed): Task | undefined {
    const kept = this.get(taskId)
    if (kept === undefined) return undefined
    kept.isDeleted = true
    kept.changedIn = changed.transaction
    this.#tasks.delete(taskId)
    this.#deleted.set(taskId, kept)
    this.#latest = null
    changed.deletedTasks.push(kept)
    return kept.task
  }

  /** Takes note that a transaction changes a task. @param found How it was before; null: it is put. */
  note(kept: PresentTask, changed: Changed, found: Task | null): void {
    if (!kept.isDirty) {
      kept.isDirty = true
      changed.dirtyTasks.push(kept)
    }
    if (kept.changedIn === changed.transaction) return
    kept.changedIn = changed.transaction
    changed.tasks.push(kept)
    changed.found.push(found)
  }

  /** Ends the transaction under way: what it only looked at is let go. */
  end(): void {
    this.#latest = null
    for (const taskId of this.#visitors)
      if (this.#tasks.get(taskId)?.changedIn === 0) this.#tasks.delete(taskId)
    this.#visitors = []
  }

  /** Takes note that a transaction is on disk. */
  landed({ transaction, lastEntry, tasks, ended, deletedTasks }: Changed): void {
    if (tasks.length + deletedTasks.length === 0) return
    this.#landed.push({ transaction, lastEntry, tasks, ended, deletedTasks })
    this.#endedSince += ended.length
    // The latest first: those that came first are the next to have their turn.
    for (let nth = tasks.length - 1; nth >= 0 && this.#isFull; nth -= 1) {
      const { task } = tasks[nth] as KeptTask
      if (task !== null && !isFinal(task.value)) this.#leave(tasks[nth] as KeptTask, transaction)
    }
    for (;;) {
      const oldest = this.#landed[this.#emptied]
      if (oldest === undefined || this.#endedSince - oldest.ended.length < this.#endedMin) return
      for (const kept of oldest.ended) this.#leave(kept, oldest.transaction)
      this.#endedSince -= oldest.ended.length
      this.#emptied += 1
    }
  }

  /**
   * Takes note that for a transaction on disk, and all before it, each row is written: lets tasks go whose rows
   * tell the same.
   *
   * @param onWritten Told of each row that tells all of its task.
   */
  applied(
    transaction: number,
    onWritten: (task: { seq: number; value: Task['value'] }) => void,
  ): void {
    for (;;) {
      const [landed] = this.#landed
      if (landed === undefined || landed.transaction > transaction) return
      this.#landed.shift()
      if (this.#emptied > 0) this.#emptied -= 1
      else this.#endedSince -= landed.ended.length
      this.#letGo(landed, onWritten)
    }
  }

  /** As they are on disk. */
  read(tasks: readonly KeptTask[]): Task[] {
    return this.#behind.read(tasks).map(({ task }) => task)
  }

  get #isFull(): boolean {
    return this.#tasks.size - this.#leftCount > this.#waitingMax
  }

  #bringBack(left: readonly KeptTask[]): void {
    const read = this.#behind.read(left)
    left.forEach((kept, nth) => {
      if (isPresent(kept)) return
      comeBack(kept, read[nth] as TaskRead)
      this.#leftCount -= 1
    })
  }

  /** Lets a task leave memory, unless it runs or has been changed since a transaction. */
  #leave(kept: KeptTask, transaction: number): void {
    if (kept.changedIn !== transaction || kept.isDeleted || !isPresent(kept)) return
    if (stateOf(kept.task.value) === 'running') return
    this.#latest = null
    leave(kept)
    this.#leftCount += 1
  }

  #letGo(
    { transaction, lastEntry, tasks, deletedTasks }: Landed,
    onWritten: (task: { seq: number; value: Task['value'] }) => void,
  ): void {
    this.#latest = null
    // The latest first, once more.
    for (let nth = tasks.length - 1; nth >= 0; nth -= 1) {
      const kept = tasks[nth] as KeptTask
      const { taskId, seq, task, changedIn, isDeleted } = kept
      if (changedIn !== transaction || isDeleted) {
        writtenUpTo(kept, lastEntry)
        continue
      }
      const value = task?.value ?? (kept.leftAs as Task['value'])
      onWritten({ seq, value })
      if (task === null) this.#leftCount -= 1
      else if (!isFinal(value) && (!this.#isFull || stateOf(value) === 'running')) {
        writtenUpTo(kept, lastEntry)
        continue
      }
      this.#tasks.delete(taskId)
    }
    for (const kept of deletedTasks)
      if (this.#deleted.get(kept.taskId) === kept) this.#deleted.delete(kept.taskId)
  }
}
