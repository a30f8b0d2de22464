// SQLite's write-ahead log. It is copied into the database when there is time for it, and given room before it is
// written to: to make the file longer takes the file system as long as all else in a small commit.
import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import type { Statements } from './statements.ts'

/**
 * Pages in the log from which on it is copied into the database: when nothing else is to do, or else after a
 * commit has been told. Pages that change again and again are copied once for many commits. With what the last of
 * these brings, the log is no longer than what it is cut to (`journal_size_limit`).
 */
const PAGES_AT_REST = 1_000
const PAGES_MAX = 31_000

/** When less room than this is left behind what was written last, so much is added, in bytes. */
const ROOM_MIN = 262_144
const ROOM = Buffer.alloc(1_048_576)

/** https://sqlite.org/fileformat2.html#walformat, in bytes: before all frames, and before the page of each. */
const LOG_HEADER = 32
const FRAME_HEADER = 24

export class Log {
  readonly #db: DatabaseSync
  readonly #statements: Statements
  readonly #path: string
  readonly #frame: number
  #file: number | null = null

  /** @param path That of the database. */
  constructor(db: DatabaseSync, statements: Statements, path: string) {
    this.#db = db
    this.#statements = statements
    this.#path = `${path}-wal`
    const { page_size } = db.prepare('PRAGMA page_size').get() as { page_size: number }
    this.#frame = FRAME_HEADER + page_size
  }

  /** After a commit has been told. */
  committed(): void {
    this.#attempt(() => {
      const written = this.#copied(PAGES_MAX)
      this.#makeRoom(LOG_HEADER + written * this.#frame)
    })
  }

  /** When nothing else is to do. */
  atRest(): void {
    this.#attempt(() => this.#copied(PAGES_AT_REST))
  }

  /** Before the database is closed, which deletes the log. */
  close(): void {
    if (this.#file !== null) closeSync(this.#file)
    this.#file = null
  }

  /** Copies the log when it has so many pages that the database does not have; says how many were written to it. */
  #copied(pagesMin: number): number {
    const state = this.#statements.of('PRAGMA wal_checkpoint(NOOP)').get()
    const { log, checkpointed } = state as { log: number; checkpointed: number }
    if (log - checkpointed >= pagesMin) this.#db.exec('PRAGMA wal_checkpoint(PASSIVE)')
    return log
  }

  /**
   * Adds zeros behind all that was ever written, never over it. Where it reads the log, SQLite stops at a frame
   * that none of its commits has written.
   */
  #makeRoom(written: number): void {
    this.#file ??= openSync(this.#path, constants.O_WRONLY | constants.O_APPEND)
    if (fstatSync(this.#file).size - written < ROOM_MIN) writeSync(this.#file, ROOM)
  }

  /** What was not copied stays in the log, and is read from there; without room it grows as it is written. */
  #attempt(work: () => void): void {
    try {
      work()
    } catch {
      // The disk is full or failing, or somebody reads: the next time it is tried again.
    }
  }
}
