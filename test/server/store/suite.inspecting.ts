// What the inspector reads, as every store answers it: server/store/inspection.ts, sentence by sentence.
import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import type { TaskState } from '../../../machines/index.ts'
import { type Inspection, taskLine } from '../../../server/store/inspection.ts'
import { failed } from '../../support/builders.ts'
import { commit, edge, event, group, puts, reservation, resource, task } from './builders.ts'
import type { OpenStore } from './suite.ts'

const seqsOf = (rows: { seq: number }[]) => rows.map(({ seq }) => seq).join(' ')
const placesOf = (rows: { place: number }[]) => rows.map(({ place }) => place).join(' ')

export function inspectingSuite(open: OpenStore): void {
  const opened = async (t: TestContext) => {
    const store = await open(t)
    const inspection = store.inspection
    assert.ok(inspection !== undefined)
    return { store, inspection }
  }

  describe('The inspector, of groups,', () => {
    const filled = async (t: TestContext) => {
      const { store, inspection } = await opened(t)
      const settled = group(3, { finished: 1 }, { value: 'settled', tags: ['a', 'é"'] })
      await commit(store, ...puts(group(5), settled, group(1), group(7)))
      return { store, inspection, settled }
    }

    test('reads what they are found by, latest first, before a seq', async t => {
      const { inspection } = await filled(t)
      const page = (beforeSeq: number, unsettled: boolean, limit: number) =>
        inspection.groupWords({ beforeSeq, unsettled, limit })
      assert.equal(seqsOf(await page(Number.MAX_SAFE_INTEGER, false, 9)), '7 5 3 1')
      assert.equal(seqsOf(await page(7, false, 2)), '5 3')
      assert.equal(seqsOf(await page(7, true, 2)), '5 1')
      assert.equal(seqsOf(await page(1, false, 9)), '')
      assert.deepEqual(await page(4, false, 1), [
        { seq: 3, groupId: 'g3', value: 'settled', tags: ['a', 'é"'] },
      ])
    })

    test('reads them whole by seq, latest first, each once', async t => {
      const { inspection, settled } = await filled(t)
      assert.deepEqual(await inspection.groups([1, 3, 3, 4]), [settled, group(1)])
      assert.deepEqual(await inspection.groups([]), [])
    })

    test('finds none that was deleted', async t => {
      const { store, inspection } = await filled(t)
      await commit(store, { type: 'group.delete', groupId: 'g5' })
      const query = { beforeSeq: 9, limit: 9 }
      assert.equal(seqsOf(await inspection.groupWords({ ...query, unsettled: false })), '7 3 1')
      assert.equal(seqsOf(await inspection.groupWords({ ...query, unsettled: true })), '7 1')
    })
  })

  describe("The inspector, of a group's tasks,", () => {
    const filled = async (t: TestContext) => {
      const { store, inspection } = await opened(t)
      const values = ['waiting', 'finished', 'running.cancelling', 'waiting', 'error'] as const
      const tasks = values.map((value, index) => task(index + 1, value, { groupId: 'g1' }))
      await commit(store, ...puts(group(9), ...tasks, task(6, 'waiting', { groupId: 'g9' })))
      return { store, inspection }
    }
    const cases: [
      what: string,
      states: TaskState[] | null,
      part: { afterSeq?: number; skip?: number; limit?: number },
      found: number[],
    ][] = [
      ['all', null, {}, [1, 2, 3, 4, 5]],
      ['those behind a seq', null, { afterSeq: 3 }, [4, 5]],
      ['a page', null, { skip: 1, limit: 2 }, [2, 3]],
      ['those in one state', ['waiting'], {}, [1, 4]],
      ['those in several states, merged', ['error', 'waiting', 'running'], {}, [1, 3, 4, 5]],
      ['a page of several states', ['error', 'waiting', 'running'], { skip: 1, limit: 2 }, [3, 4]],
      ['several states behind a seq', ['finished', 'waiting'], { afterSeq: 1, limit: 9 }, [2, 4]],
      ['a state that is named twice once', ['waiting', 'waiting'], {}, [1, 4]],
      ['none of no state', [], {}, []],
      ['none behind the last', null, { skip: 5 }, []],
    ]
    for (const [what, states, part, found] of cases) {
      test(`finds ${what}`, async t => {
        const { inspection } = await filled(t)
        const page = { afterSeq: 0, skip: 0, limit: 99, ...part }
        assert.deepEqual(await inspection.taskSeqs({ groupId: 'g1', states, ...page }), found)
      })
    }

    test('finds none of a group that is not there', async t => {
      const { inspection } = await filled(t)
      const query = { groupId: 'nobody', afterSeq: 0, limit: 9 }
      assert.deepEqual(await inspection.taskSeqs({ ...query, states: null, skip: 0 }), [])
      assert.deepEqual(await inspection.taskSeqs({ ...query, states: ['waiting'], skip: 0 }), [])
      assert.deepEqual(await inspection.taskWords(query), [])
    })

    test('reads what they are found by', async t => {
      const { store, inspection } = await filled(t)
      await commit(store, ...puts(task(7, 'waiting', { groupId: 'g1', tags: ['é"', 'b'] })))
      const words = await inspection.taskWords({ groupId: 'g1', afterSeq: 4, limit: 2 })
      assert.deepEqual(words, [
        { seq: 5, taskId: 't5', call: 'copy', tags: [] },
        { seq: 7, taskId: 't7', call: 'copy', tags: ['é"', 'b'] },
      ])
    })
  })

  describe('The inspector, of tasks,', () => {
    test('reads lines by seq or id, in submission order, each once, to the last field', async t => {
      const { store, inspection } = await opened(t)
      const full = task(2, 'error', {
        groupId: 'g1',
        place: null,
        attempt: 3,
        priority: -1,
        wakeAtMs: 7,
        worker: 'w1',
        progress: { done: 1 },
        blockers: 2,
        failure: failed('X0001'),
        startMs: 1_000,
        result: { large: true },
      })
      const plain = task(1)
      await commit(store, ...puts(full, plain, task(3)))
      const both = [taskLine(plain), taskLine(full)]
      assert.equal(both[1]?.errorCode, 'X0001')
      assert.deepEqual(await inspection.lines([2, 1, 2, 9]), both)
      assert.deepEqual(await inspection.linesOf(['t2', 'nobody', 't1', 't2']), both)
      assert.deepEqual(await inspection.lines([]), [])
      assert.deepEqual(await inspection.linesOf([]), [])
    })

    test('finds the latest ones before a seq, of all states or of some', async t => {
      const { store, inspection } = await opened(t)
      const values = ['waiting', 'error', 'running.executing', 'waiting', 'finished'] as const
      await commit(store, ...puts(...values.map((value, index) => task(index + 1, value))))
      const latest = async (states: TaskState[] | null, beforeSeq: number, limit: number) =>
        seqsOf(await inspection.latestTasks({ states, beforeSeq, limit }))
      assert.equal(await latest(null, 99, 2), '5 4')
      assert.equal(await latest(null, 4, 9), '3 2 1')
      assert.equal(await latest(['waiting'], 4, 9), '1')
      assert.equal(await latest(['waiting', 'running', 'waiting'], 99, 2), '4 3')
      assert.equal(await latest([], 99, 9), '')
      assert.deepEqual(await inspection.latestTasks({ states: null, beforeSeq: 2, limit: 1 }), [
        { seq: 1, taskId: 't1', call: 'copy', tags: [] },
      ])
    })

    test('reads what one needs, and nothing of one that is not there', async t => {
      const { store, inspection } = await opened(t)
      const needs = {
        resources: [{ ...resource('a'), operation: 'read' as const }],
        dependencies: [{ taskId: 't1', states: ['finished' as const, 'error' as const] }],
      }
      await commit(store, ...puts(task(1), task(2, 'waiting', needs)))
      assert.deepEqual(await inspection.needs('t2'), needs)
      assert.equal(await inspection.needs('nobody'), null)
    })

    test('names those that wait for one, in submission order', async t => {
      const { store, inspection } = await opened(t)
      await commit(store, ...puts(task(1), task(2), task(3), task(4)))
      await commit(store, edge('t1', 't4'), edge('t1', 't2'), edge('t2', 't3'))
      assert.deepEqual(await inspection.dependants('t1', 9), ['t2', 't4'])
      assert.deepEqual(await inspection.dependants('t1', 1), ['t2'])
      assert.deepEqual(await inspection.dependants('nobody', 9), [])
    })
  })

  describe('The inspector, of a queue,', () => {
    const filled = async (t: TestContext) => {
      const { store, inspection } = await opened(t)
      const queue = [
        reservation(1, 'read', true),
        reservation(2, 'read', true),
        reservation(3, 'update'),
        reservation(4, 'read'),
        reservation(5, 'update'),
      ]
      const elsewhere = reservation(6, 'update', true, 'other')
      await commit(store, ...puts(...[1, 2, 3, 4, 5, 6].map(seq => task(seq))))
      await commit(store, ...puts(...queue, elsewhere))
      return { inspection, queue }
    }

    test('reads it in order of place, behind a place', async t => {
      const { inspection, queue } = await filled(t)
      const read = (afterPlace: number, limit: number) =>
        inspection.queue({ resource: resource('r'), afterPlace, limit })
      assert.deepEqual(await read(0, 9), queue)
      assert.equal(placesOf(await read(1, 3)), '2 3 4')
      assert.deepEqual(await read(5, 9), [])
    })

    test('reads one reservation by its place', async t => {
      const { inspection, queue } = await filled(t)
      assert.deepEqual(await inspection.reservation(resource('r'), 3), queue[2])
      assert.equal(await inspection.reservation(resource('r'), 6), null)
      assert.equal(await inspection.reservation(resource('nobody'), 1), null)
    })

    test('reads those of an operation that come before a place, from either end', async t => {
      const { inspection } = await filled(t)
      const ahead = async (
        operation: 'read' | 'update',
        beforePlace: number,
        from: 'first' | 'last',
        limit: number,
      ) =>
        placesOf(
          await inspection.ahead({ resource: resource('r'), operation, beforePlace, from, limit }),
        )
      assert.equal(await ahead('read', 5, 'first', 2), '1 2')
      assert.equal(await ahead('read', 5, 'last', 2), '4 2')
      assert.equal(await ahead('read', 4, 'last', 9), '2 1')
      assert.equal(await ahead('read', 2, 'first', 9), '1')
      assert.equal(await ahead('update', 3, 'last', 9), '')
    })
  })

  test("The inspector reads a group's history without its data", async t => {
    const { store, inspection } = await opened(t)
    const lines = [
      event(1, { groupId: 'g1', type: 'group.submitted', value: 'active.open', data: { a: 1 } }),
      event(2, { groupId: 'g1', taskId: 't1', attempt: 2 }),
      event(3, { groupId: 'g2', taskId: 't2' }),
      event(4, { groupId: 'g1', taskId: 't1' }),
    ]
    await commit(store, ...lines.map(each => ({ type: 'event.append' as const, event: each })))
    const read = (afterEventId: number, limit: number) =>
      inspection.groupEvents({ groupId: 'g1', afterEventId, limit })
    assert.deepEqual(await read(0, 2), [
      [1, 1, null, 'group.submitted', 'active.open', null],
      [2, 2, 't1', 'x', 'y', 2],
    ])
    assert.deepEqual(await read(2, 9), [[4, 4, 't1', 'x', 'y', null]])
    assert.deepEqual(await read(4, 9), [])
  })

  describe('The inspector counts', () => {
    const filled = async (t: TestContext): Promise<Inspection> => {
      const { store, inspection } = await opened(t)
      const stuck = { worker: 'w2', failure: failed('RCL0020') }
      await commit(
        store,
        ...puts(
          task(1, 'waiting', { wakeAtMs: 9_000 }),
          task(2, 'running.executing', { worker: 'w1', ...{ failure: failed('RCL0020') } }),
          task(3, 'running.cancelling', stuck),
          task(4, 'waiting', { place: null, unplaced: 1 }),
          task(5, 'waiting', { call: 'other', blockers: 1 }),
          task(6, 'waiting', { priority: 5 }),
          task(7, 'finished', { call: 'gone' }),
          task(8, 'running.cancelling', { worker: 'w2' }),
        ),
      )
      return inspection
    }

    test('a state in steps, each with the last seq that it came to', async t => {
      const inspection = await filled(t)
      const tally = (afterSeq: number, limit: number) =>
        inspection.tally({ state: 'waiting', afterSeq, limit })
      assert.deepEqual(await tally(0, 2), { count: 2, lastSeq: 4 })
      assert.deepEqual(await tally(4, 9), { count: 2, lastSeq: 6 })
      assert.deepEqual(await tally(6, 9), { count: 0, lastSeq: null })
    })

    test('running tasks by worker, and those whose handlers do not stop', async t => {
      const inspection = await filled(t)
      const all = await inspection.tallyRunning(0, 9)
      assert.deepEqual(all, {
        workers: [
          { worker: 'w1', count: 1 },
          { worker: 'w2', count: 2 },
        ],
        unresponsive: 1,
        lastSeq: 8,
      })
      const none = { workers: [], unresponsive: 0, lastSeq: null }
      assert.deepEqual(await inspection.tallyRunning(8, 9), none)
      assert.equal((await inspection.tallyRunning(2, 1)).lastSeq, 3)
    })

    test('when the first was submitted that waits for no time and has its place', async t => {
      const inspection = await filled(t)
      assert.deepEqual(await inspection.firstQueued(0, 2), { submitMs: null, lastSeq: 4 })
      assert.deepEqual(await inspection.firstQueued(0, 9), { submitMs: 5_000, lastSeq: 6 })
      assert.deepEqual(await inspection.firstQueued(6, 9), { submitMs: null, lastSeq: null })
    })

    test('the calls of unfinished tasks in steps', async t => {
      const inspection = await filled(t)
      assert.deepEqual(await inspection.callsInUse(3, 2), {
        calls: [
          { call: 'copy', count: 1 },
          { call: 'other', count: 1 },
        ],
        lastSeq: 5,
      })
      assert.deepEqual(await inspection.callsInUse(8, 9), { calls: [], lastSeq: null })
    })

    test('the ready tasks that start before one', async t => {
      const { store, inspection } = await opened(t)
      const ready = [task(1), task(2, 'waiting', { priority: 2 }), task(3), task(4)]
      await commit(store, ...puts(...ready, task(5, 'waiting', { blockers: 1, priority: 9 })))
      const before = (place: number, priority: number, limit = 9) =>
        inspection.readyBefore({ place, priority }, limit)
      assert.equal(await before(3, 0), 2)
      assert.equal(await before(2, 2), 0)
      assert.equal(await before(4, 0, 2), 2)
    })
  })
}
