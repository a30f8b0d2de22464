// The embedded default store: SQLite in a folder. One connection writes, in transactions one after another;
// another reads what is committed.
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import {
  type Group,
  type HistoryEvent,
  TASK_STATES,
  type Task,
  unfinishedCount,
} from '../../../machines/index.ts'
import { StoreError } from '../../errors.ts'
import { hasPattern } from '../condition.ts'
import type { Inspection } from '../inspection.ts'
import { withinPatternTime } from '../pattern.ts'
import type { HistoryQuery, Search, Store, TaskQuery, Transaction } from '../store.ts'
import { asStoreError, guarded, openReader, openWriter, Statements } from './connection.ts'
import { sqliteInspection } from './inspection.ts'
import { listing } from './listing.ts'
import { lockFolder } from './lock.ts'
import { eventOf, groupOf, type Row, taskOf } from './rows.ts'
import { compileSearch, defineSearchFunctions } from './search.ts'
import { SqliteTransaction } from './transaction.ts'

export interface SqliteOptions {
  /** Pages of 4 KiB that the database may have at most; reaching it is like a full disk. Default: none. */
  pageCountMax?: number
  /**
   * Reads what is there and writes nothing, not even a lock: also beside the process that serves the
   * folder, and after its death. Default: false.
   */
  readOnly?: boolean
}

const DATABASE = 'rollcall.db'

/** Tasks that a listing reads at once. */
const PAGE = 256

/** Exported for the test that looks at their query plans. */
export const READS = {
  task: 'SELECT * FROM tasks WHERE task_id = ?',
  group: 'SELECT * FROM task_groups WHERE group_id = ?',
  activeGroups: 'SELECT group_id FROM task_groups WHERE unfinished > 0 ORDER BY seq',
  nextWake: 'SELECT min(wake_at_ms) AS wake_at_ms FROM tasks WHERE wake_at_ms IS NOT NULL',
  rev: 'SELECT rev FROM counters',
  running: `SELECT * FROM tasks WHERE state = 'running' AND seq > ? ORDER BY seq LIMIT ?`,
  unsettledGroups: 'SELECT * FROM task_groups WHERE settled = 0 AND seq > ? ORDER BY seq LIMIT ?',
  unfinishedCalls:
    'SELECT call, count(*) AS count FROM tasks WHERE unfinished = 1 GROUP BY call ORDER BY call',
  taskHistory:
    'SELECT * FROM task_events WHERE event_id > ? AND task_id = ? ORDER BY event_id LIMIT ?',
  groupHistory:
    'SELECT * FROM task_events WHERE event_id > ? AND group_id = ? ORDER BY event_id LIMIT ?',
  history: 'SELECT * FROM task_events WHERE event_id > ? ORDER BY event_id LIMIT ?',
}

/** A store in a folder, which is made when it is not there unless it is opened for reading only. */
export function sqliteStore(directory: string, options: SqliteOptions = {}): Store {
  return new SqliteStore(directory, options)
}

interface Connections {
  /** Null when the store is opened for reading only. */
  writer: { db: DatabaseSync; writing: Statements } | null
  reader: DatabaseSync
  reading: Statements
  unlock: () => void
}

class SqliteStore implements Store {
  readonly inspection: Inspection = sqliteInspection((sql, values) => this.#rows(sql, values))
  readonly #directory: string
  readonly #options: SqliteOptions
  #connections: Connections | null = null
  #last: Promise<void> = Promise.resolve()

  constructor(directory: string, options: SqliteOptions) {
    this.#directory = directory
    this.#options = options
  }

  async open(): Promise<void> {
    if (this.#connections !== null)
      throw new StoreError(`the store in ${this.#directory} is open already`)
    this.#connections = this.#options.readOnly ? this.#openReadOnly() : this.#openWhole()
  }

  #openReadOnly(): Connections {
    const path = join(this.#directory, DATABASE)
    if (!existsSync(path)) throw new StoreError(`no store of Rollcall is in ${this.#directory}`)
    const reader = openReader(path)
    defineSearchFunctions(reader)
    return { writer: null, reader, reading: new Statements(reader), unlock: () => {} }
  }

  #openWhole(): Connections {
    try {
      mkdirSync(this.#directory, { recursive: true })
    } catch (error) {
      throw new StoreError(
        `the folder ${this.#directory} cannot be made: ${(error as Error).message}`,
        error,
      )
    }
    const unlock = lockFolder(this.#directory)
    const opened: DatabaseSync[] = []
    try {
      const path = join(this.#directory, DATABASE)
      const writer = openWriter(path, this.#options.pageCountMax ?? null)
      opened.push(writer)
      const reader = openReader(path)
      opened.push(reader)
      defineSearchFunctions(reader)
      const writing = new Statements(writer)
      return { writer: { db: writer, writing }, reader, reading: new Statements(reader), unlock }
    } catch (error) {
      for (const connection of opened) connection.close()
      unlock()
      throw error
    }
  }

  async close(): Promise<void> {
    await this.#last
    const connections = this.#connections
    if (connections === null) return
    this.#connections = null
    connections.reader.close()
    connections.writer?.db.close()
    connections.unlock()
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
    const { writer } = this.#open()
    if (writer === null) throw new StoreError('the store is open for reading only')
    const { db, writing } = writer
    guarded('no transaction can begin', () => db.exec('BEGIN IMMEDIATE'))
    const tx = new SqliteTransaction(writing)
    try {
      const result = await work(tx)
      tx.finish()
      db.exec('COMMIT')
      return result
    } catch (error) {
      // Some failures, such as a full disk, have ended the transaction already.
      if (db.isTransaction) guarded('a transaction cannot be undone', () => db.exec('ROLLBACK'))
      throw asStoreError('the store cannot commit', error)
    } finally {
      tx.end()
    }
  }

  async task(taskId: string): Promise<Task | null> {
    const row = this.#row(READS.task, [taskId])
    return row === undefined ? null : taskOf(row)
  }

  async group(groupId: string): Promise<Group | null> {
    const row = this.#row(READS.group, [groupId])
    return row === undefined ? null : groupOf(row)
  }

  async activeGroups(): Promise<{ groupId: string }[]> {
    return this.#rows(READS.activeGroups).map(row => ({ groupId: row.group_id as string }))
  }

  async *tasks(query: TaskQuery): AsyncIterable<Task> {
    const { page, values } = listing(query)
    let left = query.limit ?? Number.POSITIVE_INFINITY
    let skip = query.skip ?? 0
    let after = 0
    while (left > 0) {
      const limit = Math.min(left, PAGE)
      const rows = this.#rows(page, { ...values, after, limit, skip })
      for (const row of rows) yield taskOf(row)
      if (rows.length < limit) return
      after = rows.at(-1)?.seq as number
      left -= limit
      skip = 0
    }
  }

  async count(query: TaskQuery): Promise<number> {
    const { groupId, taskIds, states, tags } = query
    if (groupId !== undefined && taskIds === undefined && tags === undefined) {
      const group = await this.group(groupId)
      return group === null ? 0 : countIn(group, states)
    }
    const { count, values } = listing(query)
    return this.#row(count, values)?.count as number
  }

  async search(search: Search): Promise<Task[]> {
    const { sql, values } = compileSearch(search)
    const { reader } = this.#open()
    const run = () => reader.prepare(sql).all(values)
    const patterns = search.where !== null && hasPattern(search.where)
    return guarded('the search failed', () => (patterns ? withinPatternTime(run) : run())).map(
      taskOf,
    )
  }

  async history({ taskId, groupId, afterEventId, limit }: HistoryQuery): Promise<HistoryEvent[]> {
    const most = Math.min(limit, Number.MAX_SAFE_INTEGER)
    const rows =
      taskId !== undefined
        ? this.#rows(READS.taskHistory, [afterEventId, taskId, most])
        : groupId !== undefined
          ? this.#rows(READS.groupHistory, [afterEventId, groupId, most])
          : this.#rows(READS.history, [afterEventId, most])
    return rows.map(eventOf)
  }

  async nextWakeMs(): Promise<number | null> {
    return this.#row(READS.nextWake)?.wake_at_ms as number | null
  }

  async rev(): Promise<number> {
    return this.#row(READS.rev)?.rev as number
  }

  async running(afterSeq: number, limit: number): Promise<Task[]> {
    return this.#rows(READS.running, [afterSeq, limit]).map(taskOf)
  }

  async unsettledGroups(afterSeq: number, limit: number): Promise<Group[]> {
    return this.#rows(READS.unsettledGroups, [afterSeq, limit]).map(groupOf)
  }

  async unfinishedCalls(): Promise<{ call: string; count: number }[]> {
    return this.#rows(READS.unfinishedCalls).map(({ call, count }) => ({
      call: call as string,
      count: count as number,
    }))
  }

  #open(): Connections {
    if (this.#connections === null)
      throw new StoreError(`the store in ${this.#directory} is not open`)
    return this.#connections
  }

  #row(sql: string, values: Values = []): Row | undefined {
    const statement = this.#open().reading.of(sql)
    return guarded('the store cannot be read', () =>
      Array.isArray(values) ? statement.get(...values) : statement.get(values),
    )
  }

  #rows(sql: string, values: Values = []): Row[] {
    const statement = this.#open().reading.of(sql)
    return guarded('the store cannot be read', () =>
      Array.isArray(values) ? statement.all(...values) : statement.all(values),
    )
  }
}

/** A group counts its tasks itself. */
function countIn(group: Group, states: TaskQuery['states'] = [...TASK_STATES]): number {
  if (states === 'unfinished') return unfinishedCount(group)
  return [...new Set(states)].reduce((sum, state) => sum + group.counts[state], 0)
}

type Values = SQLInputValue[] | Record<string, SQLInputValue>
