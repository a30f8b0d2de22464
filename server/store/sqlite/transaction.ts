// A transaction under way on the writing connection. It remembers the tasks and groups that it met, so that
// each is read once; and it writes each once, however often it changed, before rows are looked for again.
import {
  type Change,
  type Group,
  isFinal,
  type Need,
  type Resource,
  type Slice,
  type Task,
} from '../../../machines/index.ts'
import type { Transaction } from '../store.ts'
import { guarded, type Statements } from './connection.ts'
import { loadSlice } from './load.ts'
import {
  changingGroupValues,
  changingTaskValues,
  eventValues,
  fixedGroupValues,
  fixedTaskValues,
  groupOf,
  INSERT_EVENT,
  INSERT_GROUP,
  INSERT_TASK,
  json,
  type Row,
  taskOf,
  UPDATE_GROUP,
  UPDATE_TASK,
} from './rows.ts'

/** Exported for the test that looks at their query plans. */
export const WRITES = {
  task: 'SELECT * FROM tasks WHERE task_id = ?',
  lastTaskSeq: 'SELECT max(seq) AS seq FROM tasks',
  deleteTask: 'DELETE FROM tasks WHERE task_id = ? RETURNING seq, tags, dependencies',
  deleteTaskEvents: 'DELETE FROM task_events WHERE task_id = ?',
  insertTag: 'INSERT INTO task_tags (unfinished, tag, seq) VALUES (?, ?, ?)',
  finishTag: 'UPDATE task_tags SET unfinished = 0 WHERE unfinished = 1 AND tag = ? AND seq = ?',
  deleteTag: 'DELETE FROM task_tags WHERE unfinished IN (0, 1) AND tag = ? AND seq = ?',
  group: 'SELECT * FROM task_groups WHERE group_id = ?',
  deleteGroup: 'DELETE FROM task_groups WHERE group_id = ?',
  deleteGroupEvents: 'DELETE FROM task_events WHERE group_id = ?',
  counters: 'SELECT seq, place, rev FROM counters',
  setCounters: 'UPDATE counters SET seq = ?, place = ?, rev = ?',
  putReservation: `INSERT INTO reservations (resource_type, resource_id, place, operation, task_id, granted, sharing)
    VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (resource_type, resource_id, place) DO UPDATE SET granted = excluded.granted`,
  deleteReservation:
    'DELETE FROM reservations WHERE resource_type = ? AND resource_id = ? AND place = ?',
  putEdge: `INSERT OR REPLACE INTO task_dependencies (dependency_id, dependant_seq, dependant_id, states)
    VALUES (?, ?, ?, ?)`,
  deleteEdge: 'DELETE FROM task_dependencies WHERE dependency_id = ? AND dependant_seq = ?',
  putIdempotency: `INSERT OR REPLACE INTO idempotency (key, fingerprint, submitted_ms, reply, answer)
    VALUES (?, ?, ?, ?, ?)`,
  expireIdempotency: 'DELETE FROM idempotency WHERE submitted_ms < ?',
}

export class SqliteTransaction implements Transaction {
  readonly #statements: Statements
  readonly #tasks = new Map<string, Task>()
  readonly #groups = new Map<string, Group>()
  readonly #unwrittenTasks = new Map<string, Task>()
  readonly #unwrittenGroups = new Map<string, Group>()
  #counters: Slice['counters'] | null = null
  #lastTaskSeq: number | null = null
  #failure: { error: unknown } | null = null
  #over = false

  constructor(statements: Statements) {
    this.#statements = statements
  }

  async load(need: Need, nowMs: number): Promise<Slice> {
    this.#assertUnderWay()
    return guarded('the store cannot be read', () => loadSlice(need, nowMs, this))
  }

  async apply(changes: readonly Change[]): Promise<void> {
    this.#assertUnderWay()
    this.#attempt(() => {
      for (const change of changes) this.#applyOne(change)
    })
  }

  /** Writes what is still unwritten. What failed before fails again, so that it cannot be committed. */
  finish(): void {
    if (this.#failure !== null) throw this.#failure.error
    this.#attempt(() => {
      this.writeTasks()
      for (const group of this.#unwrittenGroups.values()) this.#writeGroup(group)
      this.#unwrittenGroups.clear()
      if (this.#counters !== null) {
        const { seq, place, rev } = this.#counters
        this.sql(WRITES.setCounters).run(seq, place, rev)
      }
    })
    this.#over = true
  }

  end(): void {
    this.#over = true
  }

  sql(text: string) {
    return this.#statements.of(text)
  }

  counters(): Slice['counters'] {
    this.#counters ??= { ...this.sql(WRITES.counters).get() } as unknown as Slice['counters']
    return { ...this.#counters }
  }

  task(taskId: string): Task | undefined {
    const known = this.#tasks.get(taskId)
    if (known !== undefined) return known
    const row = this.sql(WRITES.task).get(taskId)
    return row === undefined ? undefined : this.taskOf(row)
  }

  /** The task of a row that was just read; tasks must have been written before rows are looked for. */
  taskOf(row: Row): Task {
    const taskId = row.task_id as string
    const known = this.#tasks.get(taskId)
    if (known !== undefined) return known
    const task = taskOf(row)
    this.#tasks.set(taskId, task)
    return task
  }

  group(groupId: string): Group | undefined {
    const known = this.#groups.get(groupId)
    if (known !== undefined) return known
    const row = this.sql(WRITES.group).get(groupId)
    if (row === undefined) return undefined
    const group = groupOf(row)
    this.#groups.set(groupId, group)
    return group
  }

  writeTasks(): void {
    for (const task of this.#unwrittenTasks.values()) this.#writeTask(task)
    this.#unwrittenTasks.clear()
  }

  #applyOne(change: Change): void {
    switch (change.type) {
      case 'counters.set':
        this.#counters = { seq: change.seq, place: change.place, rev: change.rev }
        return
      case 'task.put':
        this.#tasks.set(change.task.taskId, change.task)
        this.#unwrittenTasks.set(change.task.taskId, change.task)
        return
      case 'task.delete':
        this.#deleteTask(change.taskId)
        return
      case 'group.put':
        this.#groups.set(change.group.groupId, change.group)
        this.#unwrittenGroups.set(change.group.groupId, change.group)
        return
      case 'group.delete':
        this.#groups.delete(change.groupId)
        this.#unwrittenGroups.delete(change.groupId)
        this.sql(WRITES.deleteGroup).run(change.groupId)
        this.sql(WRITES.deleteGroupEvents).run(change.groupId)
        return
      case 'reservation.put': {
        const { resource_type, resource_id, place, operation, taskId, granted } = change.reservation
        const sharing = this.task(taskId)?.resources.length !== 1
        const values = [resource_type, resource_id, place, operation, taskId]
        this.sql(WRITES.putReservation).run(...values, Number(granted), Number(sharing))
        return
      }
      case 'reservation.delete': {
        const { resource_type, resource_id }: Resource = change.resource
        this.sql(WRITES.deleteReservation).run(resource_type, resource_id, change.place)
        return
      }
      case 'edge.put': {
        const { dependencyId, dependantId, states } = change
        const seq = this.#seqOf(dependantId)
        this.sql(WRITES.putEdge).run(dependencyId, seq, dependantId, JSON.stringify(states))
        return
      }
      case 'edge.delete':
        this.sql(WRITES.deleteEdge).run(change.dependencyId, this.#seqOf(change.dependantId))
        return
      case 'event.append':
        this.sql(INSERT_EVENT).run(...eventValues(change.event))
        return
      case 'idempotency.put': {
        const { key, fingerprint, submittedMs, reply, answer } = change.record
        const statement = this.sql(WRITES.putIdempotency)
        statement.run(key, fingerprint, submittedMs, JSON.stringify(reply), JSON.stringify(answer))
        return
      }
      case 'idempotency.expire':
        this.sql(WRITES.expireIdempotency).run(change.beforeMs)
        return
    }
  }

  #writeTask(task: Task): void {
    const changing = changingTaskValues(task)
    this.#lastTaskSeq ??= (this.sql(WRITES.lastTaskSeq).get()?.seq as number | null) ?? 0
    const mayExist = task.seq <= this.#lastTaskSeq
    if (mayExist && this.sql(UPDATE_TASK).run(...changing, task.seq).changes === 1) {
      if (!isFinal(task.value)) return
      for (const tag of new Set(task.tags)) this.sql(WRITES.finishTag).run(tag, task.seq)
      return
    }
    this.sql(INSERT_TASK).run(...fixedTaskValues(task), ...changing)
    this.#lastTaskSeq = Math.max(this.#lastTaskSeq, task.seq)
    const unfinished = Number(!isFinal(task.value))
    for (const tag of new Set(task.tags)) this.sql(WRITES.insertTag).run(unfinished, tag, task.seq)
  }

  #writeGroup(group: Group): void {
    const changing = changingGroupValues(group)
    if (this.sql(UPDATE_GROUP).run(...changing, group.seq).changes === 1) return
    this.sql(INSERT_GROUP).run(...fixedGroupValues(group), ...changing)
  }

  /** Deletes a task with its tags, its history, and the edges by which it depends on others. */
  #deleteTask(taskId: string): void {
    this.writeTasks()
    this.#tasks.delete(taskId)
    const deleted = this.sql(WRITES.deleteTask).get(taskId)
    if (deleted === undefined) return
    const seq = deleted.seq as number
    for (const tag of new Set(json<string[]>(deleted.tags)))
      this.sql(WRITES.deleteTag).run(tag, seq)
    for (const { task_id } of json<{ task_id: string }[]>(deleted.dependencies)) {
      this.sql(WRITES.deleteEdge).run(task_id, seq)
    }
    this.sql(WRITES.deleteTaskEvents).run(taskId)
  }

  #seqOf(taskId: string): number {
    const task = this.task(taskId)
    if (task === undefined) throw new Error(`an edge names the task ${taskId}, which was never put`)
    return task.seq
  }

  #attempt(work: () => void): void {
    try {
      guarded('the store cannot be written', work)
    } catch (error) {
      this.#failure = { error }
      throw error
    }
  }

  #assertUnderWay(): void {
    if (this.#over) throw new Error('the transaction is over')
    if (this.#failure !== null) throw this.#failure.error
  }
}
