// The journal against a list of tasks in memory: whatever is entered, taken back, written in part or left to
// the next process, rows and journal together tell each task as it was entered last, all of them and each by
// itself. ROLLCALL_JOURNAL_RUNS raises the number of histories.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { describe, type TestContext, test } from 'node:test'
import fc from 'fast-check'
import type { Task, TaskValue } from '../../../machines/index.ts'
import { Behind } from '../../../server/store/sqlite/behind.ts'
import { openReader, openWriter } from '../../../server/store/sqlite/connection.ts'
import { Journal } from '../../../server/store/sqlite/journal.ts'
import { Entry } from '../../../server/store/sqlite/journal-entry.ts'
import { Overlay } from '../../../server/store/sqlite/overlay.ts'
import { TASK, TASK_WIDTH, taskOf, type Values } from '../../../server/store/sqlite/rows.ts'
import { Statements } from '../../../server/store/sqlite/statements.ts'
import { type Told, toldIn } from '../../../server/store/sqlite/told.ts'
import { temporaryFolder } from '../../support/temp.ts'
import { task } from './builders.ts'

const RUNS = Number(process.env.ROLLCALL_JOURNAL_RUNS ?? 150)

/** What is known of a task: how it is, and which chunks have its events. */
interface Known {
  task: Task
  history: string
  /** The entries that told of it. */
  entries: number[]
}

type World = Map<number, Known>

type Change =
  | { type: 'put'; seq: number; value: TaskValue; parts: Partial<Task>; history: string }
  | { type: 'remove'; seq: number }

type Step =
  | { type: 'commit' | 'roll back'; entries: Change[][] }
  | { type: 'write some'; limit: number; taken: number }
  | { type: 'write all' | 'crash' }

const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('put' as const),
      seq: fc.integer({ min: 1, max: 8 }),
      value: fc.constantFrom<TaskValue[]>('waiting', 'suspended', 'running.executing', 'finished'),
      parts: fc.record(
        {
          place: fc.constantFrom(null, 3),
          wakeAtMs: fc.constantFrom(null, 7),
          attempt: fc.integer({ min: 1, max: 3 }),
          reasons: fc.constantFrom([], [{ operation: 'read', resource_type: 'r' }] as never[]),
          dependencyFailures: fc.constantFrom<Task['dependencyFailures'][]>(
            {},
            { t9: 'error' as never },
          ),
          progress: fc.constantFrom<Task['progress'][]>(
            {},
            { percent: 5 },
            { ['__proto__']: 'it’s "odd"\0' },
          ),
          result: fc.oneof(
            fc.constantFrom<Task['result'][]>(null, 'null', 0, [], { a: [null] }),
            // Another object each time, which may tell the same.
            fc.record({ ok: fc.boolean(), size: fc.nat(1) }, { noNullPrototype: true }),
          ),
          failure: fc.constantFrom<Task['failure'][]>(null, {
            error: { code: 'RCL0001', message: 'no' },
            exception: null,
            traceback: 'at\n  x',
            status: 500,
          } as never),
          spawned: fc.constantFrom<Task['spawned'][]>([], ['t8', 't9']),
          worker: fc.constantFrom(null, 'w1'),
          response: fc.constantFrom('accepted', 'postponed'),
          blockers: fc.nat(1),
          unplaced: fc.nat(1),
          startMs: fc.constantFrom(null, 5, 6),
          finishMs: fc.constantFrom(null, 7),
          rev: fc.nat(9),
        },
        { requiredKeys: [] },
      ),
      history: fc.constantFrom('', '1', '1,1024'),
    }),
  },
  fc.record({ type: fc.constant('remove' as const), seq: fc.integer({ min: 1, max: 8 }) }),
)

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constantFrom('commit', 'commit', 'commit', 'roll back'),
      entries: fc.array(fc.array(change, { minLength: 1, maxLength: 5 }), { maxLength: 3 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('write some' as const),
      limit: fc.integer({ min: 1, max: 3 }),
      taken: fc.integer({ min: 1, max: 4 }),
    }),
  },
  fc.record({ type: fc.constantFrom('write all', 'crash') }),
)

/** One owner of a database after another, and somebody who reads it. */
class Bench {
  readonly #path: string
  readonly #overlay: Overlay
  readonly #reader: DatabaseSync
  readonly #behind: Behind
  #db: DatabaseSync
  #journal: Journal
  #transaction = 0
  #lastEntry = 0
  world: World = new Map()

  constructor(folder: string) {
    this.#path = join(folder, 'rollcall.db')
    this.#db = openWriter(this.#path, null)
    this.#journal = new Journal(this.#db, new Statements(this.#db))
    this.#overlay = new Overlay(this.#path)
    this.#reader = openReader(this.#path)
    this.#behind = new Behind(this.#reader)
  }

  take(step: Step): void {
    switch (step.type) {
      case 'commit':
      case 'roll back':
        this.#transact(step.entries, step.type === 'commit')
        break
      case 'write some':
        this.#journal.applySome(step.limit, step.taken)
        break
      case 'write all':
        this.#journal.applyAll()
        break
      case 'crash':
        this.#db.close()
        this.#db = openWriter(this.#path, null)
        this.#journal = new Journal(this.#db, new Statements(this.#db))
    }
  }

  #transact(entries: Change[][], commits: boolean): void {
    const world: World = new Map(this.world)
    this.#transaction += 1
    this.#db.exec('BEGIN IMMEDIATE')
    for (const changes of entries) {
      const entry = new Entry()
      this.#lastEntry += 1
      const id = this.#lastEntry
      for (const each of changes) enter(entry, world, each, id)
      if (entry.isEmpty) continue
      const told = { id, text: entry.text, changes: changes.length, rows: 0 }
      this.#journal.append(told, this.#transaction)
    }
    this.#db.exec(commits ? 'COMMIT' : 'ROLLBACK')
    if (commits) {
      this.#journal.committed(this.#transaction)
      this.world = world
    } else this.#journal.rolledBack()
  }

  /** All that a reader sees: the rows, and by their tags again. */
  seen(): World {
    const sql = `SELECT ${TASK}, history FROM tasks ORDER BY seq`
    const tagged = 'SELECT DISTINCT seq FROM tasks JOIN task_tags USING (seq) ORDER BY seq'
    const { rows, seqs } = this.#overlay.read(({ db }) => {
      const statement = db.prepare(sql)
      statement.setReturnArrays(true)
      return {
        rows: statement.all() as unknown as Values[],
        seqs: db.prepare(tagged).all(),
      }
    })
    const world: World = new Map()
    for (const row of rows) {
      const read = taskOf(row)
      const entries = this.world.get(read.seq)?.entries ?? []
      world.set(read.seq, { task: read, history: row[TASK_WIDTH] as string, entries })
    }
    assert.deepEqual(
      seqs.map(({ seq }) => seq),
      [...world.keys()],
    )
    return world
  }

  /** Each task that is there, read by itself and with all others. */
  read(): Known[][] {
    const known = [...this.world.values()]
    const told = known.map(({ task: { seq }, entries }) => {
      const each: Told = {
        ...{ seq, firstEntry: 0, secondEntry: 0, thirdEntry: 0 },
        moreEntries: null,
      }
      for (const entry of entries) toldIn(each, entry)
      return each
    })
    const together = this.#behind.read(told)
    return known.map(({ entries }, nth) => {
      const alone = this.#behind.read(told.slice(nth, nth + 1))
      return [...alone, ...together.slice(nth, nth + 1)].map(read => ({ ...read, entries }))
    })
  }

  get journal(): Journal {
    return this.#journal
  }

  close(): void {
    this.#overlay.close()
    this.#reader.close()
    this.#db.close()
  }
}

/** What a task was submitted with: all the same but for one thing, and another for each seq. */
function originOf(seq: number): Partial<Task> {
  const own: Partial<Task>[] = [
    {},
    { groupId: 'g2' },
    { parentId: 't1' },
    { call: 'move' },
    { priority: 1 },
    { cancellable: false },
    { principal: 'somebody' },
    { submitMs: 8 },
  ]
  return { groupId: 'g1', submitMs: 7, ...own[seq - 1] }
}

function enter(entry: Entry, world: World, change: Change, id: number): void {
  const known = world.get(change.seq)
  if (change.type === 'remove') {
    if (known !== undefined) entry.remove(known.task)
    world.delete(change.seq)
    return
  }
  const { seq, value, parts, history } = change
  const put = task(seq, value, { tags: ['all', `own ${seq}`], ...originOf(seq), ...parts })
  entry.put(put, known?.task ?? null, history === known?.history ? null : history)
  world.set(seq, { task: put, history, entries: [...(known?.entries ?? []), id] })
}

function sorted(world: World): [number, Known][] {
  return [...world].sort(([a], [b]) => a - b)
}

async function bench(t: TestContext): Promise<Bench> {
  const made = new Bench(await temporaryFolder(t))
  t.after(() => made.close())
  return made
}

test('Rows and journal tell what was committed, however much of it is written', async t => {
  const check = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async steps => {
    const made = new Bench(await temporaryFolder(t))
    try {
      for (const each of steps) {
        made.take(each)
        assert.deepEqual(sorted(made.seen()), sorted(made.world), JSON.stringify(each))
        const twice = [...made.world.values()].map(known => [known, known])
        assert.deepEqual(made.read(), twice, JSON.stringify(each))
      }
      made.take({ type: 'write all' })
      assert.equal(made.journal.changes, 0)
      assert.deepEqual(sorted(made.seen()), sorted(made.world))
    } finally {
      made.close()
    }
  })
  await fc.assert(check, { numRuns: RUNS })
})

describe('An entry is refused', () => {
  const refused = (parts: Partial<Task>, message: RegExp) =>
    assert.throws(() => new Entry().put(task(1, 'waiting', parts), null, null), {
      name: 'TypeError',
      message,
    })

  for (const [field, value] of Object.entries({
    ...{ seq: 1.5, place: Number.NaN, wakeAtMs: 0.5, rev: Number.POSITIVE_INFINITY },
    ...{ submitMs: 2 ** 60, startMs: '5', finishMs: undefined },
  })) {
    test(`whose ${field} is ${value}`, () =>
      refused({ [field]: value as never }, /where an integer belongs/))
  }

  test('whose priority is none', () => refused({ priority: Number.NaN }, /the priority NaN/))
})

test('A task that changed often is written once', async t => {
  const made = await bench(t)
  const put = (value: TaskValue): Change => ({ type: 'put', seq: 1, value, parts: {}, history: '' })
  for (const value of ['waiting', 'running.executing', 'finished'] as const)
    made.take({ type: 'commit', entries: [[put(value)]] })
  assert.equal(made.journal.applied, 0)
  made.take({ type: 'write some', limit: 1, taken: 3 })
  assert.deepEqual([made.journal.changes, made.journal.applied], [0, 3])
  assert.equal(made.seen().get(1)?.task.value, 'finished')
})
