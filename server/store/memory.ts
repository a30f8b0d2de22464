// The store for simulation and unit tests: everything in memory, deterministic, without input or output.
import {
  apart,
  type Change,
  type Group,
  type HistoryEvent,
  type Need,
  type Slice,
  stateOf,
  type Task,
} from '../../machines/index.ts'
import { StoreError } from '../errors.ts'
import { hasPattern } from './condition.ts'
import type { Inspection } from './inspection.ts'
import { memoryInspection } from './memory/inspection.ts'
import { loadSlice } from './memory/load.ts'
import { comparer, matcher } from './memory/matches.ts'
import { groupStateKey, Rows } from './memory/rows.ts'
import type { SortedList } from './memory/sorted.ts'
import { withinPatternTime } from './pattern.ts'
import type { HistoryQuery, Search, Store, TaskQuery, Transaction } from './store.ts'

/** An empty store, which is gone with its last reference. */
export function memoryStore(): Store {
  return new MemoryStore()
}

class MemoryStore implements Store {
  readonly inspection: Inspection = memoryInspection(look => this.#committed(look))
  readonly #rows = new Rows()
  #last: Promise<void> = Promise.resolve()
  #isOpen = false

  async open(): Promise<void> {
    if (this.#isOpen) throw new StoreError('the store is open already')
    this.#isOpen = true
  }

  async close(): Promise<void> {
    await this.#last
    this.#isOpen = false
  }

  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const run = this.#last.then(() => this.#transact(work))
    // Its failure is the caller's to handle; the next transaction only waits for its end.
    this.#last = run.then(
      () => {},
      () => {},
    )
    return run
  }

  async #transact<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    this.#assertOpen()
    const tx = new MemoryTransaction(this.#rows)
    try {
      const result = await work(tx)
      tx.finish()
      this.#rows.keep()
      return result
    } catch (error) {
      this.#rows.undo()
      throw error
    } finally {
      tx.end()
    }
  }

  task(taskId: string): Promise<Task | null> {
    return this.#committed(rows => rows.tasks.get(taskId) ?? null)
  }

  group(groupId: string): Promise<Group | null> {
    return this.#committed(rows => rows.groups.get(groupId) ?? null)
  }

  activeGroups(): Promise<{ groupId: string }[]> {
    return this.#committed(rows =>
      [...rows.activeGroups.from()].map(({ groupId }) => ({ groupId })),
    )
  }

  async *tasks(query: TaskQuery): AsyncIterable<Task> {
    const skip = query.skip ?? 0
    const end = skip + (query.limit ?? Number.POSITIVE_INFINITY)
    yield* await this.#committed(rows => listed(rows, query).slice(skip, end))
  }

  count(query: TaskQuery): Promise<number> {
    return this.#committed(rows => listed(rows, query).length)
  }

  search({ where, sort, limit, skip }: Search): Promise<Task[]> {
    return this.#committed(rows => {
      const found = () =>
        [...rows.inOrder.from()].filter(where === null ? () => true : matcher(where))
      const tasks = where !== null && hasPattern(where) ? withinPatternTime(found) : found()
      return tasks.sort(comparer(sort)).slice(skip, skip + (limit ?? Number.POSITIVE_INFINITY))
    })
  }

  history({ taskId, groupId, afterEventId, limit }: HistoryQuery): Promise<HistoryEvent[]> {
    return this.#committed(({ events, eventsByTask, eventsByGroup }) => {
      const ofGroup = groupId === undefined ? events : eventsByGroup.get(groupId)
      const list = taskId === undefined ? ofGroup : eventsByTask.get(taskId)
      return taken(list, ({ eventId }) => eventId <= afterEventId, limit)
    })
  }

  nextWakeMs(): Promise<number | null> {
    return this.#committed(rows => rows.waking.first()?.wakeAtMs ?? null)
  }

  rev(): Promise<number> {
    return this.#committed(rows => rows.counters.rev)
  }

  running(afterSeq: number, limit: number): Promise<Task[]> {
    return this.#committed(rows =>
      taken(rows.byState.get('running'), ({ seq }) => seq <= afterSeq, limit),
    )
  }

  unsettledGroups(afterSeq: number, limit: number): Promise<Group[]> {
    return this.#committed(rows => taken(rows.unsettledGroups, ({ seq }) => seq <= afterSeq, limit))
  }

  unfinishedCalls(): Promise<{ call: string; count: number }[]> {
    return this.#committed(rows => {
      const counts = new Map<string, number>()
      for (const { call } of rows.unfinished.from()) counts.set(call, (counts.get(call) ?? 0) + 1)
      return [...counts]
        .map(([call, count]) => ({ call, count }))
        .sort((a, b) => (a.call < b.call ? -1 : 1))
    })
  }

  /** Looks when no transaction is under way, whose changes could be taken back, and at once: none begins meanwhile. */
  #committed<T>(look: (rows: Rows) => T): Promise<T> {
    return this.#last.then(() => {
      this.#assertOpen()
      return look(this.#rows)
    })
  }

  #assertOpen(): void {
    if (!this.#isOpen) throw new StoreError('the store is not open')
  }
}

class MemoryTransaction implements Transaction {
  readonly #rows: Rows
  #failure: { error: unknown } | null = null
  #over = false

  constructor(rows: Rows) {
    this.#rows = rows
  }

  async load(need: Need, nowMs: number): Promise<Slice> {
    this.#assertUnderWay()
    return loadSlice(this.#rows, need, nowMs)
  }

  async apply(changes: readonly Change[]): Promise<void> {
    this.#assertUnderWay()
    try {
      for (const change of apart(changes)) this.#rows.apply(change)
    } catch (error) {
      this.#failure = { error }
      throw error
    }
  }

  /** What failed before fails again, so that it cannot be committed. */
  finish(): void {
    if (this.#failure !== null) throw this.#failure.error
  }

  end(): void {
    this.#over = true
  }

  #assertUnderWay(): void {
    if (this.#over) throw new Error('the transaction is over')
    if (this.#failure !== null) throw this.#failure.error
  }
}

function taken<T>(
  list: SortedList<T> | undefined,
  isBefore: (item: T) => boolean,
  limit: number,
): T[] {
  return list === undefined ? [] : list.from(isBefore).take(limit).toArray()
}

/** Tasks that a query names, in submission order; skip and limit are the caller's. */
function listed(rows: Rows, { groupId, taskIds, states, tags }: TaskQuery): Task[] {
  const [state] = states ?? []
  const list =
    taskIds !== undefined
      ? [...new Set(taskIds)]
          .flatMap(taskId => rows.tasks.get(taskId) ?? [])
          .sort((a, b) => a.seq - b.seq)
      : groupId !== undefined && states !== undefined && states.length === 1
        ? rows.byGroupState.get(groupStateKey(groupId, state as string))?.from()
        : groupId !== undefined
          ? rows.byGroup.get(groupId)?.from()
          : states === 'unfinished'
            ? rows.unfinished.from()
            : rows.inOrder.from()
  return [...(list ?? [])].filter(
    task =>
      (groupId === undefined || task.groupId === groupId) &&
      (states === undefined ||
        (states === 'unfinished'
          ? ['waiting', 'suspended', 'running'].includes(stateOf(task.value))
          : states.includes(stateOf(task.value)))) &&
      (tags ?? []).every(tag => task.tags.includes(tag)),
  )
}
