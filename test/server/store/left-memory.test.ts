// Tasks that have left memory before their rows are written: the journal tells of them, whoever asks.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import type { Change, Task, TaskValue } from '../../../machines/index.ts'
import { type Batch, restOf } from '../../../server/store/sqlite/batch.ts'
import type { Changed, KeptTask } from '../../../server/store/sqlite/changed.ts'
import { openReader, openWriter } from '../../../server/store/sqlite/connection.ts'
import { Journal } from '../../../server/store/sqlite/journal.ts'
import { Statements } from '../../../server/store/sqlite/statements.ts'
import { sqliteStore } from '../../../server/store/sqlite/store.ts'
import { entriesOf } from '../../../server/store/sqlite/told.ts'
import { WorkingSet } from '../../../server/store/sqlite/working-set.ts'
import { temporaryFolder } from '../../support/temp.ts'
import { event, puts, task } from './builders.ts'

interface UnderWay {
  changed: Changed
  batch: Batch
}

/** A working set and what brings it to the disk, in one thread; each transaction lands at once. */
class Bench {
  readonly set: WorkingSet
  readonly db: DatabaseSync
  readonly #reader: DatabaseSync
  readonly #statements: Statements
  readonly #journal: Journal
  #transaction = 0

  constructor(folder: string, tasksInMemory?: number) {
    const path = join(folder, 'rollcall.db')
    this.db = openWriter(path, null)
    this.#reader = openReader(path)
    this.#statements = new Statements(this.db)
    this.#journal = new Journal(this.db, this.#statements)
    this.set = new WorkingSet(this.#reader, tasksInMemory)
  }

  /** Commits a transaction; gives what is kept of the tasks that it changed. */
  commit(...changes: Change[]): readonly KeptTask[] {
    const underWay = this.begin(...changes)
    this.end(underWay)
    return underWay.changed.tasks
  }

  /** Sends a transaction on its way. */
  begin(...changes: Change[]): UnderWay {
    return this.beginWhile(() => {}, ...changes)
  }

  /** The same, and something happens before it is ready. */
  beginWhile(meanwhile: () => void, ...changes: Change[]): UnderWay {
    this.#transaction += 1
    const changed = this.set.begin(this.#transaction)
    for (const change of changes) this.set.apply(change, changed)
    meanwhile()
    const batch = restOf(this.set, changed)
    this.set.end()
    return { changed, batch }
  }

  /** Brings one to the disk: those before it have landed. */
  end({ changed: { transaction }, batch: { entries, runs } }: UnderWay): void {
    this.db.exec('BEGIN IMMEDIATE')
    for (const entry of entries) this.#journal.append(entry, transaction)
    for (const { sql, width, values } of runs)
      for (let from = 0; from < values.length; from += width)
        this.#statements.of(sql).run(...values.slice(from, from + width))
    this.db.exec('COMMIT')
    this.#journal.committed(transaction)
    this.set.landed(transaction)
  }

  /** Writes so many rows. */
  write(limit: number): void {
    this.#journal.applySome(limit, limit)
    this.set.applied(this.#journal.applied)
  }

  writeAll(): void {
    this.#journal.applyAll()
    this.set.applied(this.#journal.applied)
  }

  /** What a transaction sees of some tasks. */
  seen(...seqs: number[]): Task[] {
    const tasks = this.set.tasks(seqs.map(seq => `t${seq}`))
    this.set.end()
    return tasks
  }

  /** Takes everything away that is on disk: what is told now is in memory. */
  loseDisk(): void {
    this.db.exec('DELETE FROM tasks; DELETE FROM journal')
  }

  get rows(): number {
    return this.#statements.of('SELECT count(*) AS count FROM tasks').get()?.count as number
  }

  close(): void {
    this.#reader.close()
    this.db.close()
  }
}

async function bench(t: TestContext, tasksInMemory?: number): Promise<Bench> {
  const made = new Bench(await temporaryFolder(t), tasksInMemory)
  t.after(() => made.close())
  return made
}

/** A task's step with its event, which its history tells of. */
function step(seq: number, value: TaskValue, parts: Partial<Task> = {}): Change {
  const put = task(seq, value, parts)
  return { type: 'task.step', task: put, event: event(put.rev, { taskId: put.taskId }) }
}

function tasks(count: number, value: TaskValue): Task[] {
  return Array.from({ length: count }, (_, nth) => task(nth + 1, value))
}

const own = { tags: ['a'], args: { n: 1 }, spawned: ['t9'] }

test('What has ended is told as it ended, before its row is written and after', async t => {
  const made = await bench(t, 0)
  made.commit(...puts(task(1, 'waiting', own), task(2)))
  made.commit(step(1, 'running.executing', { ...own, startMs: 5, rev: 3 }))
  const ended = { ...own, startMs: 5, result: { ok: [null] }, rev: 4 }
  const [kept] = made.commit(step(1, 'finished', ended)) as [KeptTask]
  assert.equal(kept.task, null)
  const isTold = () => {
    assert.deepEqual(made.set.landedTask('t1') ?? made.seen(1)[0], task(1, 'finished', ended))
    assert.deepEqual(made.seen(2, 1), [task(2), task(1, 'finished', ended)])
  }
  assert.equal(made.rows, 0)
  isTold()
  made.write(1)
  assert.equal(made.rows, 1)
  isTold()
  made.writeAll()
  assert.deepEqual([made.rows, made.set.isWritten], [2, true])
  isTold()
  assert.deepEqual(
    made.db.prepare('SELECT history FROM tasks WHERE seq = 1').get()?.history,
    '3,4',
    'its history is named as if it had stayed',
  )
})

test('A task that has left changes again, however often it was told of', async t => {
  const made = await bench(t, 0)
  made.commit(...puts(task(1, 'waiting', own)))
  for (let rev = 2; rev <= 9; rev += 1) {
    made.commit(step(1, 'waiting', { ...own, progress: { done: rev }, rev }))
    if (rev === 6) made.write(1)
    const now = task(1, 'waiting', { ...own, progress: { done: rev }, rev })
    assert.deepEqual(made.set.landedTask('t1') ?? made.seen(1)[0], now)
    assert.deepEqual(made.seen(1), [now])
  }
  made.writeAll()
  assert.deepEqual(made.seen(1), [task(1, 'waiting', { ...own, progress: { done: 9 }, rev: 9 })])
  assert.equal(
    made.db.prepare('SELECT history FROM tasks').get()?.history,
    '2,3,4,5,6,7,8,9',
    'no event is lost',
  )
})

test('A task that has left can be purged, and is gone then', async t => {
  const made = await bench(t, 0)
  made.commit(...puts(...tasks(4, 'finished')))
  made.write(1)
  const states = ['finished' as const]
  const purgeable = () => made.set.purgeable({ states, limit: 3 }).map(({ seq }) => seq)
  assert.deepEqual(purgeable(), [1, 2, 3])
  made.set.end()
  made.commit({ type: 'task.delete', taskId: 't2' }, { type: 'task.delete', taskId: 't1' })
  assert.deepEqual([purgeable(), made.set.landedTask('t2')], [[3, 4], null])
  made.set.end()
  made.writeAll()
  assert.deepEqual([made.rows, purgeable(), made.seen(1, 2, 3).length], [2, [3, 4], 1])
})

test('Those that wait stay in memory as long as there is room, the first ones; those that run stay', async t => {
  const made = await bench(t, 2)
  made.commit(...puts(task(1), task(2), task(3, 'running.executing'), task(4)))
  made.loseDisk()
  assert.deepEqual(made.seen(1), [task(1)])
  assert.deepEqual(made.seen(3), [task(3, 'running.executing')])
  for (const seq of [2, 4])
    assert.throws(() => made.seen(seq), /neither a row nor the journal has the task with the seq/)
})

test('Nothing is kept of a task that has left but where it is found, and of that what its row lacks', async t => {
  const made = await bench(t, 0)
  const [kept] = made.commit(...puts(task(1))) as [KeptTask]
  made.commit(step(1, 'waiting', { rev: 2 }))
  assert.deepEqual(
    [kept.task, kept.entered, kept.history, kept.leftAs],
    [null, null, '', 'waiting'],
  )
  assert.deepEqual(entriesOf(kept), [1, 2])
  for (let rev = 3; rev <= 6; rev += 1) made.commit(step(1, 'waiting', { rev }))
  assert.deepEqual(entriesOf(kept), [1, 2, 3, 4, 5, 6])
  // It changes while its row is written.
  const changed = made.begin(step(1, 'running.executing', { rev: 7 }))
  made.writeAll()
  assert.deepEqual(entriesOf(kept), [7])
  made.end(changed)
  assert.deepEqual(entriesOf(kept), [7])
  made.writeAll()
  assert.deepEqual([entriesOf(kept), kept.task?.value], [[], 'running.executing'])
})

test('A task stays in memory while a transaction changes it that has not landed', async t => {
  const made = await bench(t, 0)
  made.commit(...puts(task(1), task(2)))
  const first = made.begin(step(1, 'running.executing', { startMs: 1, rev: 3 }))
  const second = made.begin(step(1, 'finished', { startMs: 1, rev: 4 }))
  made.end(first)
  assert.equal(made.set.landedTask('t1')?.value, 'running.executing')
  assert.equal(made.set.task('t1')?.value, 'finished')
  made.end(second)
  assert.equal(made.set.landedTask('t1')?.rev, 4)
  // Also one that nothing but an event tells of.
  const third = made.begin(step(2, 'waiting', { rev: 5 }))
  const appended: Change = { type: 'event.append', event: event(6, { taskId: 't2' }) }
  made.end(made.beginWhile(() => made.end(third), appended))
  made.writeAll()
  assert.equal(made.db.prepare('SELECT history FROM tasks WHERE seq = 2').get()?.history, '5,6')
})

test('What a transaction asked for is found again when it has left meanwhile', async t => {
  const made = await bench(t, 0)
  const first = made.begin(...puts(task(1)))
  assert.equal(made.set.task('t1')?.value, 'waiting')
  made.end(first)
  assert.equal(made.set.task('t1')?.value, 'waiting')
  made.writeAll()
  assert.equal(made.set.task('t1')?.value, 'waiting')
})

test('A row is found to be purged that was written after later ones were', async t => {
  const made = await bench(t, 0)
  const states = ['finished' as const]
  made.commit(...puts(task(1), task(2, 'finished'), task(3, 'finished')))
  made.writeAll()
  made.commit({ type: 'task.delete', taskId: 't2' })
  assert.deepEqual(
    made.set.purgeable({ states, limit: 9 }).map(({ seq }) => seq),
    [3],
  )
  made.set.end()
  made.commit(step(1, 'finished', { rev: 4 }))
  made.writeAll()
  assert.deepEqual(
    made.set.purgeable({ states, limit: 9 }).map(({ seq }) => seq),
    [1, 3],
  )
})

test('Room in memory is room again, whatever left, came back, was written or deleted', async t => {
  const made = await bench(t, 2)
  let rev = 100
  const next = (seq: number, value: TaskValue) => {
    rev += 1
    return step(seq, value, { rev })
  }
  for (let round = 0; round < 4; round += 1) {
    const seqs = [1, 2, 3, 4, 5].map(nth => 10 * round + nth)
    const ids = seqs.map(seq => `t${seq}`)
    const [first = 0, second = 0, third = 0] = seqs
    made.commit(...puts(...seqs.map(seq => task(seq))))
    made.set.tasks([...ids, ...ids])
    made.set.end()
    const deleted: Change = { type: 'task.delete', taskId: `t${second}` }
    made.commit(next(first, 'finished'), next(second, 'waiting'), deleted)
    made.write(2)
    made.set.tasks(ids)
    made.set.end()
    if (round % 2 === 0) made.commit({ type: 'task.delete', taskId: `t${third}` })
    for (const seq of seqs.slice(2))
      if (made.set.task(`t${seq}`)) made.commit(next(seq, 'finished'))
    if (round > 1) made.writeAll()
  }
  made.commit(...puts(task(101), task(102), task(103)))
  made.loseDisk()
  assert.deepEqual(made.seen(101, 102), [task(101), task(102)])
  assert.throws(() => made.seen(103), /neither a row nor the journal has the task/)
})

test('The last thousand that have ended stay until their rows are written', async t => {
  const made = await bench(t)
  for (let round = 0; round < 3; round += 1) {
    const ended = Array.from({ length: 700 }, (_, nth) =>
      task(4_000 + 700 * round + nth, 'finished'),
    )
    made.commit(...puts(...ended))
  }
  made.writeAll()
  const many = tasks(2_048, 'finished')
  made.commit(...puts(...many.slice(0, 1_024)))
  made.commit(...puts(...many.slice(1_024, 2_047)))
  assert.equal(made.set.landedTask('t1')?.value, 'finished')
  made.commit(...puts(...many.slice(2_047)))
  assert.deepEqual(made.seen(1_024, 1), [many[1_023], many[0]])
  made.commit(step(9_000, 'finished', { rev: 9_000 }))
  made.loseDisk()
  assert.equal(made.set.landedTask('t1025')?.value, 'finished')
  assert.throws(() => made.set.landedTask('t2'), /neither a row nor the journal/)
})

test('How many tasks stay in memory is a whole number', () => {
  for (const tasksInMemory of [-1, 0.5, Number.NaN, '5' as unknown as number])
    assert.throws(() => sqliteStore('anywhere', { tasksInMemory }), {
      name: 'RangeError',
      message: /tasksInMemory is a whole number from 0 on; found/,
    })
})
