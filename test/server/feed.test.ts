// What a reader of the feed is told: every event once and in order, wherever it starts and however slow it is.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { HistoryEvent } from '../../machines/index.ts'
import { Pace } from '../../server/feed/pace.ts'
import { Feed, type FeedItem, type Position, type Topic } from '../../server/feed.ts'
import { defineCall, memoryStore } from '../../server/index.ts'
import { systemClock } from '../../server/ports.ts'
import { Rollcall } from '../../server/rollcall.ts'
import { VirtualClock } from '../../server/testing/virtual-clock.ts'
import { AT_MS } from '../support/builders.ts'

const nothing = defineCall({ name: 'nothing', run: () => null })
const hold = defineCall({
  name: 'hold',
  run: (_args, { signal }) =>
    new Promise<void>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
    }),
})

function engineFor(t: TestContext, calls: readonly unknown[] = [nothing, hold]): Rollcall {
  const rollcall = new Rollcall({ calls, store: memoryStore() })
  t.after(() => rollcall.close())
  return rollcall
}

interface Reading {
  /** The next list with something in it. */
  next(): Promise<FeedItem[]>
  /** Every item until one of them satisfies `last`. */
  until(last: (item: FeedItem) => boolean): Promise<FeedItem[]>
  stop(): void
}

/** Reads as a client does, from nothing, from an event or from the beginning. */
function reading(
  t: TestContext,
  feed: Feed,
  topic: Topic,
  from: Position | null = null,
  idleMs = Number.POSITIVE_INFINITY,
): Reading {
  const end = new AbortController()
  t.after(() => end.abort())
  const lists = feed.follow(topic, from, { signal: end.signal, idleMs })
  const next = async () => {
    const { value, done } = await lists.next()
    if (done) throw new Error('the list has ended')
    return value
  }
  return {
    next,
    async until(last) {
      const items: FeedItem[] = []
      while (!items.some(last)) items.push(...(await next()))
      return items
    },
    stop: () => end.abort(),
  }
}

const eventsOf = (items: readonly FeedItem[]): HistoryEvent[] =>
  items.flatMap(item => (item.kind === 'event' ? [item.event] : []))

const isEvent = (type: string) => (item: FeedItem) =>
  item.kind === 'event' && item.event.type === type

const beginning: Position = { eventId: 0, atMs: null }

async function ended(rollcall: Rollcall, taskIds: readonly string[]): Promise<void> {
  for (const taskId of taskIds) await rollcall.ended(taskId, Number.POSITIVE_INFINITY)
}

test('a reader from the beginning is given the history, and goes on with what comes', async t => {
  const rollcall = engineFor(t)
  const first = await rollcall.submitGroup({ calls: [{ call: nothing }, { call: nothing }] })
  await ended(rollcall, first.taskIds)
  const reader = reading(t, rollcall.feed, {}, beginning)
  const past = await reader.until(isEvent('group.settled'))
  const second = await rollcall.submitGroup({ calls: [{ call: nothing }] })
  await ended(rollcall, second.taskIds)
  const present = await reader.until(isEvent('group.settled'))
  const stored = await rollcall.store.history({ afterEventId: 0, limit: 1_000 })
  assert.deepEqual(eventsOf([...past, ...present]), stored)
})

test('a reader that knows nothing is told where it is, and then what comes', async t => {
  const rollcall = engineFor(t)
  const { taskIds } = await rollcall.submit({ call: nothing, args: {} })
  await ended(rollcall, taskIds)
  const [last] = (await rollcall.store.history({ afterEventId: 0, limit: 1_000 })).slice(-1)
  const reader = reading(t, rollcall.feed, {})
  const { eventId, atMs } = last as HistoryEvent
  assert.deepEqual(await reader.next(), [{ kind: 'position', position: { eventId, atMs } }])
  const later = await rollcall.submit({ call: nothing, args: {} })
  const [event] = eventsOf(await reader.next())
  assert.deepEqual([event?.type, event?.taskId], ['task.submitted', later.taskIds[0]])
})

test('the place of a reader in a store that was opened again is its last event', async t => {
  const store = memoryStore()
  const before = new Rollcall({ calls: [nothing], store })
  const { taskIds } = await before.submit({ call: nothing, args: {} })
  await ended(before, taskIds)
  const stored = await before.store.history({ afterEventId: 0, limit: 1_000 })
  await before.close()
  const after = new Rollcall({ calls: [nothing], store })
  t.after(() => after.close())
  await after.ready()
  const reader = reading(t, after.feed, {})
  const { eventId, atMs } = stored.at(-1) as HistoryEvent
  assert.deepEqual(await reader.next(), [{ kind: 'position', position: { eventId, atMs } }])
})

test('a reader of a group is told about its tasks and no others, and how the group is', async t => {
  const rollcall = engineFor(t)
  const { groupId, taskIds } = await rollcall.submitGroup({ calls: [{ call: hold }] })
  const reader = reading(t, rollcall.feed, { groupId }, beginning)
  await reader.until(isEvent('task.start'))
  await rollcall.submit({ call: nothing, args: {} })
  await rollcall.cancelGroup(groupId)
  const items = await reader.until(item => item.kind === 'group' && item.group.value === 'settled')
  const told = new Set(eventsOf(items).map(({ taskId }) => taskId))
  assert.deepEqual(told, new Set([null, taskIds[0]]))
})

test('a reader of a task is told how it is once it has been told what happened', async t => {
  const rollcall = engineFor(t)
  const { taskIds } = await rollcall.submit({ call: nothing, args: {} })
  await ended(rollcall, taskIds)
  const reader = reading(t, rollcall.feed, { taskId: taskIds[0] as string }, beginning)
  const items = await reader.until(({ kind }) => kind === 'task')
  assert.deepEqual(
    items.map(item => (item.kind === 'event' ? item.event.type : item.kind)),
    ['position', 'task.submitted', 'task.start', 'task.succeeded', 'task'],
  )
})

test('a reader that comes back two hundred times is given each event exactly once', async t => {
  const rollcall = engineFor(t)
  const { groupId, taskIds } = await rollcall.submitGroup({
    calls: Array.from({ length: 100 }, () => ({ call: nothing })),
  })
  const given: HistoryEvent[] = []
  let from = beginning
  for (let times = 0; times < 200; times += 1) {
    const reader = reading(t, rollcall.feed, { groupId }, from)
    const [event] = eventsOf(await reader.until(({ kind }) => kind === 'event'))
    reader.stop()
    from = event as HistoryEvent
    given.push(event as HistoryEvent)
  }
  const rest = reading(t, rollcall.feed, { groupId }, from)
  given.push(...eventsOf(await rest.until(isEvent('group.settled'))))
  await ended(rollcall, taskIds)
  assert.deepEqual(given, await rollcall.store.history({ groupId, afterEventId: 0, limit: 10_000 }))
})

test('a reader that is behind what comes is given the last event of each task, in order', async t => {
  const rollcall = engineFor(t)
  await rollcall.ready()
  const { engine, store } = rollcall
  const feed = new Feed({ engine, store, clock: systemClock, recentLimit: 64 })
  t.after(() => feed.close())
  const reader = reading(t, feed, {})
  await reader.next()
  const first = await rollcall.submit({ call: nothing, args: {} })
  await ended(rollcall, first.taskIds)
  // It has arrived at the present, and then it stops reading.
  const before = await reader.until(isEvent('task.succeeded'))
  const { taskIds } = await rollcall.submitGroup({
    calls: Array.from({ length: 600 }, () => ({ call: nothing })),
  })
  await ended(rollcall, taskIds)
  const items = await reader.until(isEvent('group.settled'))
  const stored = await store.history({ afterEventId: 0, limit: 10_000 })
  const merged = items.map(item => (item.kind === 'event' ? item.merged : 0))
  const given = eventsOf(items)
  assert.ok(given.length < stored.length, `${given.length} of ${stored.length}`)
  assert.equal(
    eventsOf(before).length + given.length + merged.reduce((sum, count) => sum + count),
    stored.length,
  )
  assert.deepEqual(
    given,
    given.toSorted((a, b) => a.eventId - b.eventId),
  )
  for (const taskId of taskIds) {
    assert.equal(given.findLast(event => event.taskId === taskId)?.value, 'finished')
  }
})

test('a reader that has not arrived at the present is spared nothing', async t => {
  const rollcall = engineFor(t)
  const { taskIds } = await rollcall.submitGroup({
    calls: Array.from({ length: 600 }, () => ({ call: nothing })),
  })
  await ended(rollcall, taskIds)
  const { engine, store } = rollcall
  const feed = new Feed({ engine, store, clock: systemClock, recentLimit: 64 })
  t.after(() => feed.close())
  const items = await reading(t, feed, {}, beginning).until(isEvent('group.settled'))
  const stored = await store.history({ afterEventId: 0, limit: 10_000 })
  assert.deepEqual(eventsOf(items), stored)
})

test('of progress a reader is told the last, however much there was', async t => {
  const done = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  const counting = defineCall({
    name: 'counting',
    async run(_args, { progress }) {
      await go.promise
      for (let count = 1; count <= 100; count += 1) {
        progress({ count })
        await new Promise<void>(resolve => setImmediate(resolve))
      }
      await done.promise
    },
  })
  const rollcall = engineFor(t, [counting])
  const { taskIds } = await rollcall.submit({ call: counting, args: {} })
  const reader = reading(t, rollcall.feed, {}, beginning)
  await reader.until(isEvent('task.start'))
  go.resolve()
  await rollcall.until({
    read: () => rollcall.task(taskIds[0] as string),
    done: ({ progress }) => progress.count === 100,
    concerns: () => true,
    timeoutMs: Number.POSITIVE_INFINITY,
  })
  const told = (await reader.next()).map(item => item.kind === 'task' && item.task.progress)
  assert.deepEqual(told, [{ count: 100 }])
  done.resolve()
})

test('a reader that was told an event which the store does not have is told so', async t => {
  const rollcall = engineFor(t)
  const { taskIds } = await rollcall.submit({ call: nothing, args: {} })
  await ended(rollcall, taskIds)
  const stored = await rollcall.store.history({ afterEventId: 0, limit: 100 })
  const last = stored.at(-1) as HistoryEvent
  const { eventId, atMs } = last

  const ahead = reading(t, rollcall.feed, {}, { eventId: eventId + 1_000, atMs })
  assert.deepEqual(await ahead.next(), [
    {
      kind: 'gap',
      afterEventId: eventId + 1_000,
      lastEventId: eventId,
      position: { eventId, atMs },
    },
  ])
  const other = reading(t, rollcall.feed, {}, { eventId: 1, atMs: last.atMs - 5_000 })
  const items = await other.until(isEvent('task.succeeded'))
  assert.equal(items[0]?.kind, 'gap')
  assert.deepEqual(eventsOf(items), stored.slice(1))

  const same = reading(t, rollcall.feed, {}, stored[0] as HistoryEvent)
  assert.equal((await same.next())[0]?.kind, 'position')
})

test('the list of a task or group that is deleted ends with that', async t => {
  const rollcall = engineFor(t)
  const { groupId, taskIds } = await rollcall.submitGroup({ calls: [{ call: nothing }] })
  await ended(rollcall, taskIds)
  const topics = [{ taskId: taskIds[0] as string }, { groupId }]
  const readers = topics.map(topic => reading(t, rollcall.feed, topic))
  for (const reader of readers)
    await reader.until(({ kind }) => kind === 'task' || kind === 'group')
  await rollcall.purge(['finished'])
  for (const [index, reader] of readers.entries()) {
    assert.deepEqual(await reader.next(), [{ kind: 'deleted', topic: topics[index] }])
    await assert.rejects(reader.next(), /the list has ended/)
  }
  assert.equal(rollcall.feed.readers, 0)
})

test('every list ends when the feed is closed, and one of them when its signal says so', async t => {
  const rollcall = engineFor(t)
  const readers = [1, 2, 3].map(() => reading(t, rollcall.feed, {}))
  for (const reader of readers) await reader.next()
  assert.equal(rollcall.feed.readers, 3)
  const [first, ...others] = readers.map(reader => assert.rejects(reader.next(), /has ended/))
  readers[0]?.stop()
  await first
  assert.equal(rollcall.feed.readers, 2)
  rollcall.feed.close()
  await Promise.all(others)
  assert.equal(rollcall.feed.readers, 0)
})

test('a reader to whom nothing happens is told where it is when that has changed', async t => {
  const clock = new VirtualClock(AT_MS)
  const rollcall = new Rollcall({ calls: [nothing, hold], store: memoryStore(), clock })
  const { taskIds } = await rollcall.submit({ call: hold, args: {} })
  const reader = reading(t, rollcall.feed, { taskId: taskIds[0] as string }, null, 15_000)
  const first = (await reader.next())[0]
  await reader.until(({ kind }) => kind === 'task')
  const idle = reader.next()
  await clock.advance(15_000)
  assert.deepEqual(await idle, [])
  await rollcall.submit({ call: nothing, args: {} })
  const moved = reader.next()
  await clock.advance(15_000)
  const [item] = await moved
  assert.ok(item?.kind === 'position' && first?.kind === 'position')
  assert.ok(item.position.eventId > first.position.eventId)
  reader.stop()
  const closed = rollcall.close()
  await clock.advance(1_000)
  await closed
})

test('the engine goes on while a reader takes nothing', async t => {
  const rollcall = engineFor(t)
  const reader = reading(t, rollcall.feed, {}, beginning)
  await reader.next()
  const { groupId, taskIds } = await rollcall.submitGroup({
    calls: Array.from({ length: 2_000 }, () => ({ call: nothing })),
  })
  await ended(rollcall, taskIds)
  assert.equal((await rollcall.summary(groupId)).finished, 2_000)
})

test('a thousand readers take their turns in rounds that leave room for everything else', async () => {
  const clock = new VirtualClock(AT_MS)
  const pace = new Pace(clock)
  let turns = 0
  const readers = () => Array.from({ length: 1_000 }, () => pace.turn().then(() => (turns += 1)))
  readers()
  await clock.advance(0)
  assert.equal(turns, 1_000)
  const second = readers()
  await clock.advance(199)
  assert.equal(turns, 1_000)
  await clock.advance(1)
  await Promise.all(second)
  assert.equal(turns, 2_000)
})

test('a reader takes its turn at once when there was none for a while', async () => {
  const clock = new VirtualClock(AT_MS)
  const pace = new Pace(clock)
  await pace.turn()
  await clock.advance(2)
  await pace.turn()
  assert.equal(clock.nowMs(), AT_MS + 2)
})

test('readers go on when somebody sets the clock back', async () => {
  const clock = new VirtualClock(AT_MS)
  const pace = new Pace(clock)
  await pace.turn()
  clock.jump(-3_600_000)
  const turn = pace.turn()
  await clock.advance(2)
  await turn
})
