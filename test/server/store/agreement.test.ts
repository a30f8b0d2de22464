// The two stores against each other: whatever is applied, committed and taken back, both hand over the
// same slices and answer the same reads. ROLLCALL_AGREEMENT_RUNS raises their number.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type Change,
  isFinal,
  MATRIX,
  type Need,
  OPERATIONS,
  type Reservation,
  type Slice,
  type Task,
  type TaskState,
  type TaskValue,
} from '../../../machines/index.ts'
import { memoryStore } from '../../../server/store/memory.ts'
import { sqliteStore } from '../../../server/store/sqlite/store.ts'
import type { Store } from '../../../server/store/store.ts'
import { temporaryFolder } from '../../support/temp.ts'
import {
  edge,
  event,
  group,
  ids,
  puts,
  queuesInUse,
  reservation,
  resource,
  task,
} from './builders.ts'

const SEQS = [1, 2, 3, 4, 5, 6]

/** What a task was submitted with follows from its seq; half of them share a second resource. */
function fixed(seq: number) {
  const uses = seq % 2 === 0 ? ['r'] : ['r', 's']
  return {
    groupId: seq < 5 ? 'g7' : null,
    parentId: seq > 3 ? 't1' : null,
    tags: seq % 3 === 0 ? ['a', 'b'] : ['a'],
    call: seq % 2 === 0 ? 'even' : 'odd',
    priority: seq % 3,
    resources: uses.map(id => ({ ...resource(id), operation: OPERATIONS[seq % 4] ?? 'read' })),
    spawned: seq === 1 ? ['t4', 't5', 't6'] : [],
    dependencies: SEQS.filter(each => each < seq).map(each => ({
      taskId: `t${each}`,
      states: ['finished' as const],
    })),
  }
}

const seq = fc.constantFrom(...SEQS)

/** What happens in one apply: a task is put or deleted, or something beside the tasks changes. */
type Step =
  | { seq: number; value: TaskValue; changing: Partial<Task>; jointly: boolean }
  | { deleted: number }
  | { changes: Change[] }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      seq,
      value: fc.constantFrom(
        ...(['waiting', 'waiting', 'suspended', 'running.executing', 'finished', 'error'] as const),
      ),
      changing: fc.record({
        blockers: fc.integer({ min: 0, max: 1 }),
        wakeAtMs: fc.constantFrom(null, 5, 10),
        cancellable: fc.constant(true),
      }),
      jointly: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: seq.map(deleted => ({ deleted })) },
  fc
    .record({ waiting: seq, running: fc.constantFrom(0, 1) })
    .map(counts => ({ changes: puts(group(7, counts)) })),
  fc.constant<Step>({ changes: [{ type: 'group.delete', groupId: 'g7' }] }),
  seq.map(at => ({ changes: [{ type: 'counters.set' as const, seq: at, place: at, rev: at }] })),
)

/** The tasks that are there, by seq. */
type World = Map<number, Task>

/** The changes of a step, with the reservations and edges that follow from the tasks after it. */
function changesOf(step: Step, world: World, eventId: number): Change[] {
  const heldBefore = held(world)
  const edgesBefore = edges(world)
  const changes: Change[] = []
  let taskId: string | null = null
  let joint: Joint | null = null
  if ('changes' in step) changes.push(...step.changes)
  else if ('deleted' in step) {
    changes.push({ type: 'task.delete', taskId: `t${step.deleted}` })
    world.delete(step.deleted)
  } else if (!isFinal(world.get(step.seq)?.value ?? 'waiting')) {
    const wakeAtMs = isFinal(step.value) ? null : (step.changing.wakeAtMs ?? null)
    const parts = { ...fixed(step.seq), ...step.changing, wakeAtMs, rev: eventId }
    const put = task(step.seq, step.value, parts)
    taskId = put.taskId
    const isNew = !world.has(step.seq)
    world.set(step.seq, put)
    joint = step.jointly ? jointly(put, isNew, world, eventId) : null
    if (joint === null) changes.push(...puts(put))
    else changes.push(joint)
  }
  const besides = (each: Reservation) => joint === null || each.taskId !== taskId
  for (const each of held(world).values()) if (besides(each)) changes.push(...puts(each))
  for (const [name, each] of heldBefore) {
    const { place, resource_type, resource_id } = each
    const its = { resource_type, resource_id }
    if (!held(world).has(name) && besides(each))
      changes.push({ type: 'reservation.delete', resource: its, place })
  }
  for (const [from, to] of edges(world)) changes.push(edge(`t${from}`, `t${to}`))
  for (const [from, to] of edgesBefore) {
    const isThere = edges(world).some(([a, b]) => a === from && b === to)
    if (isThere || !world.has(to)) continue
    changes.push({ type: 'edge.delete', dependencyId: `t${from}`, dependantId: `t${to}` })
  }
  if (joint !== null) return changes
  return [...changes, { type: 'event.append', event: event(eventId, { taskId, groupId: 'g7' }) }]
}

type Joint = Extract<Change, { type: 'task.add' | 'task.step' }>

/** A put task with its reservations and its event as one change; null when there is none that says it. */
function jointly(put: Task, isNew: boolean, world: World, eventId: number): Joint | null {
  const { seq, taskId, groupId, value, resources } = put
  if (!isNew)
    return isFinal(value)
      ? { type: 'task.step', task: put, event: event(eventId, { taskId, groupId }) }
      : null
  if (isFinal(value)) return null
  const granted = resources.map(
    ({ resource_id }) => held(world).get(`${seq} ${resource_id}`)?.granted === true,
  )
  return { type: 'task.add', task: put, granted: granted.includes(false) ? granted : null }
}

/** A reservation for each resource of an unfinished task, granted when none before it stands in its way. */
function held(world: World): Map<string, Reservation> {
  const all = new Map<string, Reservation>()
  for (const { seq: place, value, resources } of [...world.values()].sort(
    (a, b) => a.seq - b.seq,
  )) {
    if (isFinal(value)) continue
    for (const { operation, resource_id } of resources) {
      const granted = [...all.values()].every(
        each =>
          each.resource_id !== resource_id || MATRIX[each.operation][operation] === 'accepted',
      )
      const its = reservation(place, operation, granted, resource_id)
      all.set(`${place} ${resource_id}`, its)
    }
  }
  return all
}

/** An edge for each unfinished dependency of an unfinished task. */
function edges(world: World): [number, number][] {
  const unfinished = [...world.values()].filter(({ value }) => !isFinal(value))
  return unfinished.flatMap(({ seq: to }) =>
    unfinished.flatMap(({ seq: from }): [number, number][] => (from < to ? [[from, to]] : [])),
  )
}

const NEEDS: Need[] = [
  { tasks: SEQS.map(each => `t${each}`), groups: ['g7'], queues: [resource('r'), resource('s')] },
  { queuesOf: 't3', ready: { limit: 3 }, due: { limit: 3 }, cancellableIn: 'g7' },
  {
    members: { groupId: 'g7', states: ['waiting', 'running'], limit: 3 },
    purgeable: { states: ['error', 'finished'], limit: 3 },
  },
  { grantable: { resource: resource('r'), bounds: { read: 4, update: 3 }, limit: 3 } },
  { behind: { resource: resource('r'), after: 1, until: 5, limit: 3, sharing: false } },
  {
    behind: {
      resource: resource('r'),
      after: 0,
      until: Number.POSITIVE_INFINITY,
      limit: 3,
      sharing: true,
    },
  },
  { dependants: { taskId: 't1', after: 2, limit: 3 } },
]

interface Round {
  steps: Step[]
  rollBack: boolean
}

/** What each round applies, step by step. */
function applied(rounds: Round[]): { steps: Change[][]; rollBack: boolean }[] {
  let world: World = new Map()
  return rounds.map(({ steps, rollBack }, nth) => {
    const before = new Map(world)
    const changes = steps.map((each, index) => changesOf(each, world, nth * 700 + index + 1))
    if (rollBack) world = before
    return { steps: changes, rollBack }
  })
}

/** Runs a round and gives every slice that it saw on the way. */
async function played(
  store: Store,
  { steps, rollBack }: { steps: Change[][]; rollBack: boolean },
): Promise<Slice[]> {
  const slices: Slice[] = []
  const goBack = new Error('taken back')
  const running = store.transaction(async tx => {
    for (const changes of steps) {
      await tx.apply(changes)
      for (const need of NEEDS) {
        const slice = await tx.load(need, 7)
        slices.push({ ...slice, queues: new Map(queuesInUse(slice)) })
      }
      // A parent is there while its children are.
      const { tasks } = await tx.load({ tasks: ['t1'] }, 7)
      if (tasks.size > 0) slices.push(await tx.load({ childrenOf: 't1' }, 7))
    }
    if (rollBack) throw goBack
  })
  if (rollBack) await assert.rejects(running, goBack)
  else await running
  return slices
}

/** The tasks one by one, which no list has had written to their rows before. */
function tasksOf(store: Store): Promise<(Task | null)[]> {
  return Promise.all(SEQS.map(each => store.task(`t${each}`)))
}

async function seen(store: Store): Promise<unknown> {
  const states: TaskState[] = ['waiting', 'error']
  return {
    lists: [
      await ids(store, {}),
      await ids(store, { tags: ['a', 'b'], states: 'unfinished' }),
      await ids(store, { groupId: 'g7', states }),
    ],
    groups: [
      await store.activeGroups(),
      await store.unsettledGroups(0, 9),
      await store.group('g7'),
    ],
    running: await store.running(1, 9),
    calls: await store.unfinishedCalls(),
    times: [await store.nextWakeMs(), await store.rev()],
    events: [
      await store.history({ afterEventId: 0, limit: 999 }),
      await store.history({ afterEventId: 3, limit: 4 }),
      await store.history({ groupId: 'g7', afterEventId: 701, limit: 3 }),
      await store.history({ taskId: 't1', afterEventId: 1, limit: 9 }),
      await store.history({ taskId: 't5', afterEventId: 0, limit: 2 }),
    ],
    inspected: await inspected(store),
  }
}

async function inspected(store: Store): Promise<unknown> {
  const { inspection } = store
  assert.ok(inspection !== undefined)
  const states: TaskState[] = ['waiting', 'error', 'running']
  const group = { groupId: 'g7', afterSeq: 1, limit: 3 }
  const queue = { resource: resource('r'), limit: 3 }
  return {
    groups: await inspection.groupWords({ beforeSeq: 9, unsettled: true, limit: 9 }),
    seqs: [
      await inspection.taskSeqs({ ...group, states: null, skip: 1 }),
      await inspection.taskSeqs({ ...group, states, skip: 1 }),
    ],
    words: [
      await inspection.taskWords(group),
      await inspection.latestTasks({ states, beforeSeq: 6, limit: 3 }),
    ],
    lines: [await inspection.lines(SEQS), await inspection.linesOf(['t3', 't1'])],
    needs: [await inspection.needs('t2'), await inspection.dependants('t1', 3)],
    queues: [
      await inspection.queue({ ...queue, afterPlace: 1 }),
      await inspection.ahead({ ...queue, operation: 'read', beforePlace: 5, from: 'first' }),
      await inspection.ahead({ ...queue, operation: 'read', beforePlace: 5, from: 'last' }),
      await inspection.reservation(resource('s'), 3),
    ],
    events: await inspection.groupEvents({ groupId: 'g7', afterEventId: 2, limit: 9 }),
    counts: [
      await inspection.tally({ state: 'waiting', afterSeq: 1, limit: 3 }),
      await inspection.tallyRunning(1, 3),
      await inspection.firstQueued(0, 3),
      await inspection.callsInUse(1, 3),
      await inspection.readyBefore({ priority: 1, place: 4 }, 3),
    ],
  }
}

test('Both stores load the same slices and answer the same reads, whatever is applied or taken back', async t => {
  const folder = await temporaryFolder(t)
  let run = 0
  const round: fc.Arbitrary<Round> = fc.record({
    steps: fc.array(step, { minLength: 1, maxLength: 6 }),
    rollBack: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 5 }), async rounds => {
      run += 1
      const reopens = run % 2 === 0
      // Lists have all rows written: without them tasks are told by more and more entries of the journal.
      const lists = run % 3 > 0
      const options = run % 4 < 2 ? { tasksInMemory: run % 2 } : {}
      const [memory, sqlite] = [memoryStore(), sqliteStore(`${folder}/${run}`, options)]
      await Promise.all([memory.open(), sqlite.open()])
      try {
        for (const each of applied(rounds)) {
          assert.deepEqual(await played(sqlite, each), await played(memory, each))
          // Nobody takes back that an id comes again after its task was deleted: none does outside of tests.
          if (!each.rollBack) assert.deepEqual(await tasksOf(sqlite), await tasksOf(memory))
          if (lists) assert.deepEqual(await seen(sqlite), await seen(memory))
          if (!reopens) continue
          await sqlite.close()
          await sqlite.open()
        }
        assert.deepEqual(await seen(sqlite), await seen(memory))
      } finally {
        await Promise.all([memory.close(), sqlite.close()])
      }
    }),
    { numRuns: Number(process.env.ROLLCALL_AGREEMENT_RUNS ?? 60) },
  )
})
