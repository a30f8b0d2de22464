// What commits say of tasks is durable in the journal at once; the rows of the tasks follow, many at a time.
// Rows and journal together are what is committed. A list of tasks is read when the journal is empty, or with
// what is in it laid over the rows.
import type { DatabaseSync } from 'node:sqlite'
import type { EntrySize, EntryText } from './journal-entry.ts'
import { PendingRows, writeRow } from './pending-rows.ts'
import { Statements } from './statements.ts'

/** Exported for the test that looks at their query plans. */
export const JOURNAL = {
  append: 'INSERT INTO journal (id, entry) VALUES (?, ?)',
  read: 'SELECT entry FROM journal WHERE id = ?',
  entries: 'SELECT id, entry FROM journal ORDER BY id',
  forget: 'DELETE FROM journal WHERE id < ?',
}

/** How long entries may be that are taken together, but for the last: their rows are in memory at once. */
const TAKEN_CHARACTERS = 16_777_216

/** An entry without its text, which is read again when its turn comes. */
interface Entry extends EntrySize {
  id: number
  characters: number
  transaction: number
}

export class Journal {
  readonly #db: DatabaseSync
  readonly #statements: Statements
  #lastId = 0
  /** The last transaction that is committed. */
  #committed = 0
  /** Entries that are not committed. */
  #staged: Entry[] = []
  /** Entries that are, of which nothing is in the rows. */
  #entries: Entry[] = []
  /** What those tell of, in sum. */
  readonly #told = { changes: 0, rows: 0, characters: 0 }
  /** Changes that commits have brought in all. */
  brought = 0
  /** What the entries before those told of and is not in the rows. */
  readonly #pending = new PendingRows()

  /** @param db Its journal is empty. */
  constructor(db: DatabaseSync, statements: Statements) {
    this.#db = db
    this.#statements = statements
  }

  /** Changes of tasks that are not in their rows; those of one task may count as one. */
  get changes(): number {
    return this.#pending.size + this.#told.changes
  }

  /** Tasks that have no row yet, without those whose row is next. */
  get rows(): number {
    return this.#told.rows
  }

  /** How long the entries are that tell of those, without those whose rows are next. */
  get characters(): number {
    return this.#told.characters
  }

  /** The last transaction for which, as for all before it, each row has been written. */
  get applied(): number {
    const oldest = this.#pending.oldest ?? this.#entries[0]
    return oldest === undefined ? this.#committed : oldest.transaction - 1
  }

  /** Adds an entry to the transaction under way. */
  append({ id, text, changes, rows }: EntryText, transaction: number): void {
    this.#statements.of(JOURNAL.append).run(id, text)
    this.#lastId = id
    this.#staged.push({ id, transaction, changes, rows, characters: text.length })
  }

  /** Takes note that everything up to a transaction has been committed; says how many changes that brought. */
  committed(transaction: number): number {
    const before = this.brought
    this.#committed = transaction
    for (const entry of this.#staged) {
      this.#entries.push(entry)
      this.brought += entry.changes
      this.#told.changes += entry.changes
      this.#told.rows += entry.rows
      this.#told.characters += entry.characters
    }
    this.#staged = []
    return this.brought - before
  }

  /** Takes note that the transaction under way was rolled back. */
  rolledBack(): void {
    this.#staged = []
  }

  /** Writes and commits all rows. No transaction is under way. */
  applyAll(): void {
    this.#take(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)
    this.#apply(Number.POSITIVE_INFINITY)
  }

  /**
   * Writes and commits some of the rows, those first that entries have told of for longest.
   *
   * @param limit How many rows at most.
   * @param taken How many changes are taken together: those of the same task are written once.
   */
  applySome(limit: number, taken: number): void {
    if (this.#pending.size === 0) this.#take(taken, TAKEN_CHARACTERS)
    this.#apply(limit)
  }

  #take(changesMax: number, charactersMax: number): void {
    const read = this.#statements.of(JOURNAL.read)
    let count = 0
    let left = changesMax
    let room = charactersMax
    for (; count < this.#entries.length && left > 0 && room > 0; count += 1) {
      const { id, transaction, changes, rows, characters } = this.#entries[count] as Entry
      this.#pending.add(read.get(id)?.entry as string, id, transaction)
      this.#told.changes -= changes
      this.#told.rows -= rows
      this.#told.characters -= characters
      left -= changes
      room -= characters
    }
    this.#entries = this.#entries.slice(count)
  }

  #apply(limit: number): void {
    const waiting = this.#pending.first(limit + 1)
    const rows = waiting.slice(0, limit)
    if (rows.length === 0) return
    const nextId = waiting[limit]?.entryId ?? this.#entries[0]?.id ?? this.#lastId + 1
    const statements = this.#statements
    inTransaction(this.#db, () => {
      // First, so that rows have the room of what they were told by.
      statements.of(JOURNAL.forget).run(nextId)
      for (const row of rows) writeRow(statements, row, false)
    })
    this.#pending.drop(rows)
  }
}

/** Writes the rows that were told of when the last process ended, and empties the journal. */
export function recover(db: DatabaseSync): void {
  const statements = new Statements(db)
  for (;;) {
    const pending = new PendingRows()
    let lastId = 0
    let room = TAKEN_CHARACTERS
    for (const { id, entry } of statements.of(JOURNAL.entries).iterate()) {
      lastId = id as number
      pending.add(entry as string, lastId, 0)
      room -= (entry as string).length
      if (room <= 0) break
    }
    if (lastId === 0) return
    inTransaction(db, () => {
      statements.of(JOURNAL.forget).run(lastId + 1)
      for (const row of pending.first(pending.size)) writeRow(statements, row, true)
    })
  }
}

/** What the journal that a connection sees tells of. */
export function pendingRows(db: DatabaseSync): PendingRows {
  const pending = new PendingRows()
  for (const { id, entry } of db.prepare(JOURNAL.entries).iterate())
    pending.add(entry as string, id as number, 0)
  return pending
}

function inTransaction(db: DatabaseSync, work: () => void): void {
  db.exec('BEGIN IMMEDIATE')
  try {
    work()
    db.exec('COMMIT')
  } catch (error) {
    // Some failures, such as a full disk, have ended the transaction already.
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}
