// What an export holds: all that a replay needs, as of one moment, while the group goes on.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Replay } from '../../../machines/replay.ts'
import { exportGroup, type HistorySource } from '../../../server/history/export.ts'
import type { HistoryFile } from '../../../server/history/read.ts'
import { openHistory } from '../../../server/history/read.ts'
import { AT_MS } from '../../support/builders.ts'
import { begun, exported, fileOf, historyOf, over } from './incident.ts'

/** Replays a file: its state at the end, and all that differs. */
async function replayed(history: HistoryFile): Promise<Replay & { differences: string[] }> {
  const replay = new Replay(history.group, { purged: history.purgedCount > 0 })
  const differences: string[] = []
  for await (const { event, row } of history.events())
    differences.push(...replay.take(event, row).differences)
  differences.push(...replay.end(history.header.last_event_id))
  return Object.assign(replay, { differences })
}

describe('An export', () => {
  test('replays to the states that the group and its tasks are in', async t => {
    const { store, groupId, taskIds } = await over()
    const history = await historyOf(t, store, groupId)
    const { group, tasks, differences } = await replayed(history)
    assert.deepEqual(differences, [])
    assert.equal(group?.value, 'settled')
    assert.deepEqual(
      Object.values(taskIds).map(taskId => tasks.get(taskId)?.value),
      ['skipped', 'finished', 'canceled'],
    )
    assert.deepEqual([history.taskCount, history.purgedCount], [3, 0])
  })

  test('names the group, when it was made and by which version', async t => {
    const { store, groupId } = await over()
    const { header } = await historyOf(t, store, groupId)
    assert.equal(header.group_id, groupId)
    assert.equal(header.exported_at, '2026-01-31T12:00:00Z')
    assert.match(header.rollcall, /^\d+\.\d+\.\d+/)
  })

  test('is the same, byte by byte, for the same group at the same time', async () => {
    const texts: string[] = []
    for (const _ of [1, 2]) {
      const { store, groupId } = await over()
      texts.push(await exported(store, groupId))
    }
    assert.equal(texts[0], texts[1])
  })

  test('keeps each failure whole, those of earlier attempts too', async t => {
    const { store, groupId, taskIds } = await over()
    const history = await historyOf(t, store, groupId)
    const failures = (await Array.fromAsync(history.events()))
      .map(({ event }) => event)
      .filter(({ taskId, type }) => taskId === taskIds.failing && type === 'task.failed')
    assert.equal(failures.length, 1)
    const [{ data } = { data: null }] = failures
    const { exception, traceback } = data as { exception: string; traceback: string }
    assert.equal(exception, 'Error: no route')
    assert.match(traceback, /incident\.ts/)
  })

  test('is of one moment, however the group goes on while it is read', async t => {
    const { store, groupId, taskIds, script, rollcall, look } = await begun()
    await look(taskIds.failing)
    const lines = exportGroup(store, groupId, AT_MS)
    const read = [(await lines.next()).value, (await lines.next()).value]
    ;(await script.of(taskIds.failing)).succeed()
    await rollcall.cancelGroup(groupId)
    assert.equal((await look(taskIds.canceled)).state, 'canceled')
    for await (const line of lines) read.push(line)

    const { group, tasks, differences } = await replayed(
      await openHistory(await fileOf(t, read.join(''))),
    )
    assert.deepEqual(differences, [])
    assert.equal(group?.value, 'active.closed')
    assert.deepEqual(
      [...tasks.values()].map(({ value }) => value),
      ['running.executing', 'running.executing', 'waiting'],
    )
  })

  test('takes no row for older than it is, whenever the group changes', async t => {
    const { store, groupId, clock, rollcall } = await begun()
    /** The group changes, and changes back, after each look at it. */
    const changing: HistorySource = {
      rev: () => store.rev(),
      tasks: query => store.tasks(query),
      history: query => store.history(query),
      async group(id) {
        const group = await store.group(id)
        await rollcall.changeGroup(groupId, group?.value === 'active.closed' ? 'suspend' : 'resume')
        await clock.advance(1_000)
        return group
      },
    }
    const { differences } = await replayed(await historyOf(t, changing, groupId))
    assert.deepEqual(differences, [])
  })

  test('holds a group of more tasks than are read at a time', async t => {
    const { rollcall, store, clock } = await begun()
    const calls = Array.from({ length: 600 }, () => ({ call: 'work' }))
    const { groupId } = await rollcall.submitGroup({ calls })
    await rollcall.cancelGroup(groupId)
    // Those that run stop a little later.
    await clock.advance(0)
    const history = await historyOf(t, store, groupId)
    const { group, differences } = await replayed(history)
    assert.deepEqual(differences, [])
    assert.equal(history.taskCount, 600)
    assert.equal(group?.counts.canceled, 600)
  })

  test('of no group is refused', async () => {
    const { store } = await begun()
    await assert.rejects(exported(store, 'nowhere'), { code: 'RCL0005' })
  })
})

describe('Tasks that were deleted', () => {
  test('before the export are told, by number, and the rest replays', async t => {
    const { rollcall, store, groupId } = await over()
    await rollcall.purge(['canceled', 'finished'])
    const history = await historyOf(t, store, groupId)
    const { group, differences } = await replayed(history)
    assert.deepEqual(differences, [])
    assert.deepEqual([history.taskCount, history.purgedCount], [1, 2])
    assert.deepEqual(
      [group?.value, group?.counts.skipped, group?.counts.finished],
      ['settled', 1, 0],
    )
  })

  test('are told by number when they were more than are deleted at a time', async t => {
    const { rollcall, store, script, look } = await begun()
    const calls = Array.from({ length: 300 }, () => ({ call: 'work' }))
    const { groupId, taskIds } = await rollcall.submitGroup({ calls })
    const [first = ''] = taskIds
    ;(await script.of(first)).succeed()
    assert.equal((await look(first)).state, 'finished')
    await rollcall.cancelGroup(groupId)
    await rollcall.purge(['canceled'])
    const history = await historyOf(t, store, groupId)
    assert.deepEqual([history.taskCount, history.purgedCount], [1, 299])
    assert.deepEqual((await replayed(history)).differences, [])
  })

  for (const linesRead of [1, 2, 3, 12]) {
    test(`while it is read, after ${linesRead} lines, make it fail and not lie`, async () => {
      const { rollcall, store, groupId } = await over()
      const lines = exportGroup(store, groupId, AT_MS)
      for (let line = 0; line < linesRead; line += 1) await lines.next()
      await rollcall.purge(['finished'])
      await assert.rejects(Array.fromAsync(lines), {
        code: 'RCL0014',
        message: /were deleted while/,
      })
    })
  }

  test('with their whole group, too', async () => {
    const { rollcall, store, groupId } = await over()
    const lines = exportGroup(store, groupId, AT_MS)
    for (let line = 0; line < 5; line += 1) await lines.next()
    await rollcall.purge(['finished', 'canceled', 'skipped'])
    await assert.rejects(Array.fromAsync(lines), { code: 'RCL0014' })
  })
})
