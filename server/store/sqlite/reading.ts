// A connection that only reads, and the ways in which its rows are read.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type { Task } from '../../../machines/index.ts'
import { withinPatternTime } from '../pattern.ts'
import { guarded, openReader } from './connection.ts'
import { type Row, taskOf, type Values } from './rows.ts'
import { defineSearchFunctions } from './search.ts'
import { Statements } from './statements.ts'

export type Bound = SQLInputValue[] | Record<string, SQLInputValue>

export class Reading {
  readonly db: DatabaseSync
  readonly #statements: Statements

  /** @throws {StoreError} There is no database that can be read. */
  constructor(path: string) {
    this.db = openReader(path)
    defineSearchFunctions(this.db)
    this.#statements = new Statements(this.db)
  }

  tasks(sql: string, values: Bound): Task[] {
    const statement = this.#statements.ofLists(sql)
    const rows = read(() =>
      Array.isArray(values) ? statement.all(...values) : statement.all(values),
    )
    return (rows as unknown as Values[]).map(taskOf)
  }

  row(sql: string, values: Bound = []): Row | undefined {
    const statement = this.#statements.of(sql)
    return read(() => (Array.isArray(values) ? statement.get(...values) : statement.get(values)))
  }

  rows(sql: string, values: Bound = []): Row[] {
    const statement = this.#statements.of(sql)
    return read(() => (Array.isArray(values) ? statement.all(...values) : statement.all(values)))
  }

  /** Rows of tasks that a search finds. @throws {BadSearchError} Its patterns take too long. */
  found(sql: string, values: Record<string, SQLInputValue>, hasPattern: boolean): Values[] {
    const statement = this.db.prepare(sql)
    statement.setReturnArrays(true)
    const run = () => statement.all(values) as unknown as Values[]
    return guarded('the search failed', () => (hasPattern ? withinPatternTime(run) : run()))
  }

  close(): void {
    this.db.close()
  }
}

function read<T>(work: () => T): T {
  return guarded('the store cannot be read', work)
}
