// Every read of committed state, as every store answers it: server/store/store.ts, `Store`.
import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { commit, event, group, ids, puts, task } from './builders.ts'
import type { OpenStore } from './suite.ts'

export function readingSuite(open: OpenStore): void {
  describe('A listing', () => {
    const filled = async (t: TestContext) => {
      const store = await open(t)
      const tagged = { tags: ['a', 'b'], groupId: 'g9' }
      const [one, two, three] = [
        task(1, 'waiting', tagged),
        task(2, 'finished', tagged),
        task(3, 'suspended', { tags: ['b'] }),
      ]
      const counts = group(9, { waiting: 1, finished: 1, error: 1 })
      const rest = [
        task(4, 'running.cancelling'),
        task(5, 'error', { groupId: 'g9' }),
        task(6, 'skipped'),
      ]
      await commit(store, ...puts(three, one, two, ...rest, counts))
      return store
    }
    const cases: [what: string, query: Parameters<typeof ids>[1], found: string][] = [
      ['names all tasks in submission order', {}, 't1 t2 t3 t4 t5 t6'],
      ['of a group names its tasks only', { groupId: 'g9' }, 't1 t2 t5'],
      ['of a group in some states', { groupId: 'g9', states: ['finished', 'error'] }, 't2 t5'],
      ['of a group in one state', { groupId: 'g9', states: ['error'] }, 't5'],
      ['of a group that is unfinished', { groupId: 'g9', states: 'unfinished' }, 't1'],
      ['of a group that is not there is empty', { groupId: 'g1' }, ''],
      [
        'of the unfinished holds waiting, suspended and running',
        { states: 'unfinished' },
        't1 t3 t4',
      ],
      ['of one state', { states: ['running'] }, 't4'],
      ['of several states', { states: ['skipped', 'error'] }, 't5 t6'],
      ['of no state is empty', { states: [] }, ''],
      [
        'of ids leaves out those unknown and repeated',
        { taskIds: ['t5', 'x', 't1', 't5'] },
        't1 t5',
      ],
      ['of no ids is empty', { taskIds: [] }, ''],
      ['of ids that are unfinished', { taskIds: ['t5', 't1'], states: 'unfinished' }, 't1'],
      ['of ids with a tag', { taskIds: ['t3', 't1', 't4'], tags: ['b'] }, 't1 t3'],
      ['of a tag holds finished tasks too', { tags: ['b'] }, 't1 t2 t3'],
      ['of tags holds those that have all', { tags: ['b', 'a'] }, 't1 t2'],
      ['of tags that are unfinished', { tags: ['b', 'a'], states: 'unfinished' }, 't1'],
      ['of a tag in one state', { tags: ['b'], states: ['suspended'] }, 't3'],
      ['of a tag in a group', { tags: ['b'], groupId: 'g9', states: 'unfinished' }, 't1'],
      ['of no tags names all', { tags: [] }, 't1 t2 t3 t4 t5 t6'],
      ['ends at its limit', { limit: 2 }, 't1 t2'],
      ['of limit 0 is empty', { limit: 0 }, ''],
      ['begins behind what it skips', { skip: 4 }, 't5 t6'],
      ['skips and limits together', { states: 'unfinished', skip: 1, limit: 1 }, 't3'],
    ]
    for (const [what, query, found] of cases) {
      test(what, async t => {
        const store = await filled(t)
        assert.equal(await ids(store, query), found)
        const { limit: _limit, skip: _skip, ...whole } = query
        assert.equal(
          await store.count(query),
          (await ids(store, whole)).split(' ').filter(Boolean).length,
        )
      })
    }

    test('longer than a page is whole, and holds no read open', async t => {
      const store = await open(t)
      const many = Array.from({ length: 700 }, (_, index) => task(index + 1))
      await commit(store, ...puts(...many))
      const seen: number[] = []
      for await (const { seq } of store.tasks({ skip: 10, limit: 600 })) {
        seen.push(seq)
        if (seq === 20) await commit(store, ...puts(task(20, 'finished')))
      }
      assert.deepEqual(seen, many.map(({ seq }) => seq).slice(10, 610))
    })
  })

  describe('A reader', () => {
    test('finds nothing in an empty store', async t => {
      const store = await open(t)
      assert.deepEqual(
        [
          await store.task('t1'),
          await store.group('g1'),
          await store.activeGroups(),
          await store.nextWakeMs(),
        ],
        [null, null, [], null],
      )
      assert.deepEqual(
        [await store.rev(), await store.running(0, 5), await store.unfinishedCalls()],
        [0, [], []],
      )
    })

    test('finds active groups by their unfinished tasks, oldest first', async t => {
      const store = await open(t)
      await commit(
        store,
        ...puts(
          group(3, { running: 1 }),
          group(1, { suspended: 1 }),
          group(2, { finished: 4 }),
          group(4),
        ),
      )
      assert.deepEqual(await store.activeGroups(), [{ groupId: 'g1' }, { groupId: 'g3' }])
    })

    test('finds groups that have not settled after a seq', async t => {
      const store = await open(t)
      await commit(
        store,
        ...puts(group(1), group(2), group(3, {}, { value: 'settled' }), group(4), group(5)),
      )
      assert.deepEqual(
        (await store.unsettledGroups(1, 2)).map(({ groupId }) => groupId),
        ['g2', 'g4'],
      )
    })

    test('finds a group no more that has settled since', async t => {
      const store = await open(t)
      await commit(store, ...puts(group(1, { running: 1 })))
      await commit(store, ...puts(group(1, { finished: 1 }, { value: 'settled', finishMs: 5 })))
      assert.deepEqual(await store.unsettledGroups(0, 9), [])
    })

    test('finds running tasks after a seq, cancelling ones too', async t => {
      const store = await open(t)
      const all = [
        task(1, 'running.executing'),
        task(2, 'running.cancelling'),
        task(3),
        task(4, 'running.executing'),
      ]
      await commit(store, ...puts(...all, task(5, 'running.executing')))
      assert.deepEqual(
        (await store.running(1, 2)).map(({ taskId }) => taskId),
        ['t2', 't4'],
      )
    })

    test('finds the soonest wake, and none when it is gone', async t => {
      const store = await open(t)
      await commit(
        store,
        ...puts(
          task(1, 'waiting', { wakeAtMs: 70 }),
          task(2, 'waiting', { wakeAtMs: 50 }),
          task(3),
        ),
      )
      assert.equal(await store.nextWakeMs(), 50)
      await commit(store, ...puts(task(2), task(1)))
      assert.equal(await store.nextWakeMs(), null)
    })

    test('finds the number of the last committed change', async t => {
      const store = await open(t)
      await commit(store, { type: 'counters.set', seq: 1, place: 2, rev: 3 })
      assert.equal(await store.rev(), 3)
    })

    test('counts the calls of unfinished tasks', async t => {
      const store = await open(t)
      const calls = [
        task(1, 'waiting', { call: 'b' }),
        task(2, 'suspended'),
        task(3, 'running.executing', { call: 'b' }),
      ]
      await commit(store, ...puts(...calls, task(4, 'finished', { call: 'z' })))
      assert.deepEqual(await store.unfinishedCalls(), [
        { call: 'b', count: 2 },
        { call: 'copy', count: 1 },
      ])
    })

    test('finds the history of a task, of a group with its tasks, and of all, after an event', async t => {
      const store = await open(t)
      const events = [
        event(1, { groupId: 'g1', type: 'group.submitted' }),
        event(2, { groupId: 'g1', taskId: 't1', attempt: 2, data: { a: [null] } }),
        event(3, { taskId: 't2' }),
        event(4, { groupId: 'g1', taskId: 't1' }),
      ]
      await commit(
        store,
        ...puts(group(1), task(1, 'waiting', { groupId: 'g1' }), task(2)),
        ...events.map(each => ({ type: 'event.append' as const, event: each })),
      )
      const seen = async (
        query: { taskId?: string; groupId?: string },
        afterEventId = 0,
        limit = 9,
      ) =>
        (await store.history({ ...query, afterEventId, limit }))
          .map(({ eventId }) => eventId)
          .join(' ')
      assert.deepEqual(await store.history({ afterEventId: 0, limit: 9 }), events)
      assert.equal(await seen({ taskId: 't1' }), '2 4')
      assert.equal(await seen({ groupId: 'g1' }, 1), '2 4')
      assert.equal(await seen({}, 1, 2), '2 3')
    })
  })
}
