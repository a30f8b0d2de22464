// The behaviour that every store has, as a suite over a factory: server/store/store.ts, sentence by sentence.
import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import type { Json } from '../../../machines/index.ts'
import { StoreError } from '../../../server/errors.ts'
import type { Store } from '../../../server/store/store.ts'
import {
  commit,
  edge,
  event,
  group,
  ids,
  load,
  puts,
  reservation,
  resource,
  task,
} from './builders.ts'
import { inspectingSuite } from './suite.inspecting.ts'
import { loadingSuite } from './suite.loading.ts'
import { readingSuite } from './suite.reading.ts'

export type OpenStore = (t: TestContext) => Promise<Store>

/** Holds the stores that `open` gives, empty and opened, to the contract. */
export function storeSuite(open: OpenStore): void {
  describe('A transaction', () => {
    test('gives back what was put, to the last field', async t => {
      const store = await open(t)
      const full = task(1, 'error', {
        groupId: 'g2',
        parentId: 't9',
        args: { text: 'a\u0000b "quoted" \u2028 é😀', deep: [[{ a: null }]] },
        tags: ['pulp:repository:a', 'x\u0000y'],
        resources: [{ ...resource('a'), operation: 'delete' }],
        dependencies: [{ taskId: 't0', states: ['finished', 'error'] }],
        dependencyFailures: { t0: { expected: ['finished'], actual: 'error' } },
        priority: -7,
        cancellable: false,
        principal: 'admin',
        response: 'postponed',
        reasons: [{ ...resource('a'), operation: 'read' }],
        place: null,
        blockers: 3,
        unplaced: 2,
        wakeAtMs: 99,
        attempt: 4,
        interruptions: 5,
        failedAttempts: 2,
        stopCause: 'timeout',
        progress: { done: 0.1, of: 1e300 },
        result: [Number.MAX_SAFE_INTEGER, -0.5, 1e21, 2 ** 62, '', false, null],
        location: '/v2/x/',
        failure: {
          error: { code: 'RCL0015', description: 'd', data: { a: [1] }, sub_errors: ['s'] },
          exception: 'Error: d',
          traceback: 'at f',
          status: 418,
        },
        spawned: ['t3', 't4'],
        worker: 'w1',
        startMs: 1_700_000_000_123,
        finishMs: 1_700_000_000_456,
        rev: 2 ** 50,
      })
      const its = group(
        2,
        { error: 1 },
        { canceled: true, tags: ['q'], value: 'settled', finishMs: 5 },
      )
      await commit(store, ...puts(full, its))
      assert.deepEqual(await store.task('t1'), full)
      assert.deepEqual(await store.group('g2'), its)
      const slice = await load(store, { tasks: ['t1'] })
      assert.deepEqual(slice.tasks.get('t1'), full)
      assert.deepEqual(slice.groups.get('g2'), its)
    })

    test('keeps any JSON as a result, and null apart from missing failures', async t => {
      const store = await open(t)
      const proto = JSON.parse('{"__proto__": {"a": 1}}') as Json
      for (const [index, result] of [null, 0, -1.5, '', 'null', [], {}, false, proto].entries()) {
        await commit(store, ...puts(task(index + 1, 'finished', { result })))
        assert.deepEqual((await store.task(`t${index + 1}`))?.result, result)
      }
    })

    test('writes a task again over the one before', async t => {
      const store = await open(t)
      await commit(store, ...puts(task(1), task(1, 'running.executing', { rev: 2 })))
      await commit(store, ...puts(task(1, 'finished', { rev: 3, result: { a: 1 } })))
      assert.deepEqual(await store.task('t1'), task(1, 'finished', { rev: 3, result: { a: 1 } }))
      assert.equal(await store.count({}), 1)
    })

    test('sees in its loads what it applied', async t => {
      const store = await open(t)
      await store.transaction(async tx => {
        await tx.apply([
          ...puts(task(1), group(2)),
          { type: 'counters.set', seq: 5, place: 6, rev: 7 },
        ])
        const slice = await tx.load({ tasks: ['t1'], groups: ['g2'], ready: { limit: 5 } }, 0)
        assert.deepEqual(slice.tasks.get('t1'), task(1))
        assert.deepEqual(slice.groups.get('g2'), group(2))
        assert.deepEqual(slice.ready, ['t1'])
        assert.deepEqual(slice.counters, { seq: 5, place: 6, rev: 7 })
      })
    })

    test('leaves nothing when its work throws', async t => {
      const store = await open(t)
      await commit(
        store,
        ...puts(
          task(1, 'waiting', {
            groupId: 'g1',
            tags: ['a'],
            resources: [{ ...resource('r'), operation: 'read' }],
          }),
          group(1, { waiting: 1 }),
        ),
      )
      await commit(store, ...puts(reservation(1, 'read', true)), {
        type: 'event.append',
        event: event(1, { taskId: 't1' }),
      })
      const failing = store.transaction(async tx => {
        await tx.apply([
          ...puts(
            task(1, 'finished', { groupId: 'g1', tags: ['a'] }),
            task(2),
            group(1),
            group(2),
            reservation(2, 'update'),
          ),
          { type: 'reservation.delete', resource: resource('r'), place: 1 },
          edge('t1', 't2'),
          { type: 'event.append', event: event(2, { taskId: 't1' }) },
          {
            type: 'idempotency.put',
            record: { key: 'k', fingerprint: 'f', submittedMs: 1, reply: 1, answer: 2 },
          },
          { type: 'counters.set', seq: 9, place: 9, rev: 9 },
          { type: 'task.delete', taskId: 't1' },
          { type: 'group.delete', groupId: 'g1' },
        ])
        await tx.load({ ready: { limit: 9 } }, 0)
        throw new RangeError('no')
      })
      await assert.rejects(failing, RangeError)
      assert.equal(await ids(store, {}), 't1')
      assert.equal(await ids(store, { tags: ['a'], states: 'unfinished' }), 't1')
      assert.deepEqual(await store.activeGroups(), [{ groupId: 'g1' }])
      assert.equal((await store.history({ afterEventId: 0, limit: 9 })).length, 1)
      const slice = await load(store, {
        queues: [resource('r')],
        dependants: { taskId: 't1', after: 0, limit: 9 },
        ready: { limit: 9 },
        idempotencyKey: 'k',
      })
      assert.deepEqual(slice.counters, { seq: 0, place: 0, rev: 0 })
      assert.deepEqual([...slice.queues.values()], [{ read: 1 }])
      assert.deepEqual([slice.ready, slice.dependants, slice.idempotency], [['t1'], [], null])
    })

    test('that failed to apply is not committed, even when its work goes on', async t => {
      const store = await open(t)
      const failing = store.transaction(async tx => {
        await tx.apply(puts(task(1)))
        await assert.rejects(async () => tx.apply([edge('t1', 'nobody')]), /nobody/)
      })
      await assert.rejects(failing, /nobody/)
      assert.equal(await store.task('t1'), null)
    })

    test('is seen by readers only once it is committed', async t => {
      const store = await open(t)
      await commit(store, ...puts(task(1)))
      const applied = Promise.withResolvers<void>()
      const goOn = Promise.withResolvers<void>()
      const running = store.transaction(async tx => {
        await tx.apply(puts(task(1, 'finished'), task(2)))
        applied.resolve()
        await goOn.promise
        throw new RangeError('taken back')
      })
      await applied.promise
      const reads = [store.task('t1'), store.task('t2'), ids(store, {}), store.count({})]
      goOn.resolve()
      await assert.rejects(running, RangeError)
      assert.deepEqual(await Promise.all(reads), [task(1), null, 't1', 1])
    })

    test('begun right after a read does not show in it', async t => {
      const store = await open(t)
      const read = store.task('t1')
      const failing = store.transaction(async tx => {
        await tx.apply(puts(task(1)))
        throw new RangeError('taken back')
      })
      assert.equal(await read, null)
      await assert.rejects(failing, RangeError)
    })

    test('runs when those before it have ended, in the order of the calls', async t => {
      const store = await open(t)
      const log: string[] = []
      const step = (name: string) =>
        store.transaction(async tx => {
          log.push(`${name} begins`)
          await tx.load({}, 0)
          await new Promise(resolve => setImmediate(resolve))
          log.push(`${name} ends`)
        })
      await Promise.all([step('a'), step('b'), step('c')])
      assert.deepEqual(log, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
    })

    test('is refused to who kept it after its end', async t => {
      const store = await open(t)
      const kept = await store.transaction(async tx => ({ tx }))
      await assert.rejects(async () => kept.tx.apply(puts(task(1))), /over/)
      await assert.rejects(async () => kept.tx.load({}, 0), /over/)
    })

    test('is finished before the store closes, and none begins after', async t => {
      const store = await open(t)
      const running = store.transaction(async tx => {
        await new Promise(resolve => setImmediate(resolve))
        await tx.apply(puts(task(1)))
        return 'done'
      })
      await store.close()
      await store.close()
      assert.equal(await running, 'done')
      await assert.rejects(commit(store), StoreError)
      await assert.rejects(store.task('t1'), StoreError)
    })
  })

  loadingSuite(open)

  describe('Deleting', () => {
    test('a task takes its tags, history and edges with it', async t => {
      const store = await open(t)
      const dependency = { dependencies: [{ taskId: 't1', states: ['finished' as const] }] }
      await commit(
        store,
        ...puts(
          task(1),
          task(2, 'canceled', { tags: ['a', 'a'], ...dependency }),
          task(3, 'waiting', dependency),
        ),
        edge('t1', 't2'),
        edge('t1', 't3'),
        { type: 'event.append', event: event(1, { taskId: 't2' }) },
        { type: 'event.append', event: event(2, { taskId: 't3' }) },
      )
      await commit(
        store,
        { type: 'task.delete', taskId: 't2' },
        { type: 'task.delete', taskId: 'never' },
      )
      assert.equal(await ids(store, {}), 't1 t3')
      assert.equal(await ids(store, { tags: ['a'] }), '')
      assert.deepEqual(await store.history({ afterEventId: 0, limit: 9 }), [
        event(2, { taskId: 't3' }),
      ])
      const { dependants } = await load(store, { dependants: { taskId: 't1', after: 0, limit: 9 } })
      assert.deepEqual(
        dependants.map(({ taskId }) => taskId),
        ['t3'],
      )
    })

    test('a task that was put in the same transaction leaves nothing', async t => {
      const store = await open(t)
      await commit(store, ...puts(task(1, 'waiting', { tags: ['a'] })), {
        type: 'task.delete',
        taskId: 't1',
      })
      assert.equal(await store.count({}), 0)
    })

    test('a group takes its history with it', async t => {
      const store = await open(t)
      await commit(store, ...puts(group(1)), {
        type: 'event.append',
        event: event(1, { groupId: 'g1' }),
      })
      await commit(store, { type: 'group.delete', groupId: 'g1' })
      assert.equal(await store.group('g1'), null)
      assert.deepEqual(await store.history({ afterEventId: 0, limit: 9 }), [])
    })
  })

  readingSuite(open)
  inspectingSuite(open)
}
