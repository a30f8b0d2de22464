// What the transactions under way work on: tasks and groups as the last of them has left them, in memory until
// that is on disk and, as far as there is room, while there is something to do about them; any other is read
// when it is asked for. After a failed commit it is made anew.
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
import { isFinal, isGranted, submissionEvent } from '../../../machines/index.ts'
import { Live } from '../live/live.ts'
import { loadSlice, type Source } from '../live/slice.ts'
import { Behind } from './behind.ts'
import { type Changed, type KeptTask, nothingChanged, type PresentTask } from './changed.ts'
import { Groups } from './groups.ts'
import { Keys } from './keys.ts'
import { Purgeable } from './purgeable.ts'
import { restore } from './restore.ts'
import type { Values } from './rows.ts'
import { Statements } from './statements.ts'
import { TASKS_IN_MEMORY, Tasks } from './tasks.ts'

/** Exported for the test that looks at their query plans. */
export const LOADS = {
  counters: 'SELECT seq, place, rev FROM counters',
}

export class WorkingSet implements Source {
  readonly live = new Live()
  counters: Slice['counters']
  /** Number of the last entry of the journal. */
  #lastEntry = 0
  readonly #tasks: Tasks
  readonly #groups: Groups
  readonly #purgeable: Purgeable
  readonly #keys: Keys
  readonly #underWay: Changed[] = []

  /**
   * @param reader Sees what is committed, and that alone; the journal that it sees is empty.
   * @param tasksInMemory How many tasks stay there while they wait.
   */
  constructor(reader: DatabaseSync, tasksInMemory = TASKS_IN_MEMORY) {
    const statements = new Statements(reader)
    this.#tasks = new Tasks(statements, new Behind(reader), tasksInMemory)
    this.#groups = new Groups(statements)
    this.#keys = new Keys(statements)
    this.#purgeable = new Purgeable(statements)
    this.counters = { ...statements.of(LOADS.counters).get() } as unknown as Slice['counters']
    restore(this.live, reader)
  }

  /** A number for the next entry of the journal. */
  nextEntry(): number {
    this.#lastEntry += 1
    return this.#lastEntry
  }

  /** Begins a transaction; its number must be higher than those before. */
  begin(transaction: number): Changed {
    const changed = nothingChanged(transaction)
    this.#underWay.push(changed)
    return changed
  }

  /** Ends the transaction under way: what it only looked at is let go. */
  end(): void {
    this.#tasks.end()
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
      this.#tasks.landed(changed)
    }
  }

  /** Takes note that for a transaction on disk, and all before it, each row is written. */
  applied(transaction: number): void {
    this.#tasks.applied(transaction, task => this.#purgeable.written(task))
  }

  /** Takes note that a transaction has ended and changed nothing; those before it may still be on their way. */
  forget(changed: Changed): void {
    const at = this.#underWay.indexOf(changed)
    if (at >= 0) this.#underWay.splice(at, 1)
  }

  /** Whether the rows of tasks tell all that is known of them. */
  get isWritten(): boolean {
    return this.#underWay.length === 0 && this.#tasks.landedOnes.length === 0
  }

  load(need: Need, nowMs: number): Slice {
    return loadSlice(need, nowMs, this)
  }

  task(taskId: string): Task | undefined {
    return this.#tasks.get(taskId)?.task
  }

  tasks(taskIds: readonly string[]): Task[] {
    return this.#tasks.all(taskIds)
  }

  /** A task as it is on disk, null when it is not there; undefined when only its row can tell. */
  landedTask(taskId: string): Task | null | undefined {
    const kept = this.#tasks.known(taskId)
    if (kept === undefined) return undefined
    if (this.#hasLanded(kept.changedIn))
      return kept.isDeleted ? null : (kept.task ?? this.#tasks.read([kept])[0])
    // A change is on its way: it is on disk as the first of those that are has found it. It is seldom read
    // meanwhile, so nothing is kept to find it faster.
    for (const { tasks, found } of this.#underWay) {
      const at = (tasks as readonly KeptTask[]).indexOf(kept)
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
    const found = new Map<string, number>()
    const isThere = (taskId: string, row: Values) =>
      this.#tasks.isDeleted(taskId) ? undefined : this.#tasks.get(taskId, row)?.task
    for (const state of new Set(states))
      for (const { taskId, seq } of this.#purgeable.rows(state, limit, isThere))
        found.set(taskId, seq)
    // Those whose rows do not tell yet how they ended.
    for (const { ended } of [...this.#tasks.landedOnes, ...this.#underWay]) {
      for (const kept of ended as readonly KeptTask[]) {
        const value = kept.task?.value ?? kept.leftAs
        if (!kept.isDeleted && (states as (string | null)[]).includes(value))
          found.set(kept.taskId, kept.seq)
      }
    }
    const first = [...found].sort(([, a], [, b]) => a - b).slice(0, limit)
    return this.#tasks.all(first.map(([taskId]) => taskId))
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
        const kept = taskId === null ? undefined : this.#tasks.get(taskId)
        // Its row will name the chunk: until then it stays in memory.
        if (kept !== undefined) this.#tasks.note(kept, changed, kept.task)
        changed.events.push(change.event)
        changed.eventTasks.push(kept ?? null)
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
  nameChunk(kept: PresentTask, name: string, changed: Changed): void {
    if (kept.isDeleted) return
    this.#tasks.note(kept, changed, kept.task)
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

  #putTask(task: Task, changed: Changed): PresentTask {
    const known = this.#tasks.before(task)
    this.live.changed(known?.task, task)
    return this.#tasks.put(task, known, changed)
  }

  #deleteTask(taskId: string, changed: Changed): void {
    const task = this.#tasks.delete(taskId, changed)
    if (task === undefined) return
    this.live.changed(task, undefined)
    for (const { taskId: dependencyId } of task.dependencies)
      this.live.edges.delete(dependencyId, task.seq)
    forgetEvents(changed, event => event.taskId === taskId)
  }

  #hasLanded(transaction: number): boolean {
    const [oldest] = this.#underWay
    return oldest === undefined || transaction < oldest.transaction
  }

  #seqOf(taskId: string): number {
    const known = this.#tasks.isDeleted(taskId) ? undefined : this.#tasks.known(taskId)
    const seq = known?.seq ?? this.task(taskId)?.seq
    if (seq === undefined) throw new Error(`an edge names the task ${taskId}, which was never put`)
    return seq
  }
}

/** Takes events out of what a transaction adds to the history. */
function forgetEvents(changed: Changed, isMeant: (event: HistoryEvent) => boolean): void {
  const { events, eventTasks } = changed
  if (events.length === 0) return
  changed.eventTasks = eventTasks.filter((_, nth) => !isMeant(events[nth] as HistoryEvent))
  changed.events = events.filter(event => !isMeant(event))
}
