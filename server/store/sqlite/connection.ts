// Opens the database's two connections, one that writes and one that only reads committed state; refuses
// files and versions that cannot be trusted; and turns SQLite's errors into StoreErrors.
import { DatabaseSync, type DatabaseSyncOptions } from 'node:sqlite'
import { StoreError } from '../../errors.ts'
import { recover } from './journal.ts'
import { MIGRATIONS } from './migrations.ts'

/** "Rcal": marks a database as one of ours. */
const APPLICATION_ID = 0x5263616c

/**
 * What the log is cut to, in bytes, when it is used again from its front. It must hold what is written before it is
 * copied, or it would have to grow again each time.
 */
const LOG_BYTES_MAX = 2 ** 27

/** https://sqlite.org/rescode.html */
const SQLITE_BUSY = 5

/**
 * Opens the database for writing, creates it when there is none, and brings it up to date: its schema, and the rows
 * that its journal tells of.
 */
export function openWriter(path: string, pageCountMax: number | null): DatabaseSync {
  return opened(path, { timeout: 1_000, defensive: true }, db => {
    checkVersion(value(db, 'SELECT sqlite_version()') as string)
    checkOrigin(db, path)
    db.exec('PRAGMA journal_mode = WAL')
    db.exec('PRAGMA synchronous = FULL')
    db.exec(`PRAGMA journal_size_limit = ${LOG_BYTES_MAX}`)
    // Whoever writes copies the log into the database when there is time for it.
    db.exec('PRAGMA wal_autocheckpoint = 0')
    db.exec('PRAGMA cache_size = -32768')
    if (pageCountMax !== null) db.exec(`PRAGMA max_page_count = ${Math.trunc(pageCountMax)}`)
    migrate(db, path)
    recover(db)
  })
}

/** Opens it for reading only: what the writer has not committed cannot be seen here. */
export function openReader(path: string): DatabaseSync {
  return opened(path, { readOnly: true, timeout: 1_000 }, db => {
    checkOrigin(db, path)
    const version = schemaVersion(db, path)
    if (version < MIGRATIONS.length) {
      throw new StoreError(
        `${path} has schema version ${version}, and this Rollcall reads version ${MIGRATIONS.length}; serve it once to bring it up to date`,
      )
    }
    db.exec('PRAGMA cache_size = -16384')
    db.exec('PRAGMA temp_store = MEMORY')
  })
}

/**
 * Refuses the SQLite versions whose WAL can be corrupted when two connections write or checkpoint at once.
 *
 * @throws {StoreError} for 3.7.0 to 3.51.2.
 * @see https://sqlite.org/wal.html, "The WAL-Reset Bug".
 */
export function checkVersion(version: string): void {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  if (major > 3 || (major === 3 && (minor > 51 || (minor === 51 && patch >= 3)))) return
  throw new StoreError(
    `this Node.js contains SQLite ${version}, which can corrupt its log; 3.51.3 or later is safe`,
  )
}

/** Runs what touches the database, and names a failure of SQLite's as the store's. */
export function guarded<T>(doing: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw asStoreError(doing, error)
  }
}

/** SQLite's codes for a row that its table refuses, by constraint or by type: the row is at fault. */
const ROW_REFUSED = new Set([19, 20])

/**
 * An error of SQLite as a StoreError with its cause; any other error as it is, and so is that of a row
 * which breaks its table's rules: tried again, it would fail again.
 */
export function asStoreError(doing: string, error: unknown): unknown {
  if (!isSqliteError(error) || ROW_REFUSED.has(error.errcode & 0xff)) return error
  const more = error.message === error.errstr ? '' : ` (${error.message})`
  return new StoreError(`${doing}: ${error.errstr}${more}`, error)
}

function opened(
  path: string,
  options: DatabaseSyncOptions,
  prepare: (db: DatabaseSync) => void,
): DatabaseSync {
  return guarded(`the database ${path} cannot be used`, () => {
    const db = new DatabaseSync(path, options)
    try {
      prepare(db)
      return db
    } catch (error) {
      db.close()
      throw error
    }
  })
}

/** Reads the file's header and schema, which fails for a damaged one, and refuses a stranger's database. */
function checkOrigin(db: DatabaseSync, path: string): void {
  const application = value(db, 'PRAGMA application_id')
  const tables = value(db, 'SELECT count(*) FROM sqlite_schema')
  if (application !== APPLICATION_ID && tables !== 0) {
    throw new StoreError(`${path} is the database of another program`)
  }
}

/** How many steps of the schema a database has taken. */
function schemaVersion(db: DatabaseSync, path: string): number {
  const version = value(db, 'PRAGMA user_version') as number
  if (version <= MIGRATIONS.length) return version
  throw new StoreError(
    `${path} has schema version ${version}; this Rollcall knows versions up to ${MIGRATIONS.length}, so a later one wrote it`,
  )
}

function migrate(db: DatabaseSync, path: string): void {
  const version = schemaVersion(db, path)
  for (const [index, step] of MIGRATIONS.entries()) {
    if (index < version) continue
    db.exec('BEGIN IMMEDIATE')
    db.exec(step)
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}`)
    db.exec(`PRAGMA user_version = ${index + 1}`)
    db.exec('COMMIT')
  }
}

function value(db: DatabaseSync, sql: string): unknown {
  return Object.values(db.prepare(sql).get() ?? {})[0]
}

/** Whether another connection holds the lock that was asked for. */
export function isBusy(error: unknown): boolean {
  return isSqliteError(error) && error.errcode === SQLITE_BUSY
}

function isSqliteError(error: unknown): error is Error & { errcode: number; errstr: string } {
  return error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR'
}
