// The inspector's data about groups, their tasks and their history.
import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import type { GroupRow, TaskRow } from '../../../server/inspector/rows.ts'
import { STORES, startWorld } from './world.ts'

interface Groups {
  groups: GroupRow[]
  next: number | null
}

interface Tasks {
  total: number
  tasks: TaskRow[]
}

interface History {
  events: [number, number, string | null, string, string, number | null][]
  last: number | null
  more: boolean
}

const NOBODY = '00000000-0000-7000-8000-000000000000'

for (const [name, store] of Object.entries(STORES)) {
  describe(`With ${name}`, () => {
    const started = async (t: TestContext) => startWorld(t, { store: await store(t) })

    test('groups are listed latest first, with their counts and what may be done to them', async t => {
      const world = await started(t)
      const first = await world.engine.submitGroup({
        calls: [{ call: 'ping' }],
        tags: ['nightly'],
        on_failure: 'cancel',
      })
      await world.counts(first.groupId, { finished: 1 })
      const second = await world.engine.submitGroup({ calls: [{ call: 'hold' }], open: true })
      await world.counts(second.groupId, { running: 1 })
      const { groups, next } = (await world.get('groups/')) as Groups
      assert.equal(next, null)
      assert.deepEqual(
        groups.map(({ group_id }) => group_id),
        [second.groupId, first.groupId],
      )
      const [open, settled] = groups as [GroupRow, GroupRow]
      assert.deepEqual(
        [open.value, open.next, open.finish_ms, open.state_summary.running],
        ['active.open', ['cancel', 'suspend', 'close'], null, 1],
      )
      assert.deepEqual(
        [settled.value, settled.next, settled.tags, settled.on_failure, settled.canceled],
        ['settled', [], ['nightly'], 'cancel', false],
      )
      assert.equal(typeof settled.finish_ms, 'number')
      assert.deepEqual(await world.get(`groups/${first.groupId.toUpperCase()}/`), settled)
    })

    test('groups are found by state, by the beginning of the id, and by part of a tag in any case', async t => {
      const world = await started(t)
      const held = await world.engine.submitGroup({
        calls: [{ call: 'hold' }],
        tags: ['Репозиторий:A'],
      })
      const quiet = await world.engine.submitGroup({ calls: [], open: true, tags: ['b'] })
      const ended = await world.engine.submitGroup({ calls: [{ call: 'ping' }], tags: ['c'] })
      await world.engine.changeGroup(quiet.groupId, 'suspend')
      await world.counts(ended.groupId, { finished: 1 })
      const found = async (query: string) => {
        const { groups } = (await world.get(`groups/?${query}`)) as Groups
        const names = new Map([
          [held.groupId, 'held'],
          [quiet.groupId, 'quiet'],
          [ended.groupId, 'ended'],
        ])
        return groups.map(({ group_id }) => names.get(group_id)).join(' ')
      }
      assert.equal(await found('state=active'), 'held')
      assert.equal(await found('state=suspended'), 'quiet')
      assert.equal(await found('state=settled&state=active'), 'ended held')
      assert.equal(await found('state=cancelling'), '')
      assert.equal(await found(`search=${encodeURIComponent('позиТОРИЙ:a')}`), 'held')
      assert.equal(await found(`search=${quiet.groupId.slice(0, 30).toUpperCase()}`), 'quiet')
      assert.equal(await found(`search=${ended.groupId}`), 'ended')
      assert.equal(await found('search=b&state=settled'), '')
      assert.equal(await found('search=%20'), 'ended quiet held')
    })

    test('pages of groups follow one another without a gap or a repetition', async t => {
      const world = await started(t)
      const tags = (index: number) => [index % 3 === 0 ? 'third' : 'other']
      for (let index = 0; index < 12; index += 1)
        await world.engine.submitGroup({ calls: [], open: true, tags: tags(index) })
      for (const query of [
        'limit=5',
        'limit=2&search=THIRD',
        'limit=3&state=active&search=other',
      ]) {
        const seen: number[] = []
        let next: number | null = Number.MAX_SAFE_INTEGER
        let pages = 0
        while (next !== null) {
          const page = (await world.get(
            `groups/?${query}${pages === 0 ? '' : `&before=${next}`}`,
          )) as Groups
          seen.push(...page.groups.map(({ seq }) => seq))
          next = page.next
          pages += 1
        }
        const expected = query.includes('THIRD') ? 4 : query.includes('other') ? 8 : 12
        assert.equal(seen.length, expected, query)
        assert.deepEqual(
          seen,
          [...new Set(seen)].sort((a, b) => b - a),
        )
      }
    })

    test("a group's tasks are counted and given by state and search, a page anywhere", async t => {
      const world = await started(t)
      const calls = Array.from({ length: 30 }, (_, index) => ({
        call: index % 3 === 0 ? 'hold' : 'ping',
        tags: [`nr:${index}`, `Half:${index < 15 ? 'First' : 'Second'}`],
      }))
      const { groupId, taskIds } = await world.engine.submitGroup({ calls })
      await world.counts(groupId, { finished: 20, running: 10 })
      const page = async (query: string) => {
        const { total, tasks } = (await world.get(`groups/${groupId}/tasks/?${query}`)) as Tasks
        return { total, at: tasks.map(({ task_id }) => taskIds.indexOf(task_id)).join(' ') }
      }
      assert.deepEqual(await page('limit=3'), { total: 30, at: '0 1 2' })
      assert.deepEqual(await page('limit=3&skip=28'), { total: 30, at: '28 29' })
      assert.deepEqual(await page('skip=999'), { total: 30, at: '' })
      assert.deepEqual(await page('limit=0'), { total: 30, at: '' })
      assert.deepEqual(await page('state=running&limit=3&skip=1'), { total: 10, at: '3 6 9' })
      assert.deepEqual(await page('state=running&state=finished&skip=28'), {
        total: 30,
        at: '28 29',
      })
      assert.deepEqual(await page('search=HOLD&limit=2&skip=8'), { total: 10, at: '24 27' })
      assert.deepEqual(await page('search=half:first&limit=2'), { total: 15, at: '0 1' })
      assert.deepEqual(await page('search=half:first&state=running&skip=3'), {
        total: 5,
        at: '9 12',
      })
      assert.deepEqual(await page(`search=${taskIds[7]?.toUpperCase()}`), { total: 1, at: '7' })
      assert.deepEqual(await page('search=nothing'), { total: 0, at: '' })
    })

    test('a search sees tasks that come later, and none that was deleted', async t => {
      const world = await started(t)
      const { groupId } = await world.engine.submitGroup({ calls: [{ call: 'ping' }], open: true })
      await world.counts(groupId, { finished: 1 })
      const found = async () =>
        ((await world.get(`groups/${groupId}/tasks/?search=ping`)) as Tasks).total
      assert.equal(await found(), 1)
      await world.engine.addToGroup(groupId, [{ call: 'ping' }, { call: 'hold' }])
      await world.counts(groupId, { finished: 2 })
      assert.equal(await found(), 2)
      await world.engine.core.purge(['finished'])
      assert.equal(await found(), 0)
    })

    test('a row of a task has what a table shows of it', async t => {
      const world = await started(t)
      const calls = [{ call: 'retry', priority: 3 }]
      const { groupId, taskIds } = await world.engine.submitGroup({ calls })
      await world.engine.core.until({
        read: () => world.engine.report(taskIds[0] as string),
        done: ({ attempt }) => attempt === 2,
        concerns: ({ tasks }) => tasks.has(taskIds[0] as string),
        timeoutMs: 10_000,
      })
      const { tasks } = (await world.get(`groups/${groupId}/tasks/`)) as Tasks
      const { task_id, seq, place, submit_ms, wake_at_ms, ...rest } = tasks[0] as TaskRow
      assert.deepEqual(rest, {
        call: 'retry',
        value: 'waiting',
        attempt: 2,
        priority: 3,
        group_id: groupId,
        start_ms: null,
        finish_ms: null,
        worker: null,
        progress: {},
        blockers: 0,
        error_code: 'X0001',
      })
      assert.deepEqual(
        [task_id, seq, place, submit_ms, wake_at_ms].map(each => typeof each),
        ['string', 'number', 'number', 'number', 'number'],
      )
    })

    test("a group's history comes in pages, in the order in which it happened", async t => {
      const world = await started(t)
      const calls = [{ call: 'ping' }, { call: 'ping' }]
      const { groupId, taskIds } = await world.engine.submitGroup({ calls })
      await world.counts(groupId, { finished: 2 })
      const whole = (await world.get(`groups/${groupId}/history/`)) as History
      assert.deepEqual([whole.more, whole.last], [false, whole.events.at(-1)?.[0]])
      assert.deepEqual(whole.events[0]?.slice(2), [null, 'group.submitted', 'active.closed', null])
      const first = whole.events.filter(([, , taskId]) => taskId === taskIds[0])
      assert.deepEqual(
        first.map(([, , , type, value, attempt]) => [type, value, attempt]),
        [
          ['task.submitted', 'waiting', 1],
          ['task.start', 'running.executing', 1],
          ['task.succeeded', 'finished', 1],
        ],
      )
      assert.deepEqual(whole.events.at(-1)?.slice(3, 5), ['group.settled', 'settled'])
      const read: History['events'] = []
      let page: History = { events: [], last: 0, more: true }
      while (page.more) {
        page = (await world.get(`groups/${groupId}/history/?limit=3&after=${page.last}`)) as History
        read.push(...page.events)
      }
      assert.deepEqual(read, whole.events)
      const after = await world.get(`groups/${groupId}/history/?after=${whole.last}`)
      assert.deepEqual(after, { events: [], last: null, more: false })
    })
  })
}

test('Groups that are not there are a 404, and meaningless questions a 400, in the standard body', async t => {
  const world = await startWorld(t)
  const { groupId } = await world.engine.submitGroup({ calls: [], open: true })
  for (const path of [
    `groups/${NOBODY}/`,
    `groups/${NOBODY}/tasks/`,
    `groups/${NOBODY}/history/`,
    'groups/nobody/',
    `groups/${groupId}/nothing/`,
    'nothing/',
    '',
  ]) {
    assert.deepEqual(await world.refusal(path), [404, 'RCL0005'], path)
  }
  for (const path of [
    'groups/?state=running',
    'groups/?limit=0',
    'groups/?limit=201',
    'groups/?limit=-1',
    'groups/?before=x',
    'groups/?colour=red',
    'groups/?search=%FF',
    `groups/?search=${'x'.repeat(201)}`,
    'groups/?limit=1&limit=2',
    `groups/${groupId}/?x=1`,
    `groups/${groupId}/tasks/?state=active`,
    `groups/${groupId}/tasks/?limit=501`,
    `groups/${groupId}/tasks/?skip=1e3`,
    `groups/${groupId}/history/?after=-1`,
    `groups/${groupId}/history/?limit=5001`,
  ]) {
    assert.deepEqual(await world.refusal(path), [400, 'RCL0001'], path)
  }
})
