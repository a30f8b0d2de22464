// Inspection in process: a stock inspector of XState is told of tasks and groups as of its own actors.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createInspector, type StatelyInspectionEvent } from '@statelyai/inspect'
import type { InspectionEvent } from 'xstate'
import { createEngine, defineCall, memoryStore, type TaskEngine } from '../../../server/index.ts'
import { type Inspect, inspectCommits } from '../../../server/inspection/observer.ts'

const work = defineCall({
  name: 'work',
  run: async (_args, { progress }) => {
    progress({ done: 1 })
    return { sum: 3 }
  },
})
const fail = defineCall({
  name: 'fail',
  run: () => {
    throw new Error('no')
  },
})
const hold = defineCall({
  name: 'hold',
  run: (_args, { signal }) =>
    new Promise<void>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
    }),
})
const parent = defineCall({
  name: 'parent',
  run: async (_args, { spawn }) => {
    await spawn(work, {})
  },
})

const logged: string[] = []
const log = {
  debug() {},
  info() {},
  warn() {},
  error: (_details: object, message: string) => void logged.push(message),
}

function inspected(t: TestContext, inspect: Inspect): TaskEngine {
  const engine = createEngine({ calls: [work, fail, hold, parent], store: memoryStore() })
  t.after(() => engine.close())
  inspectCommits(engine.core.engine, inspect, log)
  return engine
}

async function settled(engine: TaskEngine, groupId: string): Promise<void> {
  await engine.core.until({
    read: () => engine.core.group(groupId),
    done: ({ value }) => value === 'settled',
    concerns: ({ groups }) => groups.has(groupId),
    timeoutMs: Number.POSITIVE_INFINITY,
  })
}

const ofActor = (events: readonly InspectionEvent[], sessionId: string) =>
  events.filter(({ actorRef }) => actorRef.sessionId === sessionId)

const kindOf = (event: InspectionEvent): string =>
  'event' in event ? `${event.type} ${event.event.type}` : event.type

test('a task is an actor: told when it is submitted, what it is sent, and what became of it', async t => {
  const events: InspectionEvent[] = []
  const engine = inspected(t, event => void events.push(event))
  const task = await engine.submit(work, {})
  assert.deepEqual(await task.result(), { sum: 3 })
  const told = ofActor(events, task.taskId).filter(event => !kindOf(event).endsWith('progressed'))
  assert.deepEqual(told.map(kindOf), [
    '@xstate.actor',
    '@xstate.event xstate.init',
    '@xstate.snapshot xstate.init',
    '@xstate.event task.start',
    '@xstate.snapshot task.start',
    '@xstate.event task.succeeded',
    '@xstate.snapshot task.succeeded',
  ])
  const snapshots = told.flatMap(event =>
    event.type === '@xstate.snapshot' ? [event.snapshot as never] : [],
  ) as { value: unknown; status: string; context: { result: unknown } }[]
  assert.deepEqual(
    snapshots.map(({ value, status }) => [value, status]),
    [
      ['waiting', 'active'],
      [{ running: 'executing' }, 'active'],
      ['finished', 'done'],
    ],
  )
  assert.deepEqual(snapshots.at(-1)?.context.result, { sum: 3 })
})

test('a task tells its group that it moved, and the group that it has settled', async t => {
  const events: InspectionEvent[] = []
  const engine = inspected(t, { next: event => void events.push(event) })
  const { groupId, taskIds } = await engine.submitGroup({ calls: [{ call: fail }] })
  await settled(engine, groupId)
  const moves = ofActor(events, groupId).flatMap(event =>
    event.type === '@xstate.event' && event.event.type === 'group.moved'
      ? [[event.sourceRef?.sessionId, event.event.to]]
      : [],
  )
  assert.deepEqual(moves, [
    [taskIds[0], 'running'],
    [taskIds[0], 'error'],
  ])
  const last = ofActor(events, groupId).at(-1)
  assert.ok(last?.type === '@xstate.snapshot')
  assert.deepEqual([last.snapshot.status, kindOf(last)], ['done', '@xstate.snapshot group.moved'])
})

test('what a group does to its tasks comes from the group', async t => {
  const events: InspectionEvent[] = []
  const engine = inspected(t, event => void events.push(event))
  const { groupId, taskIds } = await engine.submitGroup({ calls: [{ call: hold }] })
  await engine.cancelGroup(groupId)
  await settled(engine, groupId)
  const cancel = ofActor(events, taskIds[0] as string).find(
    event => event.type === '@xstate.event' && event.event.type === 'task.cancel',
  )
  assert.ok(cancel?.type === '@xstate.event')
  assert.equal(cancel.sourceRef?.sessionId, groupId)
})

test('a stock inspector shows actors with their statecharts, parents and messages', async t => {
  const received: StatelyInspectionEvent[] = []
  const arrived = Promise.withResolvers<void>()
  const inspector = createInspector({
    send(event) {
      received.push(event)
      const isEnd = event.type === '@xstate.snapshot' && event.snapshot.status === 'done'
      if (isEnd && event.sessionId === groupId) arrived.resolve()
    },
  })
  let groupId = ''
  const engine = inspected(t, inspector.inspect)
  const group = await engine.submitGroup({ calls: [{ call: parent }] })
  groupId = group.groupId
  await arrived.promise
  const actors = received.flatMap(event => (event.type === '@xstate.actor' ? [event] : []))
  const [ofGroup, ofParent, ofChild] = actors
  assert.equal(actors.length, 3)
  assert.deepEqual(
    [ofGroup?.sessionId, ofGroup?.parentId, ofGroup?.rootId],
    [groupId, undefined, groupId],
  )
  assert.deepEqual([ofParent?.sessionId, ofParent?.parentId], [group.taskIds[0], groupId])
  assert.deepEqual([ofChild?.parentId, ofChild?.rootId], [group.taskIds[0], groupId])
  assert.equal(JSON.parse(ofGroup?.definition ?? '').id, 'group')
  assert.equal(JSON.parse(ofChild?.definition ?? '').id, 'task')
  assert.match(ofChild?.name ?? '', /^work [0-9a-f]{8}$/)
  const toGroup = received.flatMap(event =>
    event.type === '@xstate.event' && event.sessionId === groupId ? [event.sourceId] : [],
  )
  assert.ok(toGroup.includes(ofChild?.sessionId))
})

test('an inspector that throws is heard of and harms nothing', async t => {
  const engine = inspected(t, () => {
    throw new Error('broken')
  })
  const task = await engine.submit(work, {})
  assert.deepEqual(await task.result(), { sum: 3 })
  assert.ok(logged.includes('the inspector threw'))
})

test('an inspector cannot send an actor anything', async t => {
  const events: InspectionEvent[] = []
  const engine = inspected(t, event => void events.push(event))
  await (await engine.submit(work, {})).result()
  assert.throws(() => events[0]?.actorRef.send({ type: 'task.cancel' }), /ask the engine instead/)
})
