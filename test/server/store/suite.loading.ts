// Every need of a command, as every store serves it: machines/commands.ts, `Need`, sentence by sentence.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Need, Slice, TaskState } from '../../../machines/index.ts'
import {
  commit,
  edge,
  group,
  load,
  puts,
  queuesInUse,
  reservation,
  resource,
  task,
} from './builders.ts'
import type { OpenStore } from './suite.ts'

const KEY = 'repository\u0000r'

/** Places of a slice's grantable reservations, or any list of its ids, in order. */
function places({ grantable }: Slice): string {
  return grantable.map(({ place, operation }) => `${place} ${operation}`).join(', ')
}

export function loadingSuite(open: OpenStore): void {
  describe('A slice', () => {
    test('that needs nothing holds the counters only', async t => {
      const store = await open(t)
      const { counters, tasks, groups, queues, idempotency, cancellable, waiters, ...lists } =
        await load(store, {})
      assert.deepEqual(counters, { seq: 0, place: 0, rev: 0 })
      assert.deepEqual(
        [tasks.size, groups.size, queues.size, idempotency, cancellable, waiters],
        [0, 0, 0, null, false, null],
      )
      assert.deepEqual(Object.values(lists).flat(), [])
    })

    test('leaves out tasks and groups that are not there', async t => {
      const store = await open(t)
      const { tasks, groups } = await load(store, { tasks: ['x'], groups: ['y'], queuesOf: 'z' })
      assert.deepEqual([tasks.size, groups.size], [0, 0])
    })

    test('holds the group of every task in it, whichever way the task came', async t => {
      const store = await open(t)
      const inGroup = {
        groupId: 'g1',
        parentId: 't4',
        wakeAtMs: 1,
        resources: [{ ...resource('r'), operation: 'read' as const }],
      }
      await commit(
        store,
        ...puts(task(1, 'waiting', inGroup), task(2, 'finished', { groupId: 'g1' }), group(1)),
      )
      await commit(
        store,
        ...puts(task(3, 'waiting', { groupId: 'g1' }), reservation(1, 'read')),
        ...puts(task(4, 'running.executing', { spawned: ['t1'] })),
        edge('t4', 't1'),
      )
      const needs: Need[] = [
        { tasks: ['t1'] },
        { queuesOf: 't1' },
        { grantable: { resource: resource('r'), bounds: {}, limit: 1 } },
        { behind: { resource: resource('r'), after: 0, until: 9, limit: 1, sharing: false } },
        { dependants: { taskId: 't4', after: 0, limit: 1 } },
        { ready: { limit: 1 } },
        { due: { limit: 1 } },
        { members: { groupId: 'g1', states: ['waiting'], limit: 1 } },
        { childrenOf: 't4' },
        { purgeable: { states: ['finished'], limit: 1 } },
      ]
      for (const need of needs) {
        const { tasks, groups } = await load(store, need, 5)
        assert.equal(tasks.size, 1, JSON.stringify(need))
        assert.deepEqual([...groups.keys()], ['g1'], JSON.stringify(need))
      }
    })

    test('knows the first place of each operation in a queue, and an empty queue as such', async t => {
      const store = await open(t)
      const uses = [
        reservation(5, 'read', true),
        reservation(3, 'read'),
        reservation(4, 'delete'),
        reservation(2, 'read', true, 's'),
      ]
      await commit(store, ...puts(...uses))
      const queues = [resource('r'), resource('none'), resource('r')]
      assert.deepEqual(queuesInUse(await load(store, { queues })), [[KEY, { read: 3, delete: 4 }]])
      await commit(store, { type: 'reservation.delete', resource: resource('r'), place: 3 })
      assert.deepEqual((await load(store, { queues: [resource('r')] })).queues.get(KEY), {
        read: 5,
        delete: 4,
      })
    })

    test('knows the queues of the resources that a task uses', async t => {
      const store = await open(t)
      const resources = ['r', 's'].map(id => ({ ...resource(id), operation: 'update' as const }))
      await commit(store, ...puts(task(1, 'waiting', { resources }), reservation(7, 'read')))
      assert.deepEqual(queuesInUse(await load(store, { queuesOf: 't1' })), [[KEY, { read: 7 }]])
    })

    test('has what can be granted: waiting, up to the place of its operation, by place', async t => {
      const store = await open(t)
      const queue = [
        reservation(1, 'read', true),
        reservation(2, 'read'),
        reservation(3, 'update'),
        reservation(4, 'read'),
      ]
      await commit(
        store,
        ...puts(...queue, reservation(5, 'delete'), task(2), task(3), task(4), task(5)),
      )
      const grantable = async (bounds: Record<string, number>, limit = 9) =>
        places(await load(store, { grantable: { resource: resource('r'), bounds, limit } }))
      assert.equal(await grantable({}), '2 read, 3 update, 4 read, 5 delete')
      assert.equal(await grantable({ read: 3, update: 1, delete: 5 }), '2 read, 5 delete')
      assert.equal(await grantable({ create: 1 }, 2), '2 read, 3 update')
      await commit(store, ...puts(reservation(2, 'read', true)))
      assert.equal(await grantable({ update: 3, delete: 4 }), '3 update, 4 read')
    })

    test('has of what can be granted that behind a place', async t => {
      const store = await open(t)
      await commit(store, ...puts(reservation(1, 'read'), reservation(2, 'read'), task(1), task(2)))
      const grantable = { resource: resource('r'), after: 1, bounds: {}, limit: 9 }
      assert.equal(places(await load(store, { grantable })), '2 read')
    })

    test('says whether anybody may wait for the end of a task', async t => {
      const store = await open(t)
      const uses = (operation: 'read' | 'update') => ({
        resources: [{ ...resource('r'), operation }],
      })
      const waiters = async (taskId: string) => {
        const { dependedOn, followed } = (await load(store, { waitersOf: [taskId] })).waiters!
        return dependedOn.has(taskId) || followed.has(taskId)
      }
      await commit(
        store,
        ...puts(task(1, 'running.executing', uses('read')), reservation(1, 'read', true)),
        ...puts(task(2, 'waiting', uses('read')), reservation(2, 'read', true)),
      )
      assert.deepEqual([await waiters('t1'), await waiters('t2')], [false, false])
      await commit(store, ...puts(task(3, 'waiting', uses('read')), reservation(3, 'read', true)))
      // Whoever stands behind one that never runs is judged again; one that runs holds no reader up.
      assert.deepEqual([await waiters('t1'), await waiters('t2')], [false, true])
      await commit(store, ...puts(task(4, 'waiting', uses('update')), reservation(4, 'update')))
      assert.deepEqual([await waiters('t1'), await waiters('t4')], [true, false])
      const dependencies = [{ taskId: 't4', states: ['finished' as const] }]
      await commit(store, ...puts(task(5, 'waiting', { dependencies })), edge('t4', 't5'))
      assert.equal(await waiters('t4'), true)
      await commit(
        store,
        ...puts(group(1), { ...task(6), groupId: 'g1' }, { ...task(7), groupId: 'g1' }),
      )
      await commit(store, edge('t6', 't7'))
      const members = { groupId: 'g1', states: ['waiting' as const], limit: 9 }
      assert.deepEqual((await load(store, { members, waitersOf: 'members' })).waiters, {
        dependedOn: new Set(['t6']),
        followed: new Set(),
      })
      assert.equal((await load(store, { tasks: ['t1'] })).waiters, null)
    })

    test('has the tasks behind a place, by place, each with the queues before it', async t => {
      const store = await open(t)
      const uses = (...names: string[]) => ({
        resources: names.map(id => ({ ...resource(id), operation: 'update' as const })),
      })
      await commit(
        store,
        ...puts(
          task(2, 'waiting', uses('r')),
          task(3, 'waiting', uses('s', 'r')),
          task(4, 'waiting', uses('r')),
        ),
        ...puts(
          reservation(1, 'read'),
          reservation(2, 'update'),
          reservation(3, 'update'),
          reservation(4, 'update'),
        ),
        ...puts(reservation(1, 'delete', true, 's'), reservation(3, 'update', false, 's')),
      )
      const behind = async (after: number, until: number, limit = 9, sharing = false) => {
        const slice = await load(store, {
          behind: { resource: resource('r'), after, until, limit, sharing },
        })
        return slice.behind.map(({ taskId, earlier }) => [taskId, ...earlier])
      }
      const third = ['t3', ['repository\u0000s', { delete: 1 }], [KEY, { read: 1, update: 2 }]]
      assert.deepEqual(await behind(1, 3), [['t2', [KEY, { read: 1 }]], third])
      assert.deepEqual(await behind(2, Number.POSITIVE_INFINITY, 1), [third])
      assert.deepEqual(await behind(4, Number.POSITIVE_INFINITY), [])
      // Here t2 and t4 may be left out.
      assert.deepEqual(
        (await behind(1, Number.POSITIVE_INFINITY, 9, true)).filter(([taskId]) => taskId === 't3'),
        [third],
      )
    })

    test('has the dependants of a task after a seq, in submission order', async t => {
      const store = await open(t)
      await commit(
        store,
        ...puts(task(3), task(2), task(4)),
        edge('t1', 't3'),
        edge('t1', 't4'),
        edge('t1', 't2'),
      )
      const dependants = async (after: number, limit = 9) =>
        (await load(store, { dependants: { taskId: 't1', after, limit } })).dependants
      const states = ['finished']
      assert.deepEqual(await dependants(0, 2), [
        { taskId: 't2', states },
        { taskId: 't3', states },
      ])
      await commit(store, { type: 'edge.delete', dependencyId: 't1', dependantId: 't3' })
      assert.deepEqual(await dependants(2), [{ taskId: 't4', states }])
    })

    test('has ready tasks by priority, then place, and no other', async t => {
      const store = await open(t)
      await commit(
        store,
        ...puts(
          task(1, 'waiting', { place: 9 }),
          task(2),
          task(3, 'waiting', { priority: 1.5 }),
          task(4, 'suspended'),
        ),
        ...puts(
          task(5, 'waiting', { blockers: 1 }),
          task(6, 'waiting', { unplaced: 1, place: null }),
        ),
        ...puts(
          task(7, 'waiting', { wakeAtMs: 1 }),
          task(8, 'waiting', { priority: -1 }),
          task(9, 'finished'),
        ),
      )
      assert.deepEqual((await load(store, { ready: { limit: 9 } }, 5)).ready, [
        't3',
        't2',
        't1',
        't8',
      ])
      assert.deepEqual((await load(store, { ready: { limit: 2 } })).ready, ['t3', 't2'])
      await commit(store, ...puts(task(3, 'running.executing', { priority: 1.5 })))
      assert.deepEqual((await load(store, { ready: { limit: 1 } })).ready, ['t2'])
    })

    test('has tasks whose time has come, soonest first', async t => {
      const store = await open(t)
      const wake = (seq: number, wakeAtMs: number | null) => task(seq, 'waiting', { wakeAtMs })
      await commit(
        store,
        ...puts(wake(1, 30), wake(2, 10), wake(3, 31), wake(4, 10), wake(5, null)),
      )
      assert.deepEqual((await load(store, { due: { limit: 9 } }, 30)).due, ['t2', 't4', 't1'])
      assert.deepEqual((await load(store, { due: { limit: 1 } }, 30)).due, ['t2'])
      assert.deepEqual((await load(store, { due: { limit: 9 } }, 9)).due, [])
    })

    test('has the members of a group in some states, latest first', async t => {
      const store = await open(t)
      const member = (seq: number, value: Parameters<typeof task>[1]) =>
        task(seq, value, { groupId: 'g1' })
      await commit(
        store,
        ...puts(member(1, 'waiting'), member(2, 'suspended'), member(3, 'running.cancelling')),
      )
      await commit(store, ...puts(member(4, 'waiting'), task(5), member(6, 'finished'), group(1)))
      const members = async (states: TaskState[], limit: number) =>
        (await load(store, { members: { groupId: 'g1', states, limit } })).members
      assert.deepEqual(await members(['waiting', 'suspended'], 2), ['t4', 't2'])
      assert.deepEqual(await members(['running', 'waiting'], Number.MAX_SAFE_INTEGER), [
        't4',
        't3',
        't1',
      ])
    })

    test('says whether a member that runs could be cancelled', async t => {
      const store = await open(t)
      const cancellable = async () => (await load(store, { cancellableIn: 'g1' })).cancellable
      const its = { groupId: 'g1', cancellable: false }
      await commit(
        store,
        ...puts(task(1, 'running.executing', its), task(2, 'waiting', { groupId: 'g1' }), group(1)),
      )
      assert.equal(await cancellable(), false)
      await commit(store, ...puts(task(3, 'running.executing', { groupId: 'g1' })))
      assert.equal(await cancellable(), true)
      await commit(store, ...puts(task(3, 'finished', { groupId: 'g1' })))
      assert.equal(await cancellable(), false)
    })

    test('has the unfinished children of a task', async t => {
      const store = await open(t)
      const child = { parentId: 't9' }
      const parent = task(9, 'running.executing', { spawned: ['t1', 't3', 't2'] })
      await commit(
        store,
        ...puts(
          task(1, 'finished', child),
          task(3, 'waiting', child),
          task(2, 'running.executing', child),
          task(4),
          parent,
        ),
      )
      assert.deepEqual((await load(store, { childrenOf: 't9' })).children, ['t2', 't3'])
    })

    test('has final tasks in the named states, oldest first', async t => {
      const store = await open(t)
      await commit(
        store,
        ...puts(
          task(4, 'error'),
          task(1, 'finished'),
          task(2, 'canceled'),
          task(3, 'error'),
          task(5),
        ),
      )
      const purgeable = async (limit: number) =>
        (await load(store, { purgeable: { states: ['error', 'finished'], limit } })).purgeable
      assert.deepEqual(await purgeable(2), ['t1', 't3'])
      assert.deepEqual(await purgeable(9), ['t1', 't3', 't4'])
    })

    test('has the record of an idempotency key until it expires', async t => {
      const store = await open(t)
      const record = {
        key: 'k',
        fingerprint: 'f',
        submittedMs: 10,
        reply: { a: [1] },
        answer: null,
      }
      await commit(store, { type: 'idempotency.put', record })
      await commit(store, {
        type: 'idempotency.put',
        record: { ...record, answer: { status: 200 } },
      })
      const known = async () => (await load(store, { idempotencyKey: 'k' })).idempotency
      await commit(store, { type: 'idempotency.expire', beforeMs: 10 })
      assert.deepEqual(await known(), { ...record, answer: { status: 200 } })
      await commit(store, { type: 'idempotency.expire', beforeMs: 11 })
      assert.equal(await known(), null)
    })
  })
}
