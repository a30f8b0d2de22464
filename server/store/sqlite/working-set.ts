// What the transactions under way work on: tasks and groups as the last of them has left them, in memory
// until their rows are written and, as far as there is room, while there is something to do about them; any
// other is read from its row when it is asked for. After a failed commit it is made anew.
import type { DatabaseSync } from 'node:sqlite'
import type {
  Change,
  Granted,
  Group,
  HistoryEvent,
  IdempotencyRecord,
  Need,
  ResourceUse,
  Slice,
  Task,
} from '../../../machines/index.ts'
import { isFinal, isGranted, stateOf, submissionEvent } from '../../../machines/index.ts'
import { Live } from '../live/live.ts'
import { loadSlice, type Source } from '../live/slice.ts'
import {
  type Changed,
  type KeptTask,
  type Landed,
  newTask,
  nothingChanged,
  readTask,
} from './changed.ts'
import { Groups } from './groups.ts'
import { Keys } from './keys.ts'
import { Purgeable } from './purgeable.ts'
import { restore } from './restore.ts'
import { type Row, TASK, TASK_WIDTH, taskOf, type Values } from './rows.ts'
import { Statements } from './statements.ts'

/** Waiting tasks that stay in memory beside their rows; more are read again when their turn comes. */
const TASKS_KEPT_MAX = 98_304

/** Exported for the test that looks at their query plans. */
export const LOADS = {
  task: `SELECT ${TASK}, history FROM tasks WHERE task_id = ?`,
  tasks: `SELECT ${TASK}, history FROM tasks WHERE task_id IN (SELECT value FROM json_each(?))`,
  counters: 'SELECT seq, place, rev FROM counters',
  lastTaskSeq: 'SELECT max(seq) AS seq FROM tasks',
}

export class WorkingSet implements Source {
  readonly live = new Live()
  counters: Slice['counters']
  readonly #statements: Statements
  readonly #tasks = new Map<string, KeptTask>()
  readonly #groups: Groups
  /** Tasks that were deleted while their rows may still be there. */
  readonly #deletedTasks = new Map<string, KeptTask>()
  readonly #purgeable: Purgeable
  readonly #keys: Keys
  /** Tasks that were read by the transaction under way. */
  #visitors: string[] = []
  #lastTaskSeq: number
  /** The task that was asked for or put last. */
  #latest: KeptTask | null = null
  readonly #underWay: Changed[] = []
  /** Transactions on disk of which not all rows of tasks are written. */
  readonly #landed: Landed[] = []

  /** @param reader Sees what is committed, and that alone. */
  constructor(reader: DatabaseSync) {
    this.#statements = new Statements(reader)
    this.#groups = new Groups(this.#statements)
    this.#keys = new Keys(this.#statements)
    this.#purgeable = new Purgeable(this.#statements)
    this.counters = { ...this.#row(LOADS.counters) } as unknown as Slice['counters']
    this.#lastTaskSeq = (this.#row(LOADS.lastTaskSeq)?.seq as number | null) ?? 0
    restore(this.live, reader)
  }

  /** Begins a transaction; its number must be higher than those before. */
  begin(transaction: number): Changed {
    const changed = nothingChanged(transaction)
    this.#underWay.push(changed)
    return changed
  }

  /** Ends the transaction under way: what it only looked at is let go. */
  end(): void {
    this.#latest = null
    for (const taskId of this.#visitors)
      if (this.#tasks.get(taskId)?.changedIn === 0) this.#tasks.delete(taskId)
    this.#visitors = []
    this.#groups.end()
  }

  /** Takes note that a transaction, and all before it, are on disk. */
  landed(transaction: number): void {
    for (;;) {
      const [changed] = this.#underWay
      if (changed === undefined || changed.transaction > transaction) return
      this.#underWay.shift()
      this.#groups.landed(changed)
      this.#keys.landed(changed)
      const { tasks, deletedTasks } = changed
      if (tasks.length + deletedTasks.length > 0)
        this.#landed.push({ transaction: changed.transaction, tasks, deletedTasks })
    }
  }

  /** Takes note that for a transaction on disk, and all before it, each row is written. */
  applied(transaction: number): void {
    for (;;) {
      const [changed] = this.#landed
      if (changed === undefined || changed.transaction > transaction) return
      this.#landed.shift()
      this.#letGo(changed)
    }
  }

  /** Takes note that a transaction has ended and changed nothing; those before it may still be on their way. */
  forget(changed: Changed): void {
    const at = this.#underWay.indexOf(changed)
    if (at >= 0) this.#underWay.splice(at, 1)
  }

  /** Whether the rows of tasks tell all that is known of them. */
  get isWritten(): boolean {
    return this.#underWay.length === 0 && this.#landed.length === 0
  }

  load(need: Need, nowMs: number): Slice {
    return loadSlice(need, nowMs, this)
  }

  task(taskId: string): Task | undefined {
    return this.#kept(taskId)?.task
  }

  /** Those of some tasks that are there, in that order. Read together, rows take half the time. */
  tasks(taskIds: readonly string[]): Task[] {
    const found: Task[] = []
    const absent: string[] = []
    for (const taskId of taskIds) {
      const known = this.#tasks.get(taskId)
      if (known !== undefined) found.push(known.task)
      else if (!this.#deletedTasks.has(taskId)) absent.push(taskId)
    }
    if (absent.length === 0) return found
    const rows = this.#statements.ofLists(LOADS.tasks).all(JSON.stringify(absent))
    for (const row of rows as unknown as Values[]) this.#kept(row[1] as string, row)
    return taskIds.flatMap(taskId => this.#tasks.get(taskId)?.task ?? [])
  }

  /** A task as it is on disk, null when it is not there; undefined when only its row can tell. */
  landedTask(taskId: string): Task | null | undefined {
    const kept = this.#tasks.get(taskId) ?? this.#deletedTasks.get(taskId)
    if (kept === undefined) return undefined
    if (this.#hasLanded(kept.changedIn)) return kept.isDeleted ? null : kept.task
    // A change is on its way: it is on disk as the first of those that are has found it. It is seldom read
    // meanwhile, so nothing is kept to find it faster.
    for (const { tasks, found } of this.#underWay) {
      const at = tasks.indexOf(kept)
      if (at >= 0) return found[at] ?? undefined
    }
    // It is deleted, and was left alone before.
    return kept.task
  }

  /** A group as it is on disk; undefined when only its row can tell. */
  landedGroup(groupId: string): Group | undefined {
    const kept = this.#groups.inMemory(groupId)
    return kept !== undefined && this.#hasLanded(kept.changedIn) ? kept.group : undefined
  }

  /**
   * Seqs of the tasks on disk that may be unfinished and have all these tags, so many after one at most, lowest first:
   * also of those whose end is on its way.
   */
  tagged(tags: readonly string[], after: number, limit: number): number[] {
    const seqs = new Set(this.live.tags.rarest(tags, after, limit))
    for (const { tasks } of this.#underWay) {
      for (const { task } of tasks) {
        const mayHave = task.seq > after && isFinal(task.value) && task.tags.includes(tags[0] ?? '')
        if (mayHave) seqs.add(task.seq)
      }
    }
    for (const { deletedTasks } of this.#underWay)
      for (const { task } of deletedTasks) if (task.seq > after) seqs.add(task.seq)
    return [...seqs].sort((a, b) => a - b).slice(0, limit)
  }

  group(groupId: string): Group | undefined {
    return this.#groups.get(groupId)?.group
  }

  purgeable({ states, limit }: NonNullable<Need['purgeable']>): Task[] {
    const found = new Map<string, Task>()
    const deleted = this.#deletedTasks
    const isThere = (taskId: string, row: Values) =>
      deleted.has(taskId) ? undefined : this.#kept(taskId, row)?.task
    for (const state of new Set(states))
      for (const task of this.#purgeable.rows(state, limit, isThere)) found.set(task.taskId, task)
    for (const { tasks } of [...this.#landed, ...this.#underWay]) {
      for (const { task } of tasks) {
        const isLast = this.#tasks.get(task.taskId)?.task === task
        if (isLast && (states as string[]).includes(task.value)) found.set(task.taskId, task)
      }
    }
    return [...found.values()].sort((a, b) => a.seq - b.seq).slice(0, limit)
  }

  idempotency(key: string): IdempotencyRecord | null {
    return this.#keys.get(key)
  }

  apply(change: Change, changed: Changed): void {
    switch (change.type) {
      case 'counters.set':
        this.counters = { seq: change.seq, place: change.place, rev: change.rev }
        changed.counters = true
        return
      case 'task.add':
        this.#addTask(change.task, change.granted, changed)
        return
      case 'task.step':
        this.#stepTask(change.task, change.event, changed)
        return
      case 'task.put':
        this.#putTask(change.task, changed)
        return
      case 'task.delete':
        this.#deleteTask(change.taskId, changed)
        return
      case 'group.put':
        this.#groups.put(change.group, changed)
        return
      case 'group.delete':
        this.#groups.delete(change.groupId, changed)
        forgetEvents(changed, event => event.groupId === change.groupId)
        return
      case 'reservation.put': {
        const { reservation } = change
        const sharing = this.task(reservation.taskId)?.resources.length !== 1
        this.live.queues.put(reservation, { ...reservation, sharing })
        return
      }
      case 'reservation.delete':
        this.live.queues.delete(change.resource, change.place)
        return
      case 'edge.put': {
        const { dependencyId, dependantId, states } = change
        this.live.edges.put(dependencyId, this.#seqOf(dependantId), { dependantId, states })
        return
      }
      case 'edge.delete':
        this.live.edges.delete(change.dependencyId, this.#seqOf(change.dependantId))
        return
      case 'event.append': {
        const { taskId } = change.event
        changed.events.push(change.event)
        changed.eventTasks.push(taskId === null ? null : (this.#kept(taskId) ?? null))
        return
      }
      case 'idempotency.put':
        this.#keys.put(change.record, changed)
        return
      case 'idempotency.expire':
        this.#keys.expire(change.beforeMs, changed)
        return
    }
  }

  /** Names a chunk that holds an event of a task. */
  nameChunk(kept: KeptTask, name: string, changed: Changed): void {
    if (kept.isDeleted) return
    this.#note(kept, changed, kept.task)
    const { history } = kept
    if (history === '') kept.history = name
    else if (history !== name && !history.endsWith(`,${name}`)) kept.history = `${history},${name}`
  }

  #addTask(task: Task, granted: Granted, changed: Changed): void {
    const kept = this.#putTask(task, changed)
    const { taskId, place, resources } = task
    if (place !== null) {
      const sharing = resources.length !== 1
      for (let nth = 0; nth < resources.length; nth += 1) {
        const use = resources[nth] as ResourceUse
        this.live.queues.put(use, { place, taskId, granted: isGranted(granted, nth), sharing })
      }
    }
    changed.events.push(submissionEvent(task))
    changed.eventTasks.push(kept)
  }

  #stepTask(task: Task, event: HistoryEvent, changed: Changed): void {
    const kept = this.#putTask(task, changed)
    const { value, place, resources } = task
    if (place !== null && isFinal(value))
      for (const use of resources) this.live.queues.delete(use, place)
    changed.events.push(event)
    changed.eventTasks.push(kept)
  }

  #putTask(task: Task, changed: Changed): KeptTask {
    const { taskId } = task
    const isNew = task.seq > this.#lastTaskSeq
    const known = isNew ? undefined : this.#kept(taskId)
    this.live.changed(known?.task, task)
    if (known !== undefined) {
      this.#note(known, changed, known.task)
      known.task = task
      return known
    }
    this.#lastTaskSeq = Math.max(this.#lastTaskSeq, task.seq)
    const kept = newTask(task)
    this.#tasks.set(taskId, kept)
    this.#latest = kept
    if (!isNew) this.#deletedTasks.delete(taskId)
    this.#note(kept, changed, null)
    return kept
  }

  #deleteTask(taskId: string, changed: Changed): void {
    const kept = this.#kept(taskId)
    if (kept === undefined) return
    const { task } = kept
    kept.isDeleted = true
    this.#tasks.delete(taskId)
    this.live.changed(task, undefined)
    for (const { taskId: dependencyId } of task.dependencies)
      this.live.edges.delete(dependencyId, task.seq)
    this.#deletedTasks.set(taskId, kept)
    kept.changedIn = changed.transaction
    this.#latest = null
    changed.deletedTasks.push(kept)
    forgetEvents(changed, event => event.taskId === taskId)
  }

  /** A task in memory, read from its row when it is not there. */
  #kept(taskId: string, read?: Values): KeptTask | undefined {
    // Most changes are of the task that the last one was of.
    if (this.#latest !== null && this.#latest.task.taskId === taskId) return this.#latest
    const known = this.#tasks.get(taskId)
    if (known !== undefined) {
      this.#latest = known
      return known
    }
    if (this.#deletedTasks.has(taskId)) return undefined
    const statement = this.#statements.ofLists(LOADS.task)
    const row = read ?? (statement.get(taskId) as unknown as Values | undefined)
    if (row === undefined) return undefined
    const task = taskOf(row)
    const kept = readTask(task, row[TASK_WIDTH] as string)
    this.#tasks.set(taskId, kept)
    this.#latest = kept
    this.#visitors.push(taskId)
    return kept
  }

  /** @param found How the task was before; null: it is put. */
  #note(kept: KeptTask, changed: Changed, found: Task | null): void {
    if (!kept.isDirty) {
      kept.isDirty = true
      changed.dirtyTasks.push(kept)
    }
    if (kept.changedIn === changed.transaction) return
    kept.changedIn = changed.transaction
    changed.tasks.push(kept)
    changed.found.push(found)
  }

  /** Lets tasks go whose rows tell the same. */
  #letGo({ transaction, tasks, deletedTasks }: Landed): void {
    this.#latest = null
    // The latest first: those that came first are the next to have their turn.
    for (let nth = tasks.length - 1; nth >= 0; nth -= 1) {
      const { task, changedIn, isDeleted } = tasks[nth] as KeptTask
      if (changedIn !== transaction || isDeleted) continue
      this.#purgeable.written(task)
      const mayLeave = isFinal(task.value) || this.#tasks.size > TASKS_KEPT_MAX
      if (mayLeave && stateOf(task.value) !== 'running') this.#tasks.delete(task.taskId)
    }
    for (const kept of deletedTasks) {
      const { taskId } = kept.task
      if (this.#deletedTasks.get(taskId) === kept) this.#deletedTasks.delete(taskId)
    }
  }

  #hasLanded(transaction: number): boolean {
    const [oldest] = this.#underWay
    return oldest === undefined || transaction < oldest.transaction
  }

  #seqOf(taskId: string): number {
    const task = this.task(taskId)
    if (task === undefined) throw new Error(`an edge names the task ${taskId}, which was never put`)
    return task.seq
  }

  #row(sql: string, ...values: string[]): Row | undefined {
    return this.#statements.of(sql).get(...values)
  }
}

/** Takes events out of what a transaction adds to the history. */
function forgetEvents(changed: Changed, isMeant: (event: HistoryEvent) => boolean): void {
  const { events, eventTasks } = changed
  if (events.length === 0) return
  changed.eventTasks = eventTasks.filter((_, nth) => !isMeant(events[nth] as HistoryEvent))
  changed.events = events.filter(event => !isMeant(event))
}
