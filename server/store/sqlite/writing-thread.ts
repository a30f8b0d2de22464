// The thread that writes: it takes the parts of transactions in order, and says which have landed. Rows of tasks
// follow later.
import type { DatabaseSync } from 'node:sqlite'
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { CatchUp } from './catch-up.ts'
import { openWriter } from './connection.ts'
import { Journal } from './journal.ts'
import { Log } from './log.ts'
import { Statements } from './statements.ts'
import type { FromWriter, Part, ToWriter, WriterOptions } from './writer.ts'

/** Rows that share a commit at most, unless one transaction has more. */
const ROWS_MAX = 20_000

/** How long nothing must have come for the thread to be at rest, in ms. */
const REST_MS = 100

const port = parentPort
if (port === null) throw new Error('the writing thread is started by the store alone')

let db: DatabaseSync
let statements: Statements
let journal: Journal
let catchUp: CatchUp
let log: Log
/** That of the last part; parts of a lost era were handed over before a failure. */
let era = 0
let lostEra = -1
/** The last transaction that was written whole and is not committed. */
let written: number | null = null
let rows = 0
let rest: NodeJS.Timeout | undefined

port.on('message', take)

/** Opens the database; says whether it could. */
function open(): boolean {
  try {
    const { path, pageCountMax } = workerData as WriterOptions
    db = openWriter(path, pageCountMax)
    statements = new Statements(db)
    journal = new Journal(db, statements)
    log = new Log(db, statements, path)
    catchUp = new CatchUp({
      db,
      journal,
      onApplied: applied => tell({ applied }),
      onHeld: (hold, held) => {
        const { failure } = catchUp
        tell({ held, hold, ...(failure !== null && { failure: told(failure) }) })
      },
    })
    tell({ opened: true })
    return true
  } catch (error) {
    tell({ failed: told(error), era: 0 })
    port?.close()
    return false
  }
}

function take(first: ToWriter): void {
  for (let message: ToWriter | undefined = first; message !== undefined; ) {
    if ('close' in message) {
      close()
      return
    }
    if ('open' in message) {
      if (!open()) return
    } else if ('hold' in message) hold(message.hold)
    else if ('release' in message) catchUp.release()
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
  if (catchUp.some()) rest = setTimeout(atRest, 0)
  else log.atRest()
}

function close(): void {
  clearTimeout(rest)
  catchUp.all()
  catchUp.close()
  log.close()
  db.close()
  port?.close()
}

/** What was handed over before is committed first: the reader may have been told of it. */
function hold(reader: number): void {
  if (written !== null) attempt(null)
  catchUp.hold(reader)
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
    catchUp.assertRoom()
    db.exec('BEGIN IMMEDIATE')
  }
  for (const entry of entries) journal.append(entry, transaction)
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
  catchUp.committed(journal.committed(landed))
  log.committed()
}

function told(error: unknown): { message: string; errcode?: number; errstr?: string } {
  const { message, errcode, errstr } = error as Error & { errcode?: number; errstr?: string }
  return errcode === undefined ? { message } : { message, errcode, errstr: errstr ?? message }
}

function tell(message: FromWriter): void {
  port?.postMessage(message)
}
