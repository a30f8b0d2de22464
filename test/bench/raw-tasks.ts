// The yardstick of the store: a table of tasks as bare as one that serves them can be, and writes to it
// through node:sqlite in durable batches.
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { v7 } from 'uuid'
import { payload } from './payload.ts'

const BATCH = 1_000

/** In order of submission, found by id; about 200 bytes a row. */
const CREATE = `CREATE TABLE tasks (
  seq       INTEGER PRIMARY KEY,
  task_id   TEXT NOT NULL UNIQUE,
  state     TEXT NOT NULL,
  tag       TEXT NOT NULL,
  resource  TEXT NOT NULL,
  args      TEXT NOT NULL,
  result    TEXT,
  finish_ms INTEGER
) STRICT`

export class RawTasks {
  readonly #database: DatabaseSync
  readonly #taskIds: string[]

  /** @param count Of tasks; their ids are made here, outside what is timed. */
  constructor(folder: string, count: number) {
    this.#database = new DatabaseSync(join(folder, 'raw.db'))
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    this.#database.exec(CREATE)
    this.#taskIds = Array.from({ length: count }, () => v7())
  }

  /** @returns Seconds. */
  insert(): number {
    const insert = this.#database.prepare(
      'INSERT INTO tasks (seq, task_id, state, tag, resource, args) VALUES (?, ?, ?, ?, ?, ?)',
    )
    return this.#inBatches((taskId, nth) => {
      const { filler, tag, resource } = payload(nth)
      insert.run(nth, taskId, 'waiting', tag, resource, JSON.stringify({ filler }))
    })
  }

  /** Writes a final state to every row. @returns Seconds. */
  update(state: 'finished' | 'canceled'): number {
    const update = this.#database.prepare(
      'UPDATE tasks SET state = ?, result = ?, finish_ms = ? WHERE task_id = ?',
    )
    return this.#inBatches(taskId => {
      update.run(state, 'null', 1_760_000_000_000, taskId)
    })
  }

  close(): void {
    this.#database.close()
  }

  #inBatches(write: (taskId: string, nth: number) => void): number {
    const startedMs = performance.now()
    for (let first = 0; first < this.#taskIds.length; first += BATCH) {
      this.#database.exec('BEGIN')
      const batch = this.#taskIds.slice(first, first + BATCH)
      for (const [at, taskId] of batch.entries()) write(taskId, first + at)
      this.#database.exec('COMMIT')
    }
    return (performance.now() - startedMs) / 1_000
  }
}
