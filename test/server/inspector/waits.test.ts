// Why a task waits: whom it waits for, up to those that one must wait for in the end, and in words.
import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { STORES, startWorld, uses, type World } from './world.ts'

interface Waits {
  nodes: { task_id: string; value: string; depth: number }[]
  edges: {
    from: string
    to: string
    why: string
    operation?: string
    held?: string
    resource_id?: string
    states?: string[]
    far?: boolean
  }[]
  because: string[]
  truncated: boolean
}

/** The waits of the tasks of a group, by the position of each: `2→0 update/read`. */
async function waitsOf(world: World, taskIds: string[], position: number, query = '') {
  const answer = (await world.get(`tasks/${taskIds[position]}/waits/${query}`)) as Waits
  const at = (taskId: string) => taskIds.indexOf(taskId)
  return {
    ...answer,
    nodes: answer.nodes.map(({ task_id, depth }) => `${at(task_id)} at ${depth}`),
    edges: answer.edges.map(({ from, to, why, operation, held, states }) =>
      why === 'resource'
        ? `${at(from)}→${at(to)} ${operation}/${held}`
        : `${at(from)}→${at(to)} ${states?.join()}`,
    ),
  }
}

for (const [name, store] of Object.entries(STORES)) {
  describe(`With ${name}`, () => {
    const started = async (t: TestContext, concurrency = 100) =>
      startWorld(t, { store: await store(t), concurrency })
    const hold = (operation: 'read' | 'update' | 'delete' | 'create', id = '1') => ({
      call: 'hold',
      resources: uses(operation, id),
    })

    test('a task waits for the one just before it, and that one for the one that runs', async t => {
      const world = await started(t)
      const { groupId, taskIds } = await world.engine.submitGroup({
        calls: [hold('update'), hold('update'), hold('update')],
      })
      await world.counts(groupId, { running: 1 })
      const { nodes, edges, because, truncated } = await waitsOf(world, taskIds, 2)
      assert.deepEqual(nodes, ['2 at 0', '1 at 1', '0 at 2'])
      assert.deepEqual(edges, ['2→1 update/update', '1→0 update/update'])
      assert.deepEqual(because, [
        'Others are before it in the queue: it is to update repository 1.',
        `In the end it waits for hold ${taskIds[0]}, which runs.`,
      ])
      assert.equal(truncated, false)
    })

    test('it waits for all those that read, and for nobody who does not stand in its way', async t => {
      const world = await started(t)
      const { groupId, taskIds } = await world.engine.submitGroup({
        calls: [hold('update'), hold('read'), hold('read'), hold('read', '2'), hold('update')],
      })
      await world.counts(groupId, { running: 4 })
      const { edges } = await waitsOf(world, taskIds, 4)
      assert.deepEqual(edges.toSorted(), [
        '4→0 update/update',
        '4→1 update/read',
        '4→2 update/read',
      ])
    })

    test('a wait leads on through dependencies and other resources', async t => {
      const world = await started(t)
      const { groupId, taskIds } = await world.engine.submitGroup({
        calls: [
          hold('update', 'a'),
          { id: 'second', ...hold('update', 'a') },
          {
            id: 'third',
            call: 'ping',
            depends_on: [{ id: 'second', states: ['finished', 'canceled'] }],
          },
          { call: 'ping', depends_on: ['third'] },
        ],
      })
      await world.counts(groupId, { running: 1 })
      const { nodes, edges, because } = await waitsOf(world, taskIds, 3)
      assert.deepEqual(nodes, ['3 at 0', '2 at 1', '1 at 2', '0 at 3'])
      assert.deepEqual(edges, ['3→2 finished', '2→1 finished,canceled', '1→0 update/update'])
      assert.deepEqual(because, [
        'It depends on a task that has not ended.',
        `In the end it waits for hold ${taskIds[0]}, which runs.`,
      ])
    })

    test('behind a long queue it still names the one at the head', async t => {
      const world = await started(t)
      const calls = Array.from({ length: 40 }, () => hold('update'))
      const { groupId, taskIds } = await world.engine.submitGroup({ calls })
      await world.counts(groupId, { running: 1 })
      const { nodes, edges, because, truncated } = await waitsOf(world, taskIds, 39, '?limit=5')
      assert.deepEqual(nodes, ['39 at 0', '0 at 1', '38 at 1', '37 at 2', '36 at 3'])
      assert.deepEqual(edges.slice(0, 2), ['39→0 update/update', '39→38 update/update'])
      assert.equal(truncated, true)
      assert.match(because[1] ?? '', new RegExp(`${taskIds[0]}, which runs`))
      const whole = await waitsOf(world, taskIds, 39)
      assert.deepEqual([whole.nodes.length, whole.edges.length], [40, 39])
      assert.equal(whole.truncated, false)
    })

    test('it says that no slot is free, and who comes first', async t => {
      const world = await started(t, 1)
      const { groupId, taskIds } = await world.engine.submitGroup({
        calls: [{ call: 'hold' }, { call: 'ping' }, { call: 'ping' }, { call: 'ping' }],
      })
      await world.counts(groupId, { running: 1 })
      const { nodes, because } = await waitsOf(world, taskIds, 3)
      assert.deepEqual(nodes, ['3 at 0'])
      assert.deepEqual(because, ['No slot is free: 1 of 1 busy.', '2 ready tasks start before it.'])
    })

    test('it says that its group is suspended or cancelled', async t => {
      const world = await started(t)
      const { groupId, taskIds } = await world.engine.submitGroup({
        calls: [hold('update'), hold('update')],
      })
      await world.counts(groupId, { running: 1 })
      await world.engine.changeGroup(groupId, 'suspend')
      const { because } = await waitsOf(world, taskIds, 1)
      assert.equal(because[0], 'Its group is suspended.')
    })

    test('it says until when a task waits for its time or its next attempt', async t => {
      const world = await started(t)
      const later = '2099-01-01T00:00:00Z'
      const { taskIds } = await world.engine.submitGroup({
        calls: [
          { id: 'late', call: 'ping', start_after: later },
          { call: 'ping', depends_on: ['late'] },
          { call: 'retry' },
        ],
      })
      await world.engine.core.until({
        read: () => world.engine.report(taskIds[2] as string),
        done: ({ attempt }) => attempt === 2,
        concerns: ({ tasks }) => tasks.has(taskIds[2] as string),
        timeoutMs: 10_000,
      })
      assert.deepEqual((await waitsOf(world, taskIds, 0)).because, [
        'It may not start before 2099-01-01T00:00:00.000Z.',
      ])
      assert.deepEqual((await waitsOf(world, taskIds, 1)).because, [
        'It depends on a task that has not ended.',
        `In the end it waits for ping ${taskIds[0]}, which waits until 2099-01-01T00:00:00.000Z.`,
      ])
      const [retried] = (await waitsOf(world, taskIds, 2)).because
      assert.match(retried ?? '', /^Its next attempt, number 2, is due at \d{4}-/)
    })

    test('one that does not wait says so', async t => {
      const world = await started(t)
      const { groupId, taskIds } = await world.engine.submitGroup({
        calls: [{ call: 'hold' }, { call: 'ping' }],
      })
      await world.counts(groupId, { running: 1, finished: 1 })
      const of = async (position: number) => (await waitsOf(world, taskIds, position)).because
      assert.deepEqual(await of(0), ['It does not wait: it runs.'])
      assert.deepEqual(await of(1), ['It does not wait: it is finished.'])
    })

    test("a resource's queue comes in order of place, in pages", async t => {
      const world = await started(t)
      const { groupId, taskIds } = await world.engine.submitGroup({
        calls: [hold('read'), hold('read'), hold('update'), hold('read', 'other')],
      })
      await world.counts(groupId, { running: 3 })
      const page = async (query: string) => {
        const { queue, next } = (await world.get(`resources/?type=repository&id=1&${query}`)) as {
          queue: { task_id: string; operation: string; granted: boolean; value: string }[]
          next: number | null
        }
        const rows = queue.map(({ task_id, operation, granted, value }) => {
          const place = taskIds.indexOf(task_id)
          return `${place} ${operation} ${granted ? 'granted' : 'waits'} ${value}`
        })
        return { rows, next }
      }
      const first = await page('limit=2')
      assert.deepEqual(first.rows, [
        '0 read granted running.executing',
        '1 read granted running.executing',
      ])
      const second = await page(`limit=2&after=${first.next}`)
      assert.deepEqual(second, { rows: ['2 update waits waiting'], next: null })
      assert.deepEqual(await world.get('resources/?type=nobody&id='), {
        resource_type: 'nobody',
        resource_id: '',
        queue: [],
        next: null,
      })
    })
  })
}
