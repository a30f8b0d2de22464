// The write-ahead log and the room that it is given: what was committed is in it whatever stands behind.
import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, type TestContext, test } from 'node:test'
import { Log } from '../../../server/store/sqlite/log.ts'
import { Statements } from '../../../server/store/sqlite/statements.ts'
import { temporaryFolder } from '../../support/temp.ts'

const MIB = 1_048_576
/** A page and its header, in bytes. */
const FRAME = 4_120

/** A database with a log of its own, and a table of texts. */
class Bench {
  readonly folder: string
  readonly path: string
  readonly db: DatabaseSync
  readonly log: Log
  #copies = 0

  constructor(folder: string) {
    this.folder = folder
    this.path = join(folder, 'a.db')
    this.db = open(this.path)
    this.db.exec('CREATE TABLE texts (id INTEGER PRIMARY KEY, text TEXT)')
    this.log = new Log(this.db, new Statements(this.db), this.path)
  }

  /** Commits a text of so many bytes. */
  commit(bytes: number): void {
    insert(this.db, bytes)
    this.log.committed()
  }

  /** How long the log is, in bytes. */
  get size(): number {
    return statSync(`${this.path}-wal`).size
  }

  /** What of it was written, in bytes. */
  get written(): number {
    const { log } = this.db.prepare('PRAGMA wal_checkpoint(NOOP)').get() as { log: number }
    return 32 + log * FRAME
  }

  /** How many texts the next process finds when this one is killed now. */
  found(): number {
    this.#copies += 1
    const folder = join(this.folder, `copy ${this.#copies}`)
    mkdirSync(folder)
    for (const name of ['a.db', 'a.db-wal'])
      copyFileSync(join(this.folder, name), join(folder, name))
    const copy = new DatabaseSync(join(folder, 'a.db'))
    try {
      assert.deepEqual(
        { ...copy.prepare('PRAGMA integrity_check').get() },
        { integrity_check: 'ok' },
      )
      return count(copy)
    } finally {
      copy.close()
    }
  }

  close(): void {
    this.log.close()
    this.db.close()
  }
}

function open(path: string): DatabaseSync {
  const db = new DatabaseSync(path)
  db.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0')
  return db
}

function insert(db: DatabaseSync, bytes: number): void {
  db.prepare('INSERT INTO texts (text) VALUES (?)').run('x'.repeat(bytes))
}

function count(db: DatabaseSync): number {
  return (db.prepare('SELECT count(*) AS count FROM texts').get() as { count: number }).count
}

async function bench(t: TestContext): Promise<Bench> {
  const made = new Bench(await temporaryFolder(t))
  t.after(() => made.close())
  return made
}

describe('The log', () => {
  test('has room behind what was committed, without anything in it', async t => {
    const made = await bench(t)
    made.commit(10)
    const { size, written } = made
    assert.ok(size - written >= MIB, `${size} bytes, ${written} of them written`)
    const behind = readFileSync(`${made.path}-wal`).subarray(written)
    assert.ok(behind.every(byte => byte === 0))
  })

  test('does not grow while there is room, and grows before there is none', async t => {
    const made = await bench(t)
    made.commit(10)
    const { size } = made
    let commits = 0
    while (made.size === size) {
      assert.ok(made.written < size, 'a commit has made it longer by itself')
      made.commit(20_000)
      commits += 1
    }
    assert.ok(commits > 20, `${commits} commits`)
    assert.equal(made.size, size + MIB)
  })

  test('tells the next process all that was committed, and nothing else', async t => {
    const made = await bench(t)
    for (let commits = 1; commits <= 60; commits += 1) {
      made.commit(40_000)
      if (commits % 20 === 0) assert.equal(made.found(), commits)
    }
    made.db.exec('BEGIN')
    insert(made.db, 40_000)
    assert.equal(made.found(), 60)
    made.db.exec('ROLLBACK')
  })

  test('is given room behind a transaction that was larger than its room', async t => {
    const made = await bench(t)
    made.commit(10)
    made.commit(3 * MIB)
    assert.ok(made.size - made.written >= MIB)
    assert.equal(made.found(), 2)
  })

  test('keeps what another program commits meanwhile', async t => {
    const made = await bench(t)
    made.commit(10)
    const other = open(made.path)
    t.after(() => other.close())
    for (let round = 0; round < 20; round += 1) {
      insert(other, 100_000)
      made.commit(100_000)
    }
    assert.equal(made.found(), 41)
    assert.equal(count(other), 41)
  })

  test('is used again from its front once it is in the database', async t => {
    const made = await bench(t)
    for (let commits = 0; commits < 120; commits += 1) made.commit(40_000)
    const { size } = made
    assert.ok(made.written > 1_000 * FRAME)
    made.log.atRest()
    made.commit(40_000)
    assert.ok(made.written < size / 10, `${made.written} bytes were written to it`)
    assert.equal(made.size, size)
    assert.equal(made.found(), 121)
  })

  test('grows as it is written where it cannot be given room', async t => {
    const made = await bench(t)
    const elsewhere = new Log(made.db, new Statements(made.db), join(made.folder, 'no such.db'))
    for (let commits = 0; commits < 3; commits += 1) {
      insert(made.db, 40_000)
      elsewhere.committed()
    }
    assert.equal(made.size, made.written)
    assert.equal(made.found(), 3)
  })
})
