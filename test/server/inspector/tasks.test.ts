// The inspector's data about one task: all that is known of it.
import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { STORES, startWorld, uses } from './world.ts'

interface TaskAnswer {
  report: { task_id: string; state: string; error: { code: string } | null }
  task: { task_id: string; value: string; progress: object }
  args: object
  resources: object[]
  cancellable: boolean
  parent_id: string | null
  dependencies: { task_id: string; call: string; value: string; states: string[] }[]
  dependencies_total: number
  dependants: { task_id: string }[]
  children: { task_id: string; call: string }[]
  children_total: number
  next: string[]
  group: { group_id: string; next: string[] } | null
  history: { type: string; value: string; attempt: number; data: object | null }[]
  history_more: boolean
}

for (const [name, store] of Object.entries(STORES)) {
  describe(`With ${name}`, () => {
    const started = async (t: TestContext) => startWorld(t, { store: await store(t) })

    test('the latest tasks come first, by state and search, with or without a group', async t => {
      const world = await started(t)
      const { groupId, taskIds } = await world.engine.submitGroup({
        calls: [
          { call: 'ping', tags: ['Nr:1'] },
          { call: 'hold', tags: ['nr:2'] },
          { call: 'ping' },
        ],
      })
      const alone = await world.engine.submit('hold')
      await world.counts(groupId, { finished: 2, running: 1 })
      const all = [alone.taskId, ...taskIds.toReversed()]
      const page = async (query: string) => {
        const { tasks, next } = (await world.get(`tasks/?${query}`)) as {
          tasks: { task_id: string; seq: number }[]
          next: number | null
        }
        return { at: tasks.map(({ task_id }) => all.indexOf(task_id)).join(' '), next }
      }
      assert.deepEqual(await page(''), { at: '0 1 2 3', next: null })
      assert.deepEqual(await page('state=running'), { at: '0 2', next: null })
      assert.deepEqual(await page('state=running&state=finished'), { at: '0 1 2 3', next: null })
      assert.deepEqual(await page('search=nr:'), { at: '2 3', next: null })
      assert.deepEqual(await page('search=PING&state=running'), { at: '', next: null })
      assert.deepEqual(await page(`search=${taskIds[2]}`), { at: '1', next: null })
      const first = await page('limit=3')
      assert.equal(first.at, '0 1 2')
      assert.deepEqual(await page(`limit=3&before=${first.next}`), { at: '3', next: null })
    })

    test('a task is told with its report, its group, and those that it depends on or that depend on it', async t => {
      const world = await started(t)
      const { groupId, taskIds } = await world.engine.submitGroup({
        calls: [
          { id: 'a', call: 'hold', args: { gate: 'a' } },
          {
            id: 'b',
            call: 'ping',
            resources: uses('read'),
            depends_on: ['a', { id: 'p', states: ['finished', 'error'] }],
          },
          { id: 'c', call: 'ping', depends_on: ['b'] },
          { id: 'p', call: 'ping' },
        ],
      })
      const [a = '', b = '', c = '', p = ''] = taskIds
      await world.counts(groupId, { running: 1, finished: 1 })
      const told = (await world.get(`tasks/${b.toUpperCase()}/`)) as TaskAnswer
      assert.deepEqual(told.report, JSON.parse(JSON.stringify(await world.engine.report(b))))
      assert.deepEqual([told.task.task_id, told.task.value], [b, 'waiting'])
      assert.deepEqual([told.args, told.resources, told.parent_id], [{}, uses('read'), null])
      assert.deepEqual(told.dependencies, [
        { task_id: a, call: 'hold', value: 'running.executing', states: ['finished'] },
        { task_id: p, call: 'ping', value: 'finished', states: ['finished', 'error'] },
      ])
      assert.deepEqual(
        [told.dependants, told.dependencies_total],
        [[{ task_id: c, call: 'ping', value: 'waiting' }], 2],
      )
      assert.deepEqual([told.group?.group_id, told.group?.next], [groupId, ['cancel', 'suspend']])
      const held = (await world.get(`tasks/${a}/`)) as TaskAnswer
      assert.deepEqual([held.args, held.dependants.length], [{ gate: 'a' }, 1])
    })

    test('what a person may send depends on its state', async t => {
      const world = await started(t)
      const next = async (taskId: string) =>
        ((await world.get(`tasks/${taskId}/`)) as TaskAnswer).next
      const { groupId, taskIds } = await world.engine.submitGroup({
        calls: [
          { id: 'held', call: 'hold', resources: uses('update') },
          { call: 'ping', resources: uses('update') },
          { call: 'keep', args: { gate: 'keep' } },
          { call: 'ping' },
        ],
      })
      await world.counts(groupId, { running: 2, waiting: 1, finished: 1 })
      const [held = '', waiting = '', kept = '', ended = ''] = taskIds
      assert.deepEqual(await next(held), ['cancel'])
      assert.deepEqual(await next(waiting), ['cancel'])
      assert.deepEqual(await next(kept), [])
      assert.deepEqual(await next(ended), [])
    })

    test('a parent names its children, and a child its parent', async t => {
      const world = await started(t)
      const { groupId, taskIds } = await world.engine.submitGroup({
        calls: [{ call: 'parent', args: { gate: 'parent' } }],
      })
      await world.counts(groupId, { running: 1, finished: 1 })
      const parent = (await world.get(`tasks/${taskIds[0]}/`)) as TaskAnswer
      assert.deepEqual([parent.children.length, parent.children_total], [1, 1])
      assert.equal(parent.children[0]?.call, 'ping')
      const child = (await world.get(`tasks/${parent.children[0]?.task_id}/`)) as TaskAnswer
      assert.equal(child.parent_id, taskIds[0])
    })

    test('its history tells what each event said', async t => {
      const world = await started(t)
      const { taskId } = await world.engine.submit('retry')
      await world.engine.core.until({
        read: () => world.engine.report(taskId),
        done: ({ attempt }) => attempt === 2,
        concerns: ({ tasks }) => tasks.has(taskId),
        timeoutMs: 10_000,
      })
      const told = (await world.get(`tasks/${taskId}/`)) as TaskAnswer
      assert.deepEqual(
        told.history.map(({ type, value, attempt }) => [type, value, attempt]),
        [
          ['task.submitted', 'waiting', 1],
          ['task.start', 'running.executing', 1],
          ['task.failed', 'waiting', 1],
        ],
      )
      assert.match(JSON.stringify(told.history[2]?.data), /X0001/)
      assert.deepEqual([told.history_more, told.group], [false, null])
    })
  })
}

test('Tasks that are not there are a 404, and meaningless questions a 400', async t => {
  const world = await startWorld(t)
  const { taskId } = await world.engine.submit('ping')
  const nobody = '00000000-0000-7000-8000-000000000000'
  for (const path of [`tasks/${nobody}/`, `tasks/${nobody}/waits/`, 'tasks/nobody/'])
    assert.deepEqual(await world.refusal(path), [404, 'RCL0005'], path)
  for (const path of [
    'tasks/?state=active',
    'tasks/?limit=0',
    `tasks/${taskId}/?x=1`,
    `tasks/${taskId}/waits/?limit=0`,
  ])
    assert.deepEqual(await world.refusal(path), [400, 'RCL0001'], path)
  for (const query of ['', 'type=a', 'id=a', 'type=a&id=b&limit=0', 'type=a&id=b&after=x'])
    assert.deepEqual(await world.refusal(`resources/?${query}`), [400, 'RCL0001'], query)
})
