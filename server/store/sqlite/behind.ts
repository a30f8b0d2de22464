// Tasks whose rows are behind the journal, read from both: nobody has to keep in memory what is on disk.
import type { DatabaseSync } from 'node:sqlite'
import type { Task } from '../../../machines/index.ts'
import { guarded } from './connection.ts'
import { type PendingRow, PendingRows } from './pending-rows.ts'
import { layoutOf, PART, ROW_COLUMNS } from './row-parts.ts'
import { TASK, taskOf, type Values } from './rows.ts'
import { Statements } from './statements.ts'
import { entriesOf, type Told } from './told.ts'

/** Exported for the test that looks at their query plans. */
export const BEHIND = {
  entries: 'SELECT id, entry FROM journal WHERE id IN (SELECT value FROM json_each(?))',
  rows: `SELECT seq, ${ROW_COLUMNS.join(', ')} FROM tasks WHERE seq IN (SELECT value FROM json_each(?))`,
}

/** A task as it was told, and the chunks of the history that hold its events, with commas between. */
export interface TaskRead {
  task: Task
  history: string
}

/** Where the columns that `taskOf` reads stand in `BEHIND.rows`. */
const TASK_AT = TASK.split(',').map(column => 1 + ROW_COLUMNS.indexOf(column.trim()))
const HISTORY_AT = 1 + ROW_COLUMNS.indexOf('history')

export class Behind {
  readonly #statements: Statements
  #blank: Values | null = null

  /** @param reader Sees what is committed, and that alone. */
  constructor(reader: DatabaseSync) {
    this.#statements = new Statements(reader)
  }

  /** Reads tasks that are on disk, were not deleted and are not about to change, in that order. */
  read(tasks: readonly Told[]): TaskRead[] {
    return guarded('the store cannot be read', () => {
      // The entries first: an entry goes when the rows that it tells of are written, and a row that has taken it
      // in tells the same with it as without.
      const entries = this.#entries([...new Set(tasks.flatMap(entriesOf))])
      const rows = this.#rows(tasks.map(({ seq }) => seq))
      return tasks.map(task => {
        const told = entriesOf(task).flatMap(id => entries.get(id)?.of(task.seq) ?? [])
        return this.#taskRead(task.seq, rows.get(task.seq), told)
      })
    })
  }

  #entries(ids: readonly number[]): Map<number, PendingRows> {
    const entries = new Map<number, PendingRows>()
    for (const row of this.#statements.of(BEHIND.entries).iterate(JSON.stringify(ids))) {
      const [id, entry] = [row.id as number, row.entry as string]
      const told = new PendingRows()
      told.add(entry, id, 0)
      entries.set(id, told)
    }
    return entries
  }

  #rows(seqs: readonly number[]): Map<number, Values> {
    const rows = this.#statements.ofLists(BEHIND.rows).all(JSON.stringify(seqs))
    return new Map((rows as unknown as Values[]).map(row => [row[0] as number, row]))
  }

  /** @param told What entries tell of it that are still there, the oldest first. */
  #taskRead(seq: number, written: Values | undefined, told: readonly PendingRow[]): TaskRead {
    const isNew = told.some(({ parts }) => (parts & PART.submitted) !== 0)
    const row = isNew ? [seq, ...this.#blankRow()] : written
    if (row === undefined)
      throw new Error(`neither a row nor the journal has the task with the seq ${seq}`)
    for (const { parts, values } of told) {
      const { places, isJson } = layoutOf(parts)
      for (let nth = 0; nth < places.length; nth += 1) {
        const place = places[nth] as number
        const value = values[place]
        row[1 + place] = (isJson[nth] ? JSON.stringify(value) : value) as Values[number]
      }
    }
    const task = taskOf(TASK_AT.map(at => row[at] as Values[number]))
    return { task, history: row[HISTORY_AT] as string }
  }

  /** What a new row has in the columns that nothing is told of. */
  #blankRow(): Values {
    if (this.#blank === null) {
      const info = `SELECT dflt_value FROM pragma_table_info('tasks') WHERE name = ?`
      const defaults = ROW_COLUMNS.map(name => this.#statements.of(info).get(name)?.dflt_value)
      const sql = `SELECT ${defaults.map(value => value ?? 'NULL').join(', ')}`
      this.#blank = this.#statements.ofLists(sql).get() as unknown as Values
    }
    return this.#blank
  }
}
