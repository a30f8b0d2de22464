// The embedded default store: SQLite in a folder. Transactions work in memory one after another, a thread of
// its own writes them, and a connection that only reads sees what is committed.
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
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
import type { HistoryQuery, Search, Store, TaskQuery, Transaction } from '../store.ts'
import { asStoreError, guarded, openWriter } from './connection.ts'
import { GROUP_LOADS } from './groups.ts'
import { historyAfter } from './history.ts'
import { sqliteInspection } from './inspection.ts'
import { listing } from './listing.ts'
import { lockFolder } from './lock.ts'
import { Overlay } from './overlay.ts'
import { Reading } from './reading.ts'
import { groupOf, TASK, taskOf } from './rows.ts'
import { compileSearch } from './search.ts'
import { TASKS_IN_MEMORY } from './tasks.ts'
import { SqliteTransaction } from './transaction.ts'
import type { WorkingSet } from './working-set.ts'
import { Writer } from './writer.ts'
import { Writing } from './writing.ts'

export interface SqliteOptions {
  /** Pages of 4 KiB that the database may have at most; reaching it is like a full disk. Default: none. */
  pageCountMax?: number
  /**
   * Tasks that stay in memory while they wait, about a kilobyte each; the others are read when their turn comes.
   * Default: 98 304.
   */
  tasksInMemory?: number
  /**
   * Reads what is there and writes nothing, not even a lock: also beside the process that serves the
   * folder, and after its death. Default: false.
   */
  readOnly?: boolean
}

const DATABASE = 'rollcall.db'

/** Tasks that a listing reads at once. */
const PAGE = 256

/** Transactions that may be on their way to the disk while another works. */
const TRANSACTIONS_MAX = 4

/** Exported for the test that looks at their query plans. */
export const READS = {
  task: `SELECT ${TASK} FROM tasks WHERE task_id = ?`,
  group: GROUP_LOADS.group,
  activeGroups: `SELECT group_id FROM task_groups
    WHERE settled = 0 AND unfinished > 0 ORDER BY seq`,
  nextWake: 'SELECT min(wake_at_ms) AS wake_at_ms FROM tasks WHERE wake_at_ms IS NOT NULL',
  rev: 'SELECT rev FROM counters',
  running: `SELECT ${TASK} FROM tasks WHERE state = 'running' AND seq > ? ORDER BY seq LIMIT ?`,
  unsettledGroups: 'SELECT * FROM task_groups WHERE settled = 0 AND seq > ? ORDER BY seq LIMIT ?',
  unfinishedCalls:
    'SELECT call, count(*) AS count FROM tasks WHERE unfinished = 1 GROUP BY call ORDER BY call',
}

/** A store in a folder, which is made when it is not there unless it is opened for reading only. */
export function sqliteStore(directory: string, options: SqliteOptions = {}): Store {
  const { tasksInMemory = TASKS_IN_MEMORY } = options
  if (!Number.isInteger(tasksInMemory) || tasksInMemory < 0)
    throw new RangeError(`tasksInMemory is a whole number from 0 on; found ${tasksInMemory}`)
  return new SqliteStore(directory, options)
}

interface Connections {
  /** Null when the store is opened for reading only. */
  writing: Writing | null
  reading: Reading
  overlay: Overlay
  unlock: () => void
}

class SqliteStore implements Store {
  readonly inspection: Inspection = sqliteInspection(
    (sql, values) => this.#seen(reading => reading.rows(sql, values)),
    look => this.#between(({ set }) => look(set.live)),
    query => this.history(query),
  )
  readonly concurrency = TRANSACTIONS_MAX
  readonly #directory: string
  readonly #options: SqliteOptions
  #connections: Connections | null = null
  #last: Promise<void> = Promise.resolve()
  #transactions = 0
  /** Reads that wait for rows to be written. */
  readonly #looks = new Set<Promise<unknown>>()

  constructor(directory: string, options: SqliteOptions) {
    this.#directory = directory
    this.#options = options
  }

  get #path(): string {
    return join(this.#directory, DATABASE)
  }

  async open(): Promise<void> {
    if (this.#connections !== null)
      throw new StoreError(`the store in ${this.#directory} is open already`)
    this.#connections = this.#options.readOnly ? this.#openReadOnly() : await this.#openWhole()
  }

  #openReadOnly(): Connections {
    if (!existsSync(this.#path))
      throw new StoreError(`no store of Rollcall is in ${this.#directory}`)
    const reading = new Reading(this.#path)
    return { writing: null, reading, overlay: new Overlay(this.#path), unlock: () => {} }
  }

  async #openWhole(): Promise<Connections> {
    try {
      mkdirSync(this.#directory, { recursive: true })
    } catch (error) {
      throw new StoreError(
        `the folder ${this.#directory} cannot be made: ${(error as Error).message}`,
        error,
      )
    }
    const unlock = lockFolder(this.#directory)
    const { pageCountMax = null, tasksInMemory = TASKS_IN_MEMORY } = this.#options
    const options = { path: this.#path, pageCountMax, tasksInMemory }
    const thread = Writer.thread(options)
    let reading: Reading | null = null
    try {
      // Checked and brought up to date here, where errors are thrown as they are.
      openWriter(options.path, options.pageCountMax).close()
      reading = new Reading(this.#path)
      const writing = await Writing.open(options, reading.db, thread)
      return { writing, reading, overlay: new Overlay(this.#path), unlock }
    } catch (error) {
      await thread.terminate()
      reading?.close()
      unlock()
      throw error
    }
  }

  async close(): Promise<void> {
    await this.#last
    const connections = this.#connections
    if (connections === null) return
    this.#connections = null
    const { writing, reading, overlay, unlock } = connections
    await writing?.writer.settled().catch(() => {})
    // Who reads already is answered.
    await Promise.allSettled(this.#looks)
    reading.close()
    overlay.close()
    await writing?.writer.close()
    unlock()
  }

  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#inTurn(writing => this.#work(writing, work))
  }

  /** Looks at the working set while no transaction changes it; resolves when what was seen is on disk. */
  async #between<T>(look: (writing: Writing) => T): Promise<T> {
    const seenOnDisk = () =>
      this.#inTurn(async writing => {
        const seen = look(writing)
        return { result: seen, landed: writing.writer.settled() }
      })
    try {
      return await seenOnDisk()
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      // What was on its way has not got there: what is there is looked at instead.
      return seenOnDisk()
    }
  }

  /** Works one after another; each resolves once it, and all before it, are on disk. */
  #inTurn<T>(
    work: (writing: Writing) => Promise<{ result: T; landed: Promise<void> }>,
  ): Promise<T> {
    const run = this.#last.then(async () => work(await this.#writing()))
    // Its failure is the caller's to handle; the next one only waits for its end.
    this.#last = run.then(
      () => {},
      () => {},
    )
    return run.then(async ({ result, landed }) => {
      await landed
      return result
    })
  }

  async #work<T>(writing: Writing, work: (tx: Transaction) => Promise<T>) {
    const { writer, set } = writing
    this.#transactions += 1
    const transaction = this.#transactions
    const changed = set.begin(transaction)
    const tx = new SqliteTransaction(set, changed, part => writer.begin(transaction, part))
    try {
      const result = await work(tx)
      const rest = tx.finish()
      // One that wrote nothing may still have seen what is on its way.
      const landed =
        rest.size > 0 || tx.isPartlyWritten
          ? writer.commit(transaction, rest)
          : writer.settled().then(() => set.landed(transaction))
      // Whoever waits for it is told; nobody may be waiting yet.
      landed.catch(() => {})
      return { result, landed }
    } catch (error) {
      if (tx.isPartlyWritten) writer.undo(transaction)
      if (tx.hasChanged) writing.spoil()
      else set.forget(changed)
      throw asStoreError('the store cannot commit', error)
    } finally {
      tx.end()
      set.end()
    }
  }

  /** What transactions work with. */
  async #writing(): Promise<Writing> {
    const { writing } = this.#open()
    if (writing === null) throw new StoreError('the store is open for reading only')
    await writing.renew()
    return writing
  }

  async task(taskId: string): Promise<Task | null> {
    const kept = this.#open().writing?.set.landedTask(taskId)
    if (kept !== undefined) return kept
    const read = (reading: Reading) => reading.tasks(READS.task, [taskId])[0] ?? null
    // What is not in memory is in its row as it was left, unless nobody writes rows here.
    const { writing, reading } = this.#open()
    return writing === null ? this.#seen(read) : read(reading)
  }

  async group(groupId: string): Promise<Group | null> {
    const kept = this.#open().writing?.set.landedGroup(groupId)
    if (kept !== undefined) return kept
    const row = this.#open().reading.row(READS.group, [groupId])
    return row === undefined ? null : groupOf(row)
  }

  async activeGroups(): Promise<{ groupId: string }[]> {
    return this.#open()
      .reading.rows(READS.activeGroups)
      .map(row => ({ groupId: row.group_id as string }))
  }

  async *tasks(query: TaskQuery): AsyncIterable<Task> {
    const set = this.#knowsTags(query)
    if (set !== null) {
      yield* this.#tagged(query, set)
      return
    }
    const { page, values } = listing(query)
    let left = query.limit ?? Number.POSITIVE_INFINITY
    let skip = query.skip ?? 0
    let after = 0
    while (left > 0) {
      const limit = Math.min(left, PAGE)
      const from = after
      const passed = skip
      const tasks = await this.#seen(reading =>
        reading.tasks(page, { ...values, after: from, limit, skip: passed }),
      )
      yield* tasks
      if (tasks.length < limit) return
      after = tasks.at(-1)?.seq as number
      left -= limit
      skip = 0
    }
  }

  /** The working set, when a query is of unfinished tasks with some tags and the set can tell which these are. */
  #knowsTags({ tags = [], taskIds, states }: TaskQuery): WorkingSet | null {
    const { writing } = this.#open()
    if (writing === null || !writing.isCurrent) return null
    return tags.length > 0 && taskIds === undefined && states === 'unfinished' ? writing.set : null
  }

  /** Unfinished tasks by their tags: which may have them is known in memory, and rows say the rest. */
  async *#tagged(query: TaskQuery, set: WorkingSet): AsyncIterable<Task> {
    const { tags = [], limit = Number.POSITIVE_INFINITY } = query
    let left = limit
    let skip = query.skip ?? 0
    let after = 0
    for (;;) {
      const from = after
      const { seqs, tasks } = await this.#seen(reading => {
        const seqs = set.tagged(tags, from, PAGE)
        const { page, values } = listing(query, seqs)
        const all = { after: 0, limit: PAGE, skip: 0 }
        return { seqs, tasks: reading.tasks(page, { ...values, ...all }) }
      })
      for (const task of tasks) {
        if (left <= 0) return
        if (skip > 0) {
          skip -= 1
          continue
        }
        left -= 1
        yield task
      }
      if (seqs.length < PAGE || left <= 0) return
      after = seqs.at(-1) as number
    }
  }

  async count(query: TaskQuery): Promise<number> {
    const { groupId, taskIds, states, tags } = query
    if (groupId !== undefined && taskIds === undefined && tags === undefined) {
      const group = await this.group(groupId)
      return group === null ? 0 : countIn(group, states)
    }
    const set = this.#knowsTags(query)
    return this.#seen(reading => {
      const { count, values } = listing(query, set?.tagged(tags ?? [], 0, Number.POSITIVE_INFINITY))
      return reading.row(count, values)?.count as number
    })
  }

  async search(search: Search): Promise<Task[]> {
    const { sql, values } = compileSearch(search)
    const patterns = search.where !== null && hasPattern(search.where)
    const rows = await this.#seen(reading => reading.found(sql, values, patterns))
    return rows.map(taskOf)
  }

  async history(query: HistoryQuery): Promise<HistoryEvent[]> {
    const read = (reading: Reading) =>
      historyAfter((sql, values) => reading.rows(sql, values), query)
    // Which chunks have a task's events is in its row; all chunks are written with their commit.
    return query.taskId === undefined ? read(this.#open().reading) : this.#seen(read)
  }

  async nextWakeMs(): Promise<number | null> {
    if (this.#open().writing?.isCurrent) {
      try {
        return await this.#between(({ set }) => set.live.nextWakeMs)
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        // What is in memory will not get to the disk: what is there says the same.
      }
    }
    const row = await this.#seen(reading => reading.row(READS.nextWake))
    return row?.wake_at_ms as number | null
  }

  async rev(): Promise<number> {
    return this.#open().reading.row(READS.rev)?.rev as number
  }

  async running(afterSeq: number, limit: number): Promise<Task[]> {
    return this.#seen(reading => reading.tasks(READS.running, [afterSeq, limit]))
  }

  async unsettledGroups(afterSeq: number, limit: number): Promise<Group[]> {
    return this.#open().reading.rows(READS.unsettledGroups, [afterSeq, limit]).map(groupOf)
  }

  async unfinishedCalls(): Promise<{ call: string; count: number }[]> {
    const rows = await this.#seen(reading => reading.rows(READS.unfinishedCalls))
    return rows.map(({ call, count }) => ({
      call: call as string,
      count: count as number,
    }))
  }

  /** Lets `read` see the rows of tasks as a commit has left them. */
  async #seen<T>(read: (reading: Reading) => T): Promise<T> {
    const { writing, reading, overlay } = this.#open()
    const readOver = () => guarded('the store cannot be read', () => overlay.read(read))
    if (writing === null) return readOver()
    if (writing.set.isWritten) return read(reading)
    const look = writing.writer.holding(() => read(reading))
    this.#looks.add(look)
    try {
      const seen = await look
      return seen === null ? readOver() : seen.result
    } finally {
      this.#looks.delete(look)
    }
  }

  #open(): Connections {
    if (this.#connections === null)
      throw new StoreError(`the store in ${this.#directory} is not open`)
    return this.#connections
  }
}

/** A group counts its tasks itself. */
function countIn(group: Group, states: TaskQuery['states'] = [...TASK_STATES]): number {
  if (states === 'unfinished') return unfinishedCount(group)
  return [...new Set(states)].reduce((sum, state) => sum + group.counts[state], 0)
}
