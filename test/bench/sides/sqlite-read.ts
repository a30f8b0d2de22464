// The yardstick of a restart: every row of the tasks table of a store, read once as it is.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { conclude, given } from '../side.ts'

export interface SqliteRead {
  /** Of a store. */
  folder: string
}
export interface SqliteWasRead {
  rows: number
  seconds: number
}

const { folder } = await given<SqliteRead>()
const file = readdirSync(folder).find(name => name.endsWith('.db'))
if (file === undefined) throw new Error(`no database is in ${folder}`)
const startedMs = performance.now()
const database = new DatabaseSync(join(folder, file), { readOnly: true })
let rows = 0
for (const row of database.prepare('SELECT * FROM tasks').iterate()) {
  if (row !== undefined) rows += 1
}
const seconds = (performance.now() - startedMs) / 1_000
database.close()
conclude({ rows, seconds } satisfies SqliteWasRead)
