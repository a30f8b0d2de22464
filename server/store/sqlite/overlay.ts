// Reads the rows of tasks together with what the journal tells of them, on a connection that only reads: where
// nobody can write the rows, or not now. Views by the tables' names stand before them then.
import type { DatabaseSync } from 'node:sqlite'
import { pendingRows } from './journal.ts'
import { type PendingRows, writeRow } from './pending-rows.ts'
import { Reading } from './reading.ts'
import { PART } from './row-parts.ts'
import { Statements } from './statements.ts'

const TABLES = ['tasks', 'task_tags'] as const

// Tags of a row never change; those of one that went are found by nobody.
const VIEWS = `
CREATE TEMP VIEW tasks AS
  SELECT * FROM main.tasks WHERE seq NOT IN (SELECT seq FROM told)
  UNION ALL SELECT * FROM told_tasks;
CREATE TEMP VIEW task_tags AS SELECT * FROM main.task_tags UNION ALL SELECT * FROM told_task_tags;
`

const TAKE_AWAY = `
DROP VIEW temp.tasks;
DROP VIEW temp.task_tags;
DROP TABLE temp.told_tasks;
DROP TABLE temp.told_task_tags;
DROP TABLE temp.told;
`

export class Overlay {
  readonly #path: string
  /** Its own: other readers must not see the views. Null until it is first used. */
  #reading: Reading | null = null
  /** The version of the data that was laid over; null: nothing is. */
  #version: number | null = null

  constructor(path: string) {
    this.#path = path
  }

  /** Lets `work` read rows as the last commit has left them. */
  read<T>(work: (reading: Reading) => T): T {
    this.#reading ??= new Reading(this.#path)
    const reading = this.#reading
    reading.db.exec('BEGIN')
    try {
      this.#lay(reading.db)
      return work(reading)
    } finally {
      // What lies over stays until the data change, unless it was not laid whole.
      if (this.#reading !== null) reading.db.exec('COMMIT')
    }
  }

  close(): void {
    this.#reading?.close()
    this.#reading = null
    this.#version = null
  }

  #lay(db: DatabaseSync): void {
    const { data_version: version } = db.prepare('PRAGMA data_version').get() as {
      data_version: number
    }
    if (this.#version === version) return
    try {
      if (this.#version !== null) db.exec(TAKE_AWAY)
      this.#version = null
      const pending = pendingRows(db)
      if (pending.size === 0) return
      layOver(db, pending)
      this.#version = version
    } catch (error) {
      this.close()
      throw error
    }
  }
}

function layOver(db: DatabaseSync, pending: PendingRows): void {
  const schema = db.prepare('SELECT sql FROM main.sqlite_schema WHERE name = ?')
  for (const name of TABLES) {
    const { sql } = schema.get(name) as { sql: string }
    db.exec(sql.replace(/^CREATE TABLE "?\w+"?/, `CREATE TEMP TABLE ${name}`))
  }
  db.exec('CREATE TEMP TABLE told (seq INTEGER PRIMARY KEY)')
  const statements = new Statements(db)
  for (const row of pending.first(pending.size)) {
    statements.of('INSERT INTO told (seq) VALUES (?)').run(row.seq)
    const isNew = (row.parts & PART.submitted) !== 0
    if (!isNew)
      statements.of('INSERT INTO temp.tasks SELECT * FROM main.tasks WHERE seq = ?').run(row.seq)
    // Temporary tables stand before those of the same name.
    writeRow(statements, row, isNew)
  }
  for (const name of TABLES) db.exec(`ALTER TABLE temp.${name} RENAME TO told_${name}`)
  db.exec(VIEWS)
}
