// When rows catch up with a real journal: before a reader is told, never in part while somebody reads, between
// commits otherwise, and not at all where they cannot be written.
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { describe, type TestContext, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { Task } from '../../../machines/index.ts'
import { CatchUp } from '../../../server/store/sqlite/catch-up.ts'
import { openReader, openWriter } from '../../../server/store/sqlite/connection.ts'
import { Journal, pendingRows } from '../../../server/store/sqlite/journal.ts'
import { Entry, type EntryText } from '../../../server/store/sqlite/journal-entry.ts'
import { Statements } from '../../../server/store/sqlite/statements.ts'
import { temporaryFolder } from '../../support/temp.ts'
import { task } from './builders.ts'

/** Changes that a reader waits for at once, and that may wait while somebody reads now and then. */
const FEW = 4_096
const MUCH = 10_000
/** How long a reader counts, in ms. */
const READ_MS = 10_000
/** How long it waits for a transaction that is written in part when little waits, in ms. */
const END_MS = 50
/** Changes and new tasks that may wait while nobody reads. */
const CHANGES_MAX = 327_680
const NEW_MAX = 131_072
/** Changes between two looks that rows keep up with, and how far these are apart, in ms. */
const KEPT_UP_MAX = 256
const LOOKED_EVERY_MS = 25
/** Changes that may wait while rows cannot be written. */
const STUCK_MAX = 524_288
/** As in a transaction. */
const ENTRY_MAX = 16

/** What a reader was told, and the rows that it saw then. */
interface Held {
  reader: number
  isHeld: boolean
  rows: number
}

/** A database with its journal, who catches up, and somebody who looks at what is committed. */
class Bench {
  readonly db: DatabaseSync
  readonly journal: Journal
  readonly catchUp: CatchUp
  readonly look: DatabaseSync
  readonly applied: number[] = []
  readonly held: Held[] = []
  readonly #told = new EventEmitter()
  #transaction = 0

  constructor(folder: string) {
    const path = join(folder, 'rollcall.db')
    this.db = openWriter(path, null)
    this.look = openReader(path)
    this.journal = new Journal(this.db, new Statements(this.db))
    this.catchUp = new CatchUp({
      db: this.db,
      journal: this.journal,
      onApplied: transaction => this.applied.push(transaction),
      onHeld: (reader, isHeld) => {
        this.held.push({ reader, isHeld, rows: this.rows })
        this.#told.emit(`${reader}`)
      },
    })
  }

  /** Commits what it is told of, as the writing thread does. */
  commit(...entries: EntryText[]): void {
    this.begin(...entries)
    this.end()
  }

  begin(...entries: EntryText[]): void {
    this.catchUp.assertRoom()
    this.#transaction += 1
    this.db.exec('BEGIN IMMEDIATE')
    for (const entry of entries) this.journal.append(entry, this.#transaction)
  }

  end(): void {
    this.db.exec('COMMIT')
    this.catchUp.committed(this.journal.committed(this.#transaction))
  }

  /** Asks for a reader, and resolves when that is told. */
  async hold(reader: number): Promise<Held> {
    const told = once(this.#told, `${reader}`)
    this.catchUp.hold(reader)
    await told
    return this.held.at(-1) as Held
  }

  /** Rows that are committed. */
  get rows(): number {
    return this.#count('SELECT count(*) AS count FROM tasks')
  }

  /** Entries that are committed and not forgotten. */
  get entries(): number {
    return this.#count('SELECT count(*) AS count FROM journal')
  }

  /** Lets the database grow by so many pages; null: as it likes. */
  limitPages(more: number | null): void {
    const { page_count: pages } = this.db.prepare('PRAGMA page_count').get() as {
      page_count: number
    }
    this.db.exec(`PRAGMA max_page_count = ${more === null ? 1_000_000 : pages + more}`)
  }

  #count(sql: string): number {
    return this.look.prepare(sql).get()?.count as number
  }

  close(): void {
    // A reader that is never told, because a test failed, looks again for as long as much waits.
    this.catchUp.all()
    this.look.close()
    this.db.close()
  }
}

async function bench(t: TestContext): Promise<Bench> {
  const made = new Bench(await temporaryFolder(t))
  t.after(() => made.close())
  return made
}

/** Stops the clock; the answer moves it on. */
function stopClock(t: TestContext): (ms: number) => void {
  let nowMs = 0
  t.mock.method(performance, 'now', () => nowMs)
  return ms => {
    nowMs += ms
  }
}

/** Entries for so many tasks that are new. */
function news(count: number, fromSeq = 1, parts: Partial<Task> = {}): EntryText[] {
  return entries(count, (entry, nth) => entry.put(task(fromSeq + nth, 'waiting', parts), null, ''))
}

/** Entries for so many changes of the first tasks. */
function changes(count: number): EntryText[] {
  const before = task(1)
  return entries(count, (entry, nth) =>
    entry.put({ ...before, seq: 1 + (nth % ENTRY_MAX), attempt: 2 }, before, null),
  ).map(each => ({ ...each, rows: 0 }))
}

let lastId = 0

function entries(count: number, enter: (entry: Entry, nth: number) => void): EntryText[] {
  const made: EntryText[] = []
  for (let from = 0; from < count; from += ENTRY_MAX) {
    const to = Math.min(from + ENTRY_MAX, count)
    const entry = new Entry()
    for (let nth = from; nth < to; nth += 1) enter(entry, nth)
    lastId += 1
    made.push({ id: lastId, text: entry.text, changes: to - from, rows: to - from })
  }
  return made
}

describe('A reader is held', () => {
  test('at once when little waits, and then all rows are written', async t => {
    stopClock(t)
    const made = await filled(t, FEW)
    made.catchUp.hold(1)
    assert.deepEqual(made.held, [{ reader: 1, isHeld: true, rows: FEW }])
    assert.deepEqual([made.journal.changes, made.entries, made.applied], [0, 0, [1]])
  })

  test('where nothing waits', async t => {
    const made = await bench(t)
    made.catchUp.hold(1)
    assert.deepEqual(made.held, [{ reader: 1, isHeld: true, rows: 0 }])
  })

  test('when much waits, after all rows are written, those of a commit in between as well', async t => {
    stopClock(t)
    const made = await filled(t, MUCH)
    const told = made.hold(1)
    await setImmediate()
    const between = [made.held.length, made.rows > 0 && made.rows < MUCH]
    made.commit(...news(1, MUCH + 1))
    assert.deepEqual(between, [0, true])
    assert.deepEqual(await told, { reader: 1, isHeld: true, rows: MUCH + 1 })
    assert.deepEqual([made.journal.changes, made.applied.at(-1)], [0, 2])
  })

  test('when much waits, a slice at a time, and no commit has to wait for all of them', async t => {
    stopClock(t)
    const made = await filled(t, 4 * MUCH)
    const told = made.hold(1)
    made.commit(...news(1, 4 * MUCH + 1))
    const afterOne = made.rows
    await told
    assert.ok(afterOne < 2 * MUCH, `a commit in between wrote ${afterOne} rows`)
  })

  test('together with others who came while much was written', async t => {
    stopClock(t)
    const made = await filled(t, MUCH)
    const all = [made.hold(1), made.hold(2), made.hold(3)]
    assert.deepEqual(made.held, [])
    await Promise.all(all)
    const seen = made.held.map(({ reader, isHeld, rows }) => [reader, isHeld, rows])
    assert.deepEqual(
      seen,
      [1, 2, 3].map(reader => [reader, true, MUCH]),
    )
    made.catchUp.release()
    made.catchUp.release()
    made.commit(...news(1, MUCH + 1))
    assert.equal(made.catchUp.some(), false)
    assert.equal(made.rows, MUCH, 'one still reads')
    made.catchUp.release()
    made.catchUp.some()
    assert.equal(made.rows, MUCH + 1)
  })

  test('also while others read, when much waits: all rows are written then', async t => {
    stopClock(t)
    const made = await bench(t)
    await made.hold(1)
    made.commit(...news(MUCH))
    assert.deepEqual(await made.hold(2), { reader: 2, isHeld: true, rows: MUCH })
  })

  test('not after a while in which a transaction is written in part, when little waits', async t => {
    const pass = stopClock(t)
    const made = await filled(t, 3)
    made.begin(...news(1, 4))
    const told = made.hold(1)
    assert.deepEqual(made.held, [])
    pass(END_MS)
    assert.deepEqual(await told, { reader: 1, isHeld: false, rows: 0 })
    made.end()
    assert.deepEqual(await made.hold(2), { reader: 2, isHeld: true, rows: 4 })
  })

  test('after a transaction that is written in part when much waits', async t => {
    stopClock(t)
    const made = await filled(t, MUCH)
    made.begin(...news(1, MUCH + 1))
    const told = made.hold(1)
    await setImmediate()
    assert.deepEqual([made.held.length, made.rows], [0, 0])
    made.end()
    assert.deepEqual(await told, { reader: 1, isHeld: true, rows: MUCH + 1 })
  })
})

/** A bench with tasks that have no rows. */
async function filled(t: TestContext, count: number): Promise<Bench> {
  const made = await bench(t)
  made.commit(...news(count))
  assert.deepEqual([made.journal.changes, made.rows], [count, 0])
  return made
}

describe('While somebody reads', () => {
  const read = async (t: TestContext) => {
    const pass = stopClock(t)
    const made = await filled(t, 3)
    await made.hold(1)
    return { made, pass }
  }

  test('not some of the rows are written, however much time passes or waits', async t => {
    const { made, pass } = await read(t)
    pass(READ_MS)
    made.commit(...news(MUCH, 4))
    assert.equal(made.catchUp.some(), false)
    assert.deepEqual([made.rows, made.journal.changes], [3, MUCH])
  })

  test('all of them may be, for another reader', async t => {
    const { made } = await read(t)
    made.commit(...news(2, 4))
    made.catchUp.hold(2)
    assert.deepEqual(made.held.at(-1), { reader: 2, isHeld: true, rows: 5 })
  })

  test('all of them may be, at the end', async t => {
    const { made } = await read(t)
    made.commit(...news(MUCH, 4))
    assert.equal(made.catchUp.all(), true)
    assert.equal(made.rows, MUCH + 3)
  })

  test('what waits is written when the last one has ended', async t => {
    const { made } = await read(t)
    await made.hold(2)
    made.commit(...news(2, 4))
    made.catchUp.release()
    assert.deepEqual([made.catchUp.some(), made.rows], [false, 3])
    made.catchUp.release()
    made.catchUp.some()
    assert.equal(made.rows, 5)
  })
})

describe('Rows are written with a commit', () => {
  test('when some time has passed since the last ones', async t => {
    const pass = stopClock(t)
    const made = await filled(t, 3)
    pass(LOOKED_EVERY_MS)
    made.commit(...news(1, 4))
    assert.deepEqual([made.rows, made.applied], [4, [2]])
    made.commit(...news(1, 5))
    assert.equal(made.rows, 4)
  })

  test('when no more came meanwhile than they keep up with, also what waits from before', async t => {
    const pass = stopClock(t)
    const made = await filled(t, KEPT_UP_MAX)
    const came: number[] = []
    for (const count of [1, KEPT_UP_MAX, KEPT_UP_MAX + 1, 1]) {
      pass(LOOKED_EVERY_MS)
      made.commit(...news(count, made.journal.brought + 1))
      came.push(made.rows)
    }
    assert.deepEqual(came, [0, KEPT_UP_MAX, KEPT_UP_MAX, 2 * KEPT_UP_MAX])
  })

  test('also when commits are further apart than looks, and bring as much for the time', async t => {
    const pass = stopClock(t)
    const made = await bench(t)
    for (let nth = 0; nth < 5; nth += 1) {
      pass(2 * LOOKED_EVERY_MS)
      made.commit(...news(KEPT_UP_MAX + 1, made.journal.brought + 1))
    }
    assert.equal(made.journal.changes, 0)
    assert.equal(made.rows, 5 * (KEPT_UP_MAX + 1))
  })

  test('as soon as many new tasks wait', async t => {
    stopClock(t)
    const made = await filled(t, NEW_MAX)
    made.commit(...news(1, NEW_MAX + 1))
    assert.ok(made.rows > 0 && made.journal.rows <= NEW_MAX, `${made.rows} rows`)
  })

  test('so many that what waits does not grow, however much each one brings', async t => {
    stopClock(t)
    const made = await filled(t, NEW_MAX)
    const waiting: number[] = []
    for (let nth = 0; nth < 5; nth += 1) {
      made.commit(...news(MUCH, NEW_MAX + 1 + nth * MUCH))
      waiting.push(made.journal.changes)
    }
    assert.ok(
      waiting.every(changes => changes <= NEW_MAX),
      waiting.join(),
    )
  })

  test('as soon as many changes wait', async t => {
    stopClock(t)
    const made = await bench(t)
    made.commit(...news(ENTRY_MAX))
    made.commit(...changes(CHANGES_MAX - ENTRY_MAX))
    assert.deepEqual([made.journal.changes, made.rows], [CHANGES_MAX, 0])
    made.commit(...changes(1))
    assert.ok(made.journal.changes <= CHANGES_MAX, `${made.journal.changes} changes`)
    assert.equal(made.rows, ENTRY_MAX)
  })

  test('as soon as more than a few wait and somebody has read lately, and again later when not', async t => {
    const pass = stopClock(t)
    const made = await bench(t)
    await made.hold(1)
    pass(READ_MS)
    made.catchUp.release()
    pass(READ_MS - 1)
    made.commit(...news(MUCH))
    // Some with the commit, and the rest behind whatever comes.
    for (let turn = 0; turn < MUCH && made.journal.changes > FEW; turn += 1) await setImmediate()
    const lately = made.journal.changes
    made.catchUp.all()
    pass(1)
    made.commit(...news(MUCH, MUCH + 1))
    assert.ok(lately <= FEW, `${lately} changes while somebody has read lately`)
    assert.ok(made.journal.changes > FEW, `${made.journal.changes} changes later`)
  })

  test('that changes no task, and nothing is to be written: it is told at once', async t => {
    stopClock(t)
    const made = await bench(t)
    made.commit()
    made.commit(...news(1))
    made.commit()
    assert.deepEqual(made.applied, [1], 'the second waits, and so does the third')
    made.catchUp.all()
    assert.deepEqual(made.applied, [1, 3])
  })
})

describe('What cannot be written', () => {
  /** One whose journal found room, and the rows of its tasks do not. */
  const full = async (t: TestContext, count = 400) => {
    stopClock(t)
    const made = await bench(t)
    // Tags are in the row and, once more, in their index.
    const tags = Array.from({ length: 20 }, (_, nth) => `${nth}`.padEnd(30, 'x'))
    const told = news(count, 1, { tags })
    made.commit(...told)
    made.limitPages(0)
    return { made, told }
  }

  test('stays in the journal, and a reader is told so', async t => {
    const { made, told } = await full(t)
    made.catchUp.hold(1)
    assert.deepEqual(made.held, [{ reader: 1, isHeld: false, rows: 0 }])
    assert.deepEqual([made.entries, made.journal.changes], [told.length, 400])
    assert.deepEqual([made.catchUp.all(), made.catchUp.some(), made.applied], [false, false, []])
    assert.equal(pendingRows(made.look).size, 400)
    assert.equal(made.db.isTransaction, false)
  })

  test('stays there when much waits, and a reader is told so as well', async t => {
    const { made } = await full(t, MUCH)
    const { isHeld } = await made.hold(1)
    assert.equal(isHeld, false)
    assert.equal(made.rows + pendingRows(made.look).size, MUCH)
  })

  test('keeps no other reader from being held once there is room', async t => {
    const { made } = await full(t)
    made.catchUp.hold(1)
    made.limitPages(null)
    made.catchUp.hold(2)
    assert.deepEqual(made.held.at(-1), { reader: 2, isHeld: true, rows: 400 })
    assert.deepEqual([made.entries, made.applied], [0, [1]])
    made.catchUp.release()
    made.commit(...news(1, 401))
    made.catchUp.some()
    assert.equal(made.rows, 401, 'the one that was not held does not read')
  })

  test('stops no commit until it is too much, which is refused until there is room', async t => {
    const { made } = await full(t)
    made.catchUp.some()
    made.limitPages(2)
    const [much, more] = [...changes(1), ...changes(1)] as [EntryText, EntryText]
    // It may say that it tells of more than it does: as many would be too large for a test.
    made.commit({ ...much, changes: STUCK_MAX - 400 })
    assert.equal(made.journal.changes, STUCK_MAX)
    made.commit(more)
    assert.throws(() => made.commit(...changes(1)), /database or disk is full/)
    assert.deepEqual([made.db.isTransaction, made.journal.changes], [false, STUCK_MAX + 1])
    made.limitPages(null)
    made.commit(...changes(1))
    assert.ok(made.rows > 0)
  })
})
