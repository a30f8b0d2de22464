// The thread that writes: it takes the parts of transactions in order, and says which have landed. Rows of tasks
// follow later: when nothing else is to do, when somebody wants to read them, or when too many wait.
import type { DatabaseSync } from 'node:sqlite'
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { openWriter } from './connection.ts'
import { Journal } from './journal.ts'
import { Statements } from './statements.ts'
import type { FromWriter, Part, ToWriter, WriterOptions } from './writer.ts'

/** Rows that share a commit at most, unless one transaction has more. */
const ROWS_MAX = 20_000

/** Changes of tasks that wait to be written as rows, before they are in between; a task may have several. */
const WAITING_MAX = 131_072
/** How many of them are then taken together. */
const TAKEN_MAX = 65_536
/** Rows that are written at once, in a commit of their own, while others wait for theirs. */
const WRITTEN_MAX = 2_048
/** How long after the last ones some are written even though there is always something else to do, in ms. */
const WRITTEN_EVERY_MS = 250
/** Changes that may wait when rows cannot be written: with more, nothing is committed. */
const STUCK_MAX = 524_288

/**
 * Pages in the log from which on it is copied into the database: when nothing else is to do, or else after a
 * commit has been told. Pages that change again and again are copied once for many commits.
 */
const PAGES_AT_REST = 1_000
const PAGES_MAX = 32_000
/** How long nothing must have come for the thread to be at rest, in ms. */
const REST_MS = 100

const port = parentPort
if (port === null) throw new Error('the writing thread is started by the store alone')

let db: DatabaseSync
let statements: Statements
let journal: Journal
/** When rows were written last, in ms. */
let writtenMs = 0
/** How many read rows, so that not some of them may be written, but all or none. */
let holds = 0
/** That of the last part; parts of a lost era were handed over before a failure. */
let era = 0
let lostEra = -1
/** The last transaction that was written whole and is not committed. */
let written: number | null = null
let rows = 0
let rest: NodeJS.Timeout | undefined

port.on('message', take)

function open(): void {
  try {
    const { path, pageCountMax } = workerData as WriterOptions
    db = openWriter(path, pageCountMax)
    statements = new Statements(db)
    journal = new Journal(db, statements)
    tell({ opened: true })
  } catch (error) {
    tell({ failed: told(error), era: 0 })
  }
}

function take(first: ToWriter): void {
  for (let message: ToWriter | undefined = first; message !== undefined; ) {
    if ('close' in message) {
      close()
      return
    }
    if ('open' in message) open()
    else if ('hold' in message) hold(message.hold)
    else if ('release' in message) holds -= 1
    else if (message.era > lostEra) attempt(message)
    const next =
      rows < ROWS_MAX ? receiveMessageOnPort(port as NonNullable<typeof port>) : undefined
    message = next?.message as ToWriter | undefined
  }
  if (written !== null) attempt(null)
  clearTimeout(rest)
  rest = setTimeout(atRest, REST_MS)
}

/** Writes rows as long as nothing comes; then the log is copied. */
function atRest(): void {
  if (writeSome(Number.POSITIVE_INFINITY) && journal.size > 0) rest = setTimeout(atRest, 0)
  else copyLog(PAGES_AT_REST)
}

function close(): void {
  clearTimeout(rest)
  writeAll()
  db.close()
  port?.close()
}

/** Writes all rows that wait, and from then on all or none until this is released; says whether it could. */
function hold(number: number): void {
  if (written !== null) attempt(null)
  const held = writeAll()
  if (held) holds += 1
  tell({ held, hold: number })
}

/** Writes all rows of tasks that wait; says whether it could. */
function writeAll(): boolean {
  return writeRows(() => journal.applyAll())
}

/** Writes some of them, unless somebody reads; says whether it did. */
function writeSome(taken: number): boolean {
  return holds === 0 && writeRows(() => journal.applySome(WRITTEN_MAX, taken))
}

/** What could not be written stays in the journal, and waits for the next time. */
function writeRows(apply: () => void): boolean {
  if (db.isTransaction) return false
  if (journal.size === 0) return true
  try {
    apply()
  } catch {
    return false
  }
  writtenMs = performance.now()
  tell({ applied: journal.applied })
  return true
}

/** Takes a part, or commits when there is none. */
function attempt(part: Part | null): void {
  try {
    if (part === null) commit()
    else {
      era = part.era
      write(part)
    }
  } catch (error) {
    lostEra = era
    written = null
    rows = 0
    // Some failures, such as a full disk, have ended the transaction already.
    if (db.isTransaction) db.exec('ROLLBACK')
    journal.rolledBack()
    tell({ failed: told(error), era: lostEra })
  }
}

function write({ transaction, entries, size, runs, end }: Part): void {
  // One that comes in parts can be undone: it shares no commit with those before it.
  if (end === 'more' && written !== null) commit()
  if (end === 'undo') {
    // None of its parts came when the one before it is still to be committed.
    if (written === null && db.isTransaction) {
      db.exec('ROLLBACK')
      journal.rolledBack()
    }
    return
  }
  if (!db.isTransaction) {
    if (journal.size > STUCK_MAX) journal.applySome(WRITTEN_MAX, TAKEN_MAX)
    db.exec('BEGIN IMMEDIATE')
  }
  for (const { text, size } of entries) journal.append(text, size, transaction)
  for (const { sql, width, values } of runs) {
    const statement = statements.of(sql)
    for (let from = 0; from < values.length; from += width) {
      statement.run(...values.slice(from, from + width))
    }
  }
  rows += size
  if (end === 'commit') written = transaction
  else tell({ taken: transaction, era })
}

function commit(): void {
  db.exec('COMMIT')
  const landed = written as number
  written = null
  rows = 0
  tell({ landed })
  journal.committed(landed)
  if (journal.size === 0) tell({ applied: landed })
  else if (performance.now() - writtenMs >= WRITTEN_EVERY_MS) writeSome(TAKEN_MAX)
  while (journal.size > WAITING_MAX && writeSome(TAKEN_MAX));
  copyLog(PAGES_MAX)
}

/** Copies the log into the database when it has so many pages that are not there yet. */
function copyLog(pagesMin: number): void {
  try {
    const state = statements.of('PRAGMA wal_checkpoint(NOOP)').get()
    const { log, checkpointed } = state as { log: number; checkpointed: number }
    if (log - checkpointed >= pagesMin) db.exec('PRAGMA wal_checkpoint(PASSIVE)')
  } catch {
    // What was not copied stays in the log, and is read from there; the next time it is tried again.
  }
}

function told(error: unknown): { message: string; errcode?: number; errstr?: string } {
  const { message, errcode, errstr } = error as Error & { errcode?: number; errstr?: string }
  return errcode === undefined ? { message } : { message, errcode, errstr: errstr ?? message }
}

function tell(message: FromWriter): void {
  port?.postMessage(message)
}
