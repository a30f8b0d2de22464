// A SQLite store that is opened for reading only: beside its owner, after its owner's death, and never
// with a trace.
import assert from 'node:assert/strict'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, type TestContext, test } from 'node:test'
import { sqliteStore } from '../../../server/store/sqlite/store.ts'
import type { Store } from '../../../server/store/store.ts'
import { temporaryFolder } from '../../support/temp.ts'
import { commit, event, group, ids, puts, task } from './builders.ts'

const FILES = ['rollcall.db', 'rollcall.db-wal']

async function filled(t: TestContext): Promise<{ folder: string; owner: Store }> {
  const folder = await temporaryFolder(t)
  const owner = sqliteStore(folder)
  await owner.open()
  t.after(() => owner.close())
  await commit(owner, ...puts(group(1), task(2, 'waiting', { groupId: 'g1' })))
  await commit(owner, { type: 'event.append', event: event(3, { groupId: 'g1', taskId: 't2' }) })
  return { folder, owner }
}

async function readOnly(t: TestContext, folder: string): Promise<Store> {
  const store = sqliteStore(folder, { readOnly: true })
  await store.open()
  t.after(() => store.close())
  return store
}

/** What a process that was killed leaves behind: no shared memory, and everything in the log. */
async function leftBehind(t: TestContext, folder: string): Promise<string> {
  const left = await temporaryFolder(t)
  for (const name of FILES) await cp(join(folder, name), join(left, name))
  return left
}

const contents = (folder: string) =>
  Promise.all(FILES.map(name => readFile(join(folder, name), 'hex')))

async function refused(folder: string, message: RegExp): Promise<void> {
  await assert.rejects(sqliteStore(folder, { readOnly: true }).open(), {
    code: 'RCL0022',
    message,
  })
}

describe('Opened for reading only, a store', () => {
  test('sees what its owner commits, and lets it go on', async t => {
    const { folder, owner } = await filled(t)
    const reader = await readOnly(t, folder)
    assert.equal(await ids(reader, { groupId: 'g1' }), 't2')
    await commit(owner, ...puts(task(4, 'waiting', { groupId: 'g1' })))
    assert.equal(await ids(reader, { groupId: 'g1' }), 't2 t4')
    const [line] = await reader.history({ groupId: 'g1', afterEventId: 0, limit: 9 })
    assert.equal(line?.taskId, 't2')
  })

  test('sees all that a killed process committed, and changes no byte of it', async t => {
    const { folder } = await filled(t)
    const left = await leftBehind(t, folder)
    const before = await contents(left)
    const reader = sqliteStore(left, { readOnly: true })
    await reader.open()
    assert.equal(await ids(reader, {}), 't2')
    await reader.close()
    assert.deepEqual(await contents(left), before)
  })

  test('leaves what a killed process left to its next owner', async t => {
    const { folder } = await filled(t)
    const left = await leftBehind(t, folder)
    const reader = await readOnly(t, left)
    const next = sqliteStore(left)
    await next.open()
    await commit(next, ...puts(task(5)))
    assert.equal(await ids(reader, {}), 't2 t5')
    await next.close()
    assert.equal(await ids(reader, {}), 't2 t5')
  })

  test('sees what was committed and is not in the rows yet', async t => {
    const { folder, owner } = await filled(t)
    const tags = ['a']
    await commit(owner, ...puts(task(4, 'waiting', { tags }), task(5, 'waiting', { tags })))
    await commit(owner, ...puts(task(2, 'finished', { groupId: 'g1' })))
    await commit(owner, { type: 'task.delete', taskId: 't4' })
    const reader = await readOnly(t, await leftBehind(t, folder))
    assert.equal(await ids(reader, { states: ['finished'], groupId: 'g1' }), 't2')
    assert.equal(await ids(reader, { tags }), 't5')
    assert.deepEqual(
      [(await reader.task('t2'))?.value, await reader.task('t4'), await reader.count({})],
      ['finished', null, 2],
    )
    const [line] = await reader.history({ taskId: 't2', afterEventId: 0, limit: 9 })
    assert.equal(line?.eventId, 3)
  })

  test('can be opened beside others like it', async t => {
    const { folder } = await filled(t)
    for (const reader of [await readOnly(t, folder), await readOnly(t, folder)]) {
      assert.equal((await reader.group('g1'))?.value, 'active.closed')
    }
  })

  test('takes no transaction', async t => {
    const { folder } = await filled(t)
    const reader = await readOnly(t, folder)
    await assert.rejects(commit(reader, ...puts(task(9))), { code: 'RCL0022' })
  })

  test('is not made where there is none', async t => {
    const folder = await temporaryFolder(t)
    await refused(join(folder, 'absent'), /no store of Rollcall is in .*absent/)
    await refused(folder, /no store of Rollcall is in/)
  })
})

describe('Refused is the database', () => {
  /** A folder with a database that this made. */
  async function made(t: TestContext, sql: string): Promise<string> {
    const folder = await temporaryFolder(t)
    const db = new DatabaseSync(join(folder, 'rollcall.db'))
    db.exec(sql)
    db.close()
    return folder
  }

  test('of another program', async t => {
    await refused(await made(t, 'CREATE TABLE cats (name TEXT)'), /of another program/)
  })

  test('of a later version', async t => {
    const sql = 'PRAGMA application_id = 1382244716; PRAGMA user_version = 99'
    await refused(await made(t, sql), /schema version 99; .* a later one wrote it/)
  })

  test('of an earlier version, which only its owner may change', async t => {
    const sql = 'PRAGMA application_id = 1382244716'
    await refused(await made(t, sql), /schema version 0, .* serve it once/)
  })

  test('that is none', async t => {
    const folder = join(await temporaryFolder(t), 'data')
    await mkdir(folder)
    await writeFile(join(folder, 'rollcall.db'), 'not a database at all, '.repeat(99))
    await refused(folder, /rollcall\.db cannot be used: file is not a database/)
  })
})
