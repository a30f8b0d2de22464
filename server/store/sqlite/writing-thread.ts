// The thread that writes: it takes the parts of transactions in order, and says which have landed.
import type { DatabaseSync } from 'node:sqlite'
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { openWriter, Statements } from './connection.ts'
import type { FromWriter, Part, ToWriter, WriterOptions } from './writer.ts'

/** Rows that share a commit at most, unless one transaction has more. */
const ROWS_MAX = 20_000

const port = parentPort
if (port === null) throw new Error('the writing thread is started by the store alone')

let db: DatabaseSync
let statements: Statements
/** That of the last part; parts of a lost era were handed over before a failure. */
let era = 0
let lostEra = -1
/** The last transaction that was written whole and is not committed. */
let written: number | null = null
let rows = 0

port.on('message', take)

function open(): void {
  try {
    const { path, pageCountMax } = workerData as WriterOptions
    db = openWriter(path, pageCountMax)
    statements = new Statements(db)
    tell({ opened: true })
  } catch (error) {
    tell({ failed: told(error), era: 0 })
  }
}

function take(first: ToWriter): void {
  for (let message: ToWriter | undefined = first; message !== undefined; ) {
    if ('close' in message) {
      db.close()
      port?.close()
      return
    }
    if ('open' in message) open()
    else if (message.era > lostEra) attempt(message)
    const next =
      rows < ROWS_MAX ? receiveMessageOnPort(port as NonNullable<typeof port>) : undefined
    message = next?.message as ToWriter | undefined
  }
  if (written !== null) attempt(null)
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
    tell({ failed: told(error), era: lostEra })
  }
}

function write({ transaction, runs, end }: Part): void {
  // One that comes in parts can be undone: it shares no commit with those before it.
  if (end === 'more' && written !== null) commit()
  if (end === 'undo') {
    if (db.isTransaction) db.exec('ROLLBACK')
    return
  }
  if (!db.isTransaction) db.exec('BEGIN IMMEDIATE')
  for (const { sql, width, values } of runs) {
    const statement = statements.of(sql)
    for (let from = 0; from < values.length; from += width) {
      statement.run(...values.slice(from, from + width))
    }
    rows += values.length / width
  }
  if (end === 'commit') written = transaction
  else tell({ taken: transaction, era })
}

function commit(): void {
  db.exec('COMMIT')
  const landed = written as number
  written = null
  rows = 0
  tell({ landed })
}

function told(error: unknown): { message: string; errcode?: number; errstr?: string } {
  const { message, errcode, errstr } = error as Error & { errcode?: number; errstr?: string }
  return errcode === undefined ? { message } : { message, errcode, errstr: errstr ?? message }
}

function tell(message: FromWriter): void {
  port?.postMessage(message)
}
