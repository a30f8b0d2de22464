// Lists of the SQLite store while transactions land one after another, which is when their rows lag behind: each
// list is one that some commit left, and no older than what had been acknowledged when it was asked for.
// ROLLCALL_LISTS_COMMITS raises the number of commits.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import {
  type Change,
  isFinal,
  stateOf,
  type Task,
  type TaskState,
} from '../../../machines/index.ts'
import { parseFilters } from '../../../server/store/condition.ts'
import type { Inspection } from '../../../server/store/inspection.ts'
import { openReader } from '../../../server/store/sqlite/connection.ts'
import { sqliteStore } from '../../../server/store/sqlite/store.ts'
import type { Store, TaskQuery } from '../../../server/store/store.ts'
import { seededRandom } from '../../../server/testing/repeatable.ts'
import { temporaryFolder } from '../../support/temp.ts'
import { commit, group, ids, load, puts, task } from './builders.ts'

const COMMITS = Number(process.env.ROLLCALL_LISTS_COMMITS ?? 200)
const SEED = Number(process.env.ROLLCALL_LISTS_SEED ?? Math.floor(Math.random() * 2 ** 31))
/** Tasks that have not ended, after each commit; half of them run. */
const UNFINISHED = 12
const READERS = 3
/** Commits that have been asked for and not acknowledged. */
const UNDER_WAY = 3

/** Tasks that are too many for one part of a transaction. */
const LARGE = 2_100

/** Tasks in submission order. */
type World = readonly Task[]

/** The next world: two tasks exchange their states and a unit; now and then one ends and another comes, or goes. */
function next(world: World, rev: number, draw: () => number): { world: World; changes: Change[] } {
  const one = (from: Task[]) => from[Math.floor(draw() * from.length)] as Task
  const running = one(world.filter(each => stateOf(each.value) === 'running'))
  const waiting = one(world.filter(each => stateOf(each.value) === 'waiting'))
  const changed = [
    { ...running, value: waiting.value, progress: unitsMore(running, -1), rev },
    { ...waiting, value: running.value, progress: unitsMore(waiting, 1), rev },
  ]
  const deleted = rev % 11 === 0 ? world.find(({ value }) => isFinal(value)) : undefined
  if (rev % 5 === 0) {
    const ended = one(world.filter(each => each.value === 'waiting' && each !== waiting))
    changed.push({ ...ended, value: 'finished', finishMs: rev, rev })
    changed.push(member((world.at(-1) as Task).seq + 1, 'waiting', rev))
  }
  const tasks = new Map(world.map(each => [each.seq, each]))
  for (const each of changed) tasks.set(each.seq, each)
  if (deleted !== undefined) tasks.delete(deleted.seq)
  const left = [...tasks.values()].sort((a, b) => a.seq - b.seq)
  const changes: Change[] = [
    ...puts(...changed, counted(left, rev)),
    { type: 'counters.set', seq: rev, place: rev, rev },
  ]
  if (deleted !== undefined) changes.unshift({ type: 'task.delete', taskId: deleted.taskId })
  return { world: left, changes }
}

function member(seq: number, value: Task['value'], rev: number): Task {
  const tags = ['all', seq % 2 === 0 ? 'even' : 'odd']
  return task(seq, value, { groupId: 'g1', tags, call: `call${seq % 3}`, rev })
}

function unitsMore({ progress }: Task, more: number): Task['progress'] {
  return { units: ((progress.units as number | undefined) ?? 0) + more }
}

function counted(world: World, rev: number) {
  const counts: Partial<Record<TaskState, number>> = {}
  for (const { value } of world) counts[stateOf(value)] = (counts[stateOf(value)] ?? 0) + 1
  return group(1, counts, { rev })
}

/** What can be listed, as a text by which worlds differ; and what the text is of a world. */
interface Listed {
  read: (store: Store) => Promise<string>
  of: (world: World) => string
}

const told = ({ taskId, value, progress }: Pick<Task, 'taskId' | 'value' | 'progress'>) =>
  `${taskId} ${value} ${progress.units ?? 0}`
const list = (lines: Iterable<unknown>) => [...lines].join('\n')
const seqsOf = (rows: readonly { seq: number }[]) => list(rows.map(({ seq }) => seq))
const inspected = (store: Store) => store.inspection as Inspection
const isUnfinished = ({ value }: Task) => !isFinal(value)
const isIn =
  (...states: TaskState[]) =>
  ({ value }: Task) =>
    states.includes(stateOf(value))
const all = () => true
const limit = 1_000
const afterSeq = 0

function tasks(query: TaskQuery, isMeant: (task: Task) => boolean): Listed {
  return {
    read: async store => list((await Array.fromAsync(store.tasks(query))).map(told)),
    of: world => list(world.filter(isMeant).map(told)),
  }
}

function count(query: TaskQuery, isMeant: (task: Task) => boolean): Listed {
  return {
    read: async store => `${await store.count(query)}`,
    of: world => `${world.filter(isMeant).length}`,
  }
}

function callsOf(world: World): string {
  const counts = new Map<string, number>()
  for (const { call } of world.filter(isUnfinished)) counts.set(call, (counts.get(call) ?? 0) + 1)
  return list([...counts].sort().map(([call, count]) => `${call} ${count}`))
}

const seqs = Array.from({ length: 9 }, (_, nth) => nth + 1)
const taskIds = seqs.map(seq => `t${seq}`)
const isOdd = ({ tags }: Task) => tags.includes('odd')
const states: TaskState[] = ['running', 'finished']

const LISTED: Record<string, Listed> = {
  'all tasks': tasks({}, all),
  'the tasks of a group': tasks({ groupId: 'g1' }, all),
  'the tasks of a group in some states': tasks({ groupId: 'g1', states }, isIn(...states)),
  'the running tasks': tasks({ states: ['running'] }, isIn('running')),
  'the tasks that have ended': tasks({ states: ['finished'] }, isIn('finished')),
  'the unfinished tasks': tasks({ states: 'unfinished' }, isUnfinished),
  'the tasks with a tag': tasks({ tags: ['odd'] }, isOdd),
  'the waiting tasks with a tag': tasks({ tags: ['all'], states: ['waiting'] }, isIn('waiting')),
  'the unfinished tasks with a tag': tasks({ tags: ['all'], states: 'unfinished' }, isUnfinished),
  'the tasks with some ids': tasks({ taskIds }, ({ taskId }) => taskIds.includes(taskId)),
  'a number of tasks': count({}, all),
  'the number of those in some states': count({ states: ['running'] }, isIn('running')),
  'the number of those in a group': count({ groupId: 'g1', states }, isIn(...states)),
  'the number of those with a tag': count({ tags: ['all'], states }, isIn(...states)),
  'the number of the unfinished with a tag': count(
    { tags: ['all'], states: 'unfinished' },
    isUnfinished,
  ),
  'a search': {
    read: async store => {
      const where = parseFilters({ state: { $in: states }, tags: 'odd' })
      return list((await store.search({ where, sort: [], limit: null, skip: 0 })).map(told))
    },
    of: world => list(world.filter(each => isOdd(each) && isIn(...states)(each)).map(told)),
  },
  'what a restart finds running': {
    read: async store => list((await store.running(afterSeq, limit)).map(told)),
    of: world => list(world.filter(isIn('running')).map(told)),
  },
  'the calls of unfinished tasks': {
    read: async store =>
      list((await store.unfinishedCalls()).map(({ call, count }) => `${call} ${count}`)),
    of: callsOf,
  },
  'lines of the inspector': {
    read: async store => list((await inspected(store).lines(seqs)).map(told)),
    of: world => list(world.filter(({ seq }) => seqs.includes(seq)).map(told)),
  },
  'lines of the inspector by id': {
    read: async store => list((await inspected(store).linesOf(taskIds)).map(told)),
    of: world => list(world.filter(({ seq }) => seqs.includes(seq)).map(told)),
  },
  'the latest tasks of the inspector': {
    read: async store =>
      seqsOf(await inspected(store).latestTasks({ states, beforeSeq: 1_000_000, limit })),
    of: world => seqsOf(world.filter(isIn(...states)).toReversed()),
  },
  "a group's seqs of the inspector": {
    read: async store =>
      list(await inspected(store).taskSeqs({ groupId: 'g1', states, afterSeq, skip: 0, limit })),
    of: world => seqsOf(world.filter(isIn(...states))),
  },
  "a group's words of the inspector": {
    read: async store =>
      seqsOf(await inspected(store).taskWords({ groupId: 'g1', afterSeq, limit })),
    of: seqsOf,
  },
  'a tally of the inspector': {
    read: async store => {
      const { count, lastSeq } = await inspected(store).tally({ state: 'running', afterSeq, limit })
      return `${count} ${lastSeq}`
    },
    of: world => {
      const running = world.filter(isIn('running'))
      return `${running.length} ${running.at(-1)?.seq}`
    },
  },
  'the calls of the inspector': {
    read: async store => {
      const { calls } = await inspected(store).callsInUse(afterSeq, limit)
      return list(calls.map(({ call, count }) => `${call} ${count}`))
    },
    of: callsOf,
  },
}

async function opened(t: TestContext, folder: string, readOnly = false): Promise<Store> {
  const store = sqliteStore(folder, { readOnly })
  await store.open()
  t.after(() => store.close())
  return store
}

/** Commits one world after another while `reader` lists them. */
async function listWhile(owner: Store, reader: Store, { read, of }: Listed): Promise<void> {
  const random = seededRandom(SEED)
  const first = Array.from({ length: UNFINISHED }, (_, nth) =>
    member(nth + 1, nth % 2 === 0 ? 'running.executing' : 'waiting', 0),
  )
  const texts = [of(first)]
  await commit(owner, ...puts(...first, counted(first, 0)))
  let acknowledged = 0
  let isOver = false
  let lists = 0

  const list = async () => {
    while (!isOver) {
      const from = acknowledged
      const text = await read(reader)
      const possible = texts.slice(from)
      if (!possible.includes(text)) {
        const at = texts.lastIndexOf(text)
        const which = at < 0 ? 'none left' : `${at} left`
        const message = `asked for after commit ${from}, before ${texts.length}: a list that ${which}`
        assert.fail(`${message}\n${text}\nafter ${from}:\n${texts[from]}`)
      }
      lists += 1
      // Some lists are there at once: others must get their turn.
      await setImmediate()
    }
  }
  const land = async () => {
    const underWay: Promise<void>[] = []
    let world: World = first
    try {
      for (let rev = 1; rev <= COMMITS; rev += 1) {
        const following = next(world, rev, () => random.draw01())
        world = following.world
        texts.push(of(world))
        underWay.push(
          commit(owner, ...following.changes).then(() => {
            acknowledged = rev
          }),
        )
        if (underWay.length >= UNDER_WAY) await underWay.shift()
      }
      await Promise.all(underWay)
    } finally {
      isOver = true
    }
  }
  await Promise.all([land(), ...Array.from({ length: READERS }, list)])
  assert.ok(lists >= READERS, `${lists} lists`)
  assert.equal(await read(reader), texts.at(-1))
}

describe(`While transactions land, a commit has left (seed ${SEED})`, () => {
  for (const [what, listed] of Object.entries(LISTED)) {
    test(what, async t => {
      const owner = await opened(t, await temporaryFolder(t))
      await listWhile(owner, owner, listed)
    })

    test(`${what}, as one who only reads sees them`, async t => {
      const folder = await temporaryFolder(t)
      const owner = await opened(t, folder)
      await listWhile(owner, await opened(t, folder, true), listed)
    })
  }
})

describe('After a list was read beside a large transaction,', () => {
  /** A large transaction that is written in part, and nobody can write rows; the answer lets it end. */
  const large = async (store: Store, fromSeq: number) => {
    const proceed = Promise.withResolvers<void>()
    const isWritten = Promise.withResolvers<void>()
    const tasks = Array.from({ length: LARGE }, (_, nth) => task(fromSeq + nth, 'skipped'))
    const landed = store.transaction(async tx => {
      await tx.apply(puts(...tasks))
      isWritten.resolve()
      await proceed.promise
    })
    await isWritten.promise
    return () => {
      proceed.resolve()
      return landed
    }
  }

  /** A store that was asked for tasks while their rows could not be written, and has then committed the end of one. */
  const listedBeside = async (t: TestContext) => {
    const folder = await temporaryFolder(t)
    const store = await opened(t, folder)
    const look = openReader(join(folder, 'rollcall.db'))
    t.after(() => look.close())
    const journal = look.prepare('SELECT count(*) AS count FROM journal')
    for (let fromSeq = 2; ; fromSeq += LARGE) {
      await commit(store, ...puts(task(1, 'waiting', { tags: ['a'] })))
      const end = await large(store, fromSeq)
      const isRowMissing = journal.get()?.count !== 0
      await store.count({ states: ['waiting'] })
      await end()
      // Rows are written with a commit now and then: in that case there was nothing that a list had to add.
      if (isRowMissing) break
    }
    await commit(store, ...puts(task(1, 'finished', { tags: ['a'] })))
    return store
  }

  test('the next list tells what was acknowledged since', async t => {
    const store = await listedBeside(t)
    const seen = [
      await ids(store, { states: ['finished'] }),
      await store.count({ states: ['finished'], tags: ['a'] }),
      await ids(store, { states: ['waiting'] }),
    ]
    assert.deepEqual(seen, ['t1', 1, ''])
  })

  test('a task is told as it was acknowledged when its row has been written', async t => {
    const store = await listedBeside(t)
    // Its rows are written for this.
    await store.count({})
    assert.equal((await store.task('t1'))?.value, 'finished')
  })

  test('a transaction works on the task as the last one left it', async t => {
    const store = await listedBeside(t)
    await store.count({})
    const { tasks } = await load(store, { tasks: ['t1'] })
    assert.equal(tasks.get('t1')?.value, 'finished')
  })
})
