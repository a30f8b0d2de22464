// The SQLite store against the contract, and what it promises about its folder.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { mkdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, type TestContext, test } from 'node:test'
import { StoreError } from '../../../server/errors.ts'
import { checkVersion } from '../../../server/store/sqlite/connection.ts'
import { type SqliteOptions, sqliteStore } from '../../../server/store/sqlite/store.ts'
import type { Store } from '../../../server/store/store.ts'
import { temporaryFolder } from '../../support/temp.ts'
import { commit, group, ids, load, puts, reservation, resource, task } from './builders.ts'
import { storeSuite } from './suite.ts'

async function opened(t: TestContext, folder: string, options: SqliteOptions = {}): Promise<Store> {
  const store = sqliteStore(folder, options)
  await store.open()
  t.after(() => store.close())
  return store
}

/** A process of its own that holds the folder, once it has said so. */
async function holder(t: TestContext, folder: string): Promise<ChildProcess> {
  const module = JSON.stringify(import.meta.resolve('../../../server/store/sqlite/store.ts'))
  const code = `
    const { sqliteStore } = await import(${module})
    const store = sqliteStore(process.argv[1])
    await store.open()
    await store.transaction(async tx => tx.apply([{ type: 'counters.set', seq: 1, place: 2, rev: 3 }]))
    console.log('holds')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  await once(child.stdout as NonNullable<typeof child.stdout>, 'data')
  return child
}

function refuses(folder: string, message: RegExp): Promise<void> {
  return assert.rejects(sqliteStore(folder).open(), (error: Error) => {
    assert.ok(error instanceof StoreError, String(error))
    assert.match(error.message, message)
    return true
  })
}

storeSuite(async t => opened(t, await temporaryFolder(t)))

describe('Without room in memory for a task', () => {
  storeSuite(async t => opened(t, await temporaryFolder(t), { tasksInMemory: 0 }))
})

describe('A folder', () => {
  test('is made when it is not there, with those above it', async t => {
    const folder = join(await temporaryFolder(t), 'a', 'b')
    await commit(await opened(t, folder), ...puts(task(1)))
  })

  test('that is a file is refused', async t => {
    const file = join(await temporaryFolder(t), 'file')
    await writeFile(file, '')
    await refuses(file, /cannot be made/)
  })

  test('whose lock or database cannot be opened says which and why', async t => {
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, 'rollcall.lock'), 'this is no database'.repeat(500))
    await refuses(folder, /cannot be locked: file is not a database/)
    const other = await temporaryFolder(t)
    await mkdir(join(other, 'rollcall.db'))
    await refuses(other, /rollcall\.db cannot be used: unable to open database file/)
    const third = await temporaryFolder(t)
    await mkdir(join(third, 'rollcall.lock'))
    await refuses(third, /cannot be locked: unable to open database file/)
  })

  test('keeps everything when it is closed and opened again', async t => {
    const folder = await temporaryFolder(t)
    const store = await opened(t, folder)
    const resources = [{ ...resource('r'), operation: 'read' as const }]
    const its = task(1, 'waiting', { groupId: 'g1', tags: ['a'], resources })
    await commit(store, ...puts(its, group(1), reservation(1, 'read')))
    await commit(store, { type: 'counters.set', seq: 1, place: 2, rev: 3 })
    await store.close()
    const again = await opened(t, folder)
    assert.deepEqual(await again.task('t1'), its)
    assert.equal(await ids(again, { tags: ['a'], states: 'unfinished' }), 't1')
    const slice = await load(again, { queues: [resource('r')], groups: ['g1'] })
    assert.deepEqual(
      [slice.counters.rev, slice.groups.size, [...slice.queues.values()]],
      [3, 1, [{ read: 1 }]],
    )
  })

  test('takes one store of a process at a time', async t => {
    const folder = await temporaryFolder(t)
    const store = await opened(t, folder)
    await refuses(
      folder,
      new RegExp(
        `^the folder ${folder} is in use by another Rollcall \\(process ${process.pid}\\)`,
      ),
    )
    await commit(store, ...puts(task(1)))
    await store.close()
    await opened(t, folder)
  })

  test('is refused to a second process, and free again when the first is killed', async t => {
    const folder = await temporaryFolder(t)
    const child = await holder(t, folder)
    await refuses(folder, new RegExp(`is in use by another Rollcall \\(process ${child.pid}\\)`))
    child.kill('SIGKILL')
    await once(child, 'exit')
    const store = await opened(t, folder)
    assert.equal(await store.rev(), 3)
  })

  test('that could not be opened is free again', async t => {
    const folder = await temporaryFolder(t)
    const file = join(folder, 'rollcall.db')
    await writeFile(file, 'this is no database'.repeat(500))
    await refuses(folder, /rollcall\.db cannot be used: file is not a database/)
    await writeFile(file, '')
    await opened(t, folder)
  })
})

describe('A database', () => {
  const written = async (t: TestContext) => {
    const folder = await temporaryFolder(t)
    const store = await opened(t, folder)
    await commit(store, ...puts(...Array.from({ length: 300 }, (_, index) => task(index + 1))))
    await store.close()
    return { folder, file: join(folder, 'rollcall.db') }
  }

  test('of a later Rollcall is refused and left as it is', async t => {
    const { folder, file } = await written(t)
    const later = new DatabaseSync(file)
    later.exec('PRAGMA user_version = 99')
    later.close()
    await refuses(folder, /schema version 99; this Rollcall knows versions up to \d+/)
  })

  test('of another program is refused and left as it is', async t => {
    const folder = await temporaryFolder(t)
    const other = new DatabaseSync(join(folder, 'rollcall.db'))
    other.exec('CREATE TABLE theirs (a)')
    other.close()
    const before = await readFile(join(folder, 'rollcall.db'))
    await refuses(folder, /another program/)
    assert.deepEqual(await readFile(join(folder, 'rollcall.db')), before)
  })

  test('that was cut off is refused', async t => {
    const { folder, file } = await written(t)
    await truncate(file, 3 * 4096)
    await refuses(folder, /cannot be used: database disk image is malformed/)
  })

  test('damaged inside is refused, or fails the reads that meet the damage, as a StoreError', async t => {
    const { folder, file } = await written(t)
    const bytes = await readFile(file)
    bytes.fill(0xff, bytes.length / 2)
    await writeFile(file, bytes)
    await assert.rejects(async () => ids(await opened(t, folder), {}), StoreError)
  })

  test('that can grow no more keeps what it has, and takes changes again when it can', async t => {
    const { folder } = await written(t)
    const full = await opened(t, folder, { pageCountMax: 100 })
    const large = task(301, 'finished', { result: 'x'.repeat(1_000_000) })
    await assert.rejects(commit(full, ...puts(large)), (error: Error) => {
      assert.ok(error instanceof StoreError && error.cause instanceof Error, String(error))
      assert.match(error.message, /database or disk is full/)
      return true
    })
    assert.equal(await full.task('t301'), null)
    await commit(full, ...puts(task(301)))
    assert.equal(await full.count({}), 301)
  })

  test('keeps its changes in a write-ahead log', async t => {
    const { file } = await written(t)
    const look = new DatabaseSync(file)
    t.after(() => look.close())
    assert.deepEqual({ ...look.prepare('PRAGMA journal_mode').get() }, { journal_mode: 'wal' })
  })
})

test('The log of a database has room behind what was committed', async t => {
  const folder = await temporaryFolder(t)
  const store = sqliteStore(folder)
  await store.open()
  t.after(() => store.close())
  await commit(store, ...puts(task(1)))
  // It is made once the commit has been told.
  await t.waitFor(() => {
    const { size } = statSync(join(folder, 'rollcall.db-wal'))
    assert.ok(size > 2 ** 20, `${size} bytes`)
  })
})

test('SQLite versions that can corrupt their log are refused', () => {
  for (const version of ['3.7.0', '3.46.1', '3.51.2'])
    assert.throws(() => checkVersion(version), StoreError)
  for (const version of ['3.51.3', '3.52.0', '3.53.4', '4.0.0']) checkVersion(version)
})
