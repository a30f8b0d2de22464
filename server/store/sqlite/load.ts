// What a command needs → its slice of the database, by statements that each follow one index.
import type { StatementSync } from 'node:sqlite'
import {
  type Firsts,
  type Group,
  type IdempotencyRecord,
  type Need,
  OPERATIONS,
  type Reservation,
  type Resource,
  resourceKey,
  type Slice,
  type Task,
  type TaskState,
} from '../../../machines/index.ts'
import { json, type Row } from './rows.ts'

/** Where slices are read: the rows, and the tasks and groups as the transaction knows them. */
export interface Source {
  sql(text: string): StatementSync
  counters(): Slice['counters']
  task(taskId: string): Task | undefined
  taskOf(row: Row): Task
  group(groupId: string): Group | undefined
  writeTasks(): void
}

const first = (operation: string) => `(SELECT min(place) FROM reservations
  WHERE resource_type = r.type AND resource_id = r.id AND operation = '${operation}') AS "${operation}"`

/** Exported for the test that looks at their query plans. */
export const LOADS = {
  firsts: `SELECT ${OPERATIONS.map(first).join(', ')} FROM (SELECT ? AS type, ? AS id) AS r`,
  // By itself SQLite would walk the queue, past all that is granted.
  grantable: `SELECT resource_type, resource_id, operation, place, task_id
    FROM reservations INDEXED BY reservations_waiting
    WHERE resource_type = ? AND resource_id = ? AND operation = ? AND granted = 0 AND place <= ?
    ORDER BY place LIMIT ?`,
  behind: `SELECT task_id, place FROM reservations
    WHERE resource_type = ? AND resource_id = ? AND place > ? AND place <= ? ORDER BY place LIMIT ?`,
  behindSharing: `SELECT task_id, place FROM reservations INDEXED BY reservations_sharing
    WHERE sharing = 1 AND resource_type = ? AND resource_id = ? AND place > ? AND place <= ?
    ORDER BY place LIMIT ?`,
  dependants: `SELECT dependant_id, states FROM task_dependencies
    WHERE dependency_id = ? AND dependant_seq > ? ORDER BY dependant_seq LIMIT ?`,
  ready: 'SELECT * FROM tasks WHERE ready = 1 ORDER BY priority DESC, place LIMIT ?',
  due: `SELECT * FROM tasks WHERE wake_at_ms IS NOT NULL AND wake_at_ms <= ?
    ORDER BY wake_at_ms, seq LIMIT ?`,
  members: 'SELECT * FROM tasks WHERE group_id = ? AND state = ? ORDER BY seq DESC LIMIT ?',
  cancellable: `SELECT 1 FROM tasks WHERE group_id = ? AND state = 'running' AND cancellable = 1 LIMIT 1`,
  children: 'SELECT * FROM tasks WHERE parent_id = ? AND unfinished = 1 ORDER BY seq',
  purgeable: 'SELECT * FROM tasks WHERE state = ? ORDER BY seq LIMIT ?',
  idempotency: 'SELECT * FROM idempotency WHERE key = ?',
}

/** Loads a slice; a task in it always comes with its group. */
export function loadSlice(need: Need, nowMs: number, source: Source): Slice {
  return new Loading(need, nowMs, source).slice
}

class Loading {
  readonly slice: Slice
  readonly #source: Source

  constructor(need: Need, nowMs: number, source: Source) {
    this.#source = source
    this.slice = {
      counters: source.counters(),
      tasks: new Map(),
      groups: new Map(),
      queues: new Map(),
      grantable: [],
      behind: [],
      dependants: [],
      ready: [],
      due: [],
      members: [],
      cancellable: false,
      children: [],
      purgeable: [],
      idempotency: null,
    }
    for (const taskId of need.tasks ?? []) this.#take(source.task(taskId))
    for (const groupId of need.groups ?? []) this.#takeGroup(groupId)
    this.#loadResources(need)
    if (need.dependants) this.#loadDependants(need.dependants)
    this.#loadRows(need, nowMs)
    if (need.idempotencyKey !== undefined)
      this.slice.idempotency = this.#idempotency(need.idempotencyKey)
  }

  #loadResources({ queues, queuesOf, grantable, behind }: Need): void {
    for (const resource of queues ?? []) this.#firsts(resource, this.slice.queues)
    if (queuesOf !== undefined) {
      for (const resource of this.#take(this.#source.task(queuesOf))?.resources ?? []) {
        this.#firsts(resource, this.slice.queues)
      }
    }
    if (grantable) {
      this.slice.grantable = this.#grantable(grantable)
      for (const { taskId } of this.slice.grantable) this.#take(this.#source.task(taskId))
    }
    if (behind) this.slice.behind = this.#behind(behind)
  }

  #firsts(resource: Resource, queues: Map<string, Firsts>): Firsts {
    const key = resourceKey(resource)
    const loaded = queues.get(key)
    if (loaded !== undefined) return loaded
    const row = this.#source.sql(LOADS.firsts).get(resource.resource_type, resource.resource_id)
    const firsts: Firsts = {}
    for (const operation of OPERATIONS) {
      const place = row?.[operation]
      if (typeof place === 'number') firsts[operation] = place
    }
    queues.set(key, firsts)
    return firsts
  }

  #grantable({ resource, bounds, limit }: NonNullable<Need['grantable']>): Reservation[] {
    const { resource_type, resource_id } = resource
    return OPERATIONS.flatMap(operation => {
      const until = bounded(bounds[operation] ?? Number.POSITIVE_INFINITY)
      const statement = this.#source.sql(LOADS.grantable)
      return statement
        .all(resource_type, resource_id, operation, until, bounded(limit))
        .map(reservationOf)
    })
      .sort((a, b) => a.place - b.place)
      .slice(0, limit)
  }

  #behind(need: NonNullable<Need['behind']>): Slice['behind'] {
    const { resource, after, until, limit, sharing } = need
    const { resource_type, resource_id } = resource
    const statement = this.#source.sql(sharing ? LOADS.behindSharing : LOADS.behind)
    const rows = statement.all(
      resource_type,
      resource_id,
      bounded(after),
      bounded(until),
      bounded(limit),
    )
    const queues = new Map<string, Firsts>()
    return rows.map(row => {
      const task = this.#take(this.#source.task(row.task_id as string))
      if (task === undefined)
        throw new Error(`task ${row.task_id} has a reservation and is not there`)
      const earlier = new Map<string, Firsts>()
      for (const use of task.resources) {
        earlier.set(resourceKey(use), before(row.place as number, this.#firsts(use, queues)))
      }
      return { taskId: task.taskId, earlier }
    })
  }

  #loadDependants({ taskId, after, limit }: NonNullable<Need['dependants']>): void {
    for (const row of this.#source.sql(LOADS.dependants).all(taskId, after, bounded(limit))) {
      const dependantId = row.dependant_id as string
      this.#take(this.#source.task(dependantId))
      this.slice.dependants.push({ taskId: dependantId, states: json(row.states) })
    }
  }

  /** Tasks by what they are, which their rows must say first. */
  #loadRows(need: Need, nowMs: number): void {
    const { ready, due, members, cancellableIn, childrenOf, purgeable } = need
    if (
      !(ready || due || members || purgeable) &&
      cancellableIn === undefined &&
      childrenOf === undefined
    )
      return
    this.#source.writeTasks()
    if (ready) this.slice.ready = this.#named(this.#rows(LOADS.ready, bounded(ready.limit)))
    if (due) this.slice.due = this.#named(this.#rows(LOADS.due, nowMs, bounded(due.limit)))
    if (members) {
      const { groupId, states, limit } = members
      const found = each(states, state => this.#rows(LOADS.members, groupId, state, bounded(limit)))
      this.slice.members = this.#named(found.sort((a, b) => b.seq - a.seq).slice(0, limit))
    }
    if (cancellableIn !== undefined) {
      this.slice.cancellable = this.#source.sql(LOADS.cancellable).get(cancellableIn) !== undefined
    }
    if (childrenOf !== undefined)
      this.slice.children = this.#named(this.#rows(LOADS.children, childrenOf))
    if (purgeable) {
      const { states, limit } = purgeable
      const found = each(states, state => this.#rows(LOADS.purgeable, state, bounded(limit)))
      this.slice.purgeable = this.#named(found.sort((a, b) => a.seq - b.seq).slice(0, limit))
    }
  }

  #rows(sql: string, ...values: (string | number)[]): Task[] {
    return this.#source
      .sql(sql)
      .all(...values)
      .map(row => this.#source.taskOf(row))
  }

  #named(tasks: Task[]): string[] {
    return tasks.map(task => {
      this.#take(task)
      return task.taskId
    })
  }

  #take(task: Task | undefined): Task | undefined {
    if (task === undefined) return undefined
    this.slice.tasks.set(task.taskId, task)
    if (task.groupId !== null) this.#takeGroup(task.groupId)
    return task
  }

  #takeGroup(groupId: string): void {
    if (this.slice.groups.has(groupId)) return
    const group = this.#source.group(groupId)
    if (group !== undefined) this.slice.groups.set(groupId, group)
  }

  #idempotency(key: string): IdempotencyRecord | null {
    const row = this.#source.sql(LOADS.idempotency).get(key)
    if (row === undefined) return null
    return {
      key,
      fingerprint: row.fingerprint as string,
      submittedMs: row.submitted_ms as number,
      reply: json(row.reply),
      answer: json(row.answer),
    }
  }
}

/** The first places of a queue as they were for someone at this place. */
function before(place: number, firsts: Firsts): Firsts {
  const earlier: Firsts = {}
  for (const operation of OPERATIONS) {
    const at = firsts[operation]
    if (at !== undefined && at < place) earlier[operation] = at
  }
  return earlier
}

function each(states: TaskState[], find: (state: TaskState) => Task[]): Task[] {
  return [...new Set(states)].flatMap(find)
}

/** SQLite takes no infinity as a limit. */
function bounded(value: number): number {
  return Math.min(value, Number.MAX_SAFE_INTEGER)
}

function reservationOf(row: Row): Reservation {
  return {
    resource_type: row.resource_type as string,
    resource_id: row.resource_id as string,
    operation: row.operation as Reservation['operation'],
    place: row.place as number,
    taskId: row.task_id as string,
    granted: false,
  }
}
