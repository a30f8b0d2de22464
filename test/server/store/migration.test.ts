// A database of an earlier schema is brought up to date with everything that it holds.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { MIGRATIONS } from '../../../server/store/sqlite/migrations.ts'
import { sqliteStore } from '../../../server/store/sqlite/store.ts'
import { temporaryFolder } from '../../support/temp.ts'
import { event, ids, load, resource, task } from './builders.ts'

const APPLICATION_ID = 0x5263616c
const use = { ...resource('r'), operation: 'update' as const }

const OLD = [
  { seq: 1, value: 'finished', blockers: 0, dependencies: '[]' },
  { seq: 2, value: 'waiting', blockers: 0, dependencies: '[]' },
  {
    seq: 3,
    value: 'waiting',
    blockers: 2,
    dependencies: '[{"task_id":"t2","states":["finished"]}]',
  },
]

/** Three tasks of a group with a tag and a resource each, and two events of each, as version 1 kept them. */
function writeVersion1(folder: string): void {
  const db = new DatabaseSync(join(folder, 'rollcall.db'))
  db.exec(MIGRATIONS[0] as string)
  db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = 1`)
  for (const { seq, value, blockers, dependencies } of OLD) {
    const [unfinished, ready] = [Number(value === 'waiting'), Number(seq === 2)]
    db.prepare(
      `INSERT INTO tasks VALUES (${seq}, 't${seq}', 'g9', NULL, 'copy', '{}', '["a"]', ?, ?, 0, 1, NULL,
        ${1_000 * seq}, ${seq}, '${value}', '${value}', ${unfinished}, ${ready}, 'accepted', '[]', ${blockers}, 0,
        NULL, '{}', 1, 0, 0, NULL, '{}', 'null', NULL, NULL, NULL, NULL, NULL, '[]', NULL, NULL,
        ${unfinished === 1 ? 'NULL' : 2_000 * seq}, ${seq})`,
    ).run(JSON.stringify([use]), dependencies)
    db.exec(`INSERT INTO task_tags VALUES (${unfinished}, 'a', ${seq})`)
    for (const eventId of [seq, 2_000 + seq]) {
      db.exec(
        `INSERT INTO task_events VALUES (${eventId}, ${eventId}, 't${seq}', 'g9', 'x', NULL, 'y', 'null')`,
      )
    }
  }
  db.exec('UPDATE counters SET seq = 9, place = 9, rev = 2003')
  db.close()
}

test('A database of version 1 keeps its tasks, tags, queues, dependencies and history', async t => {
  const folder = await temporaryFolder(t)
  writeVersion1(folder)
  const store = sqliteStore(folder)
  await store.open()
  t.after(() => store.close())

  const its = { groupId: 'g9', tags: ['a'], resources: [use] }
  assert.deepEqual(await store.task('t1'), task(1, 'finished', its))
  assert.deepEqual(await store.task('t2'), task(2, 'waiting', its))
  assert.equal(await ids(store, { groupId: 'g9' }), 't1 t2 t3')
  assert.equal(await ids(store, { tags: ['a'], states: 'unfinished' }), 't2 t3')
  assert.equal(await ids(store, { tags: ['a'] }), 't1 t2 t3')
  const line = (seq: number, eventId: number) =>
    event(eventId, { taskId: `t${seq}`, groupId: 'g9' })
  const all = [line(1, 1), line(2, 2), line(3, 3), line(1, 2001), line(2, 2002), line(3, 2003)]
  assert.deepEqual(await store.history({ groupId: 'g9', afterEventId: 0, limit: 9 }), all)
  assert.deepEqual(await store.history({ taskId: 't2', afterEventId: 0, limit: 9 }), [
    line(2, 2),
    line(2, 2002),
  ])

  const slice = await load(store, {
    queues: [use],
    dependants: { taskId: 't2', after: 0, limit: 9 },
    ready: { limit: 9 },
  })
  assert.deepEqual([...slice.queues.values()], [{ update: 2 }])
  assert.deepEqual(slice.dependants, [{ taskId: 't3', states: ['finished'] }])
  assert.deepEqual(slice.ready, ['t2'])
  assert.equal(slice.counters.rev, 2003)
})
