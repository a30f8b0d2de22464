// When the rows of tasks catch up with the journal: while nothing else is to do, when somebody wants to read
// them, or when too much waits. Commits go on in between, but not for long while somebody waits to read.
import type { DatabaseSync } from 'node:sqlite'
import type { Journal } from './journal.ts'

/**
 * Changes of tasks that may wait, new tasks among them, and the characters of their entries: until then they are
 * in memory, and after a crash the next process has to write them first.
 */
const CHANGES_MAX = 327_680
const NEW_MAX = 131_072
const CHARACTERS_MAX = 134_217_728
/** Changes that may wait while somebody reads now and then, in ms after the last time. */
const CHANGES_READ_MAX = 4_096
const READ_MS = 10_000
/** Changes that may wait when rows cannot be written: with more, nothing is committed. */
const CHANGES_STUCK_MAX = 524_288
/** When much waits, so many changes are taken together, and so many rows of them are written at once. */
const TAKEN_MAX = 16_384
const WRITTEN_MAX = 2_048
/**
 * Rows keep up with commits that bring so many changes at most between two looks, in ms: so many are written with
 * each then. Of what comes faster they would write little, and again when it changes next: it is left until it is
 * over, or too much.
 */
const KEPT_UP_MAX = 256
const LOOKED_EVERY_MS = 25
/** After a longer time more may have come, and more is written: as much as for so many looks at most. */
const LOOKS_MAX = 4
/** How long commits go on while a reader waits for much, in ms. */
const WAIT_MS = 100
/** How long it waits for a transaction that comes in parts when it is for little, and how often it looks, in ms. */
const END_MS = 50
const LOOK_MS = 2

export interface CatchUpParts {
  db: DatabaseSync
  journal: Journal
  /** Told for which transaction, and all before it, each row is written. */
  onApplied: (transaction: number) => void
  /** Told whether a reader's rows are written. */
  onHeld: (reader: number, isHeld: boolean) => void
}

export class CatchUp {
  readonly #db: DatabaseSync
  readonly #journal: Journal
  readonly #onApplied: (transaction: number) => void
  readonly #onHeld: (reader: number, isHeld: boolean) => void
  /** Readers that have not been told yet. */
  #waiting: number[] = []
  /** Since when the first of them waits, in ms. */
  #waitingMs = 0
  /** How many read, so that not some of the rows may be written, but all or none. */
  #reading = 0
  #readMs = Number.NEGATIVE_INFINITY
  /** When it was last looked at how much comes, and how much commits had brought by then. */
  #lookedMs = 0
  #broughtThen = 0
  #failure: unknown = null
  #isShrinking = false
  #isClosed = false

  constructor({ db, journal, onApplied, onHeld }: CatchUpParts) {
    this.#db = db
    this.#journal = journal
    this.#onApplied = onApplied
    this.#onHeld = onHeld
  }

  /** Why rows could not be written the last time; null: they could. */
  get failure(): unknown {
    return this.#failure
  }

  /** Before a transaction: refuses it when too much could not be written. @throws What SQLite says of it. */
  assertRoom(): void {
    if (this.#journal.changes > CHANGES_STUCK_MAX) this.#journal.applySome(WRITTEN_MAX, TAKEN_MAX)
  }

  /** After a commit that has brought so many changes. */
  committed(brought: number): void {
    if (this.#journal.changes === 0) this.#onApplied(this.#journal.applied)
    else if (this.#isTooMuch) this.#shrink(brought)
    else this.#keepUp()
  }

  /** No more is written: the database is about to be closed. */
  close(): void {
    this.#isClosed = true
    for (const reader of this.#waiting) this.#onHeld(reader, false)
    this.#waiting = []
  }

  #keepUp(): void {
    const nowMs = performance.now()
    const looks = (nowMs - this.#lookedMs) / LOOKED_EVERY_MS
    if (looks < 1) return
    const { brought } = this.#journal
    const limit = Math.floor(KEPT_UP_MAX * Math.min(looks, LOOKS_MAX))
    if (brought - this.#broughtThen <= KEPT_UP_MAX * looks) this.#some(limit, limit)
    this.#lookedMs = nowMs
    this.#broughtThen = brought
  }

  /** Writes more than most commits bring, and goes on between them as long as it is too much. */
  #shrink(brought: number): void {
    // After large ones there may be no time in between: the next part comes before it is looked again.
    const limit = brought > WRITTEN_MAX ? TAKEN_MAX : WRITTEN_MAX
    if (!this.#isTooMuch || !this.#some(limit, TAKEN_MAX) || this.#isShrinking) return
    this.#isShrinking = true
    setImmediate(() => {
      this.#isShrinking = false
      if (!this.#isClosed) this.#shrink(0)
    })
  }

  /** Writes some rows; says whether there are more of them. */
  some(): boolean {
    return this.#some(WRITTEN_MAX, WRITTEN_MAX) && this.#journal.changes > 0
  }

  /** Writes all rows; says whether it could. */
  all(): boolean {
    return this.#write(() => this.#journal.applyAll())
  }

  /** Writes all rows for a reader, and from when that is told on all or none until it is released. */
  hold(reader: number): void {
    this.#readMs = performance.now()
    this.#waiting.push(reader)
    if (this.#waiting.length > 1) return
    this.#waitingMs = this.#readMs
    this.#serve()
  }

  release(): void {
    this.#reading -= 1
    this.#readMs = performance.now()
  }

  #serve(): void {
    if (this.#isClosed) return
    const isMuch = this.#journal.changes > CHANGES_READ_MAX
    const waitedMs = performance.now() - this.#waitingMs
    if (this.#db.isTransaction && (isMuch || waitedMs < END_MS)) {
      setTimeout(() => this.#serve(), LOOK_MS)
      return
    }
    if (isMuch && waitedMs < WAIT_MS && this.#some(WRITTEN_MAX, TAKEN_MAX)) {
      setImmediate(() => this.#serve())
      return
    }
    const isHeld = this.all()
    for (const reader of this.#waiting) {
      if (isHeld) this.#reading += 1
      this.#onHeld(reader, isHeld)
    }
    this.#waiting = []
  }

  get #isTooMuch(): boolean {
    const { changes, rows, characters } = this.#journal
    const isRead = performance.now() - this.#readMs < READ_MS
    if (rows > NEW_MAX || characters > CHARACTERS_MAX) return true
    return changes > (isRead ? CHANGES_READ_MAX : CHANGES_MAX)
  }

  #some(limit: number, taken: number): boolean {
    return this.#reading === 0 && this.#write(() => this.#journal.applySome(limit, taken))
  }

  /** What cannot be written stays in the journal, and waits for the next time. */
  #write(apply: () => void): boolean {
    if (this.#db.isTransaction) return false
    if (this.#journal.changes === 0) return true
    try {
      apply()
    } catch (error) {
      this.#failure = error
      return false
    }
    this.#failure = null
    this.#onApplied(this.#journal.applied)
    return true
  }
}
