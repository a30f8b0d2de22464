// The two stores against each other: whatever is applied, committed and taken back, both hand over the
// same slices and answer the same reads.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type Change,
  isFinal,
  type Need,
  OPERATIONS,
  type Slice,
  type TaskState,
} from '../../../machines/index.ts'
import { memoryStore } from '../../../server/store/memory.ts'
import { sqliteStore } from '../../../server/store/sqlite/store.ts'
import type { Store } from '../../../server/store/store.ts'
import { temporaryFolder } from '../../support/temp.ts'
import { edge, event, group, ids, puts, reservation, resource, task } from './builders.ts'

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
    dependencies: SEQS.filter(each => each < seq).map(each => ({
      taskId: `t${each}`,
      states: ['finished' as const],
    })),
  }
}

const seq = fc.constantFrom(...SEQS)
const anyTask = fc
  .record({
    seq,
    value: fc.constantFrom(
      'waiting' as const,
      'suspended' as const,
      'running.executing' as const,
      'finished' as const,
      'error' as const,
    ),
    changing: fc.record({
      blockers: fc.integer({ min: 0, max: 1 }),
      wakeAtMs: fc.constantFrom(null, 5, 10),
      cancellable: fc.constant(true),
    }),
  })
  .map(each => puts(task(each.seq, each.value, { ...fixed(each.seq), ...each.changing })))
const step: fc.Arbitrary<Change[]> = fc.oneof(
  { weight: 4, arbitrary: anyTask },
  fc
    .tuple(seq, fc.boolean())
    .map(([at, granted]) => [
      ...puts(task(at, 'waiting', fixed(at))),
      ...puts(
        ...fixed(at).resources.map(use => reservation(at, use.operation, granted, use.resource_id)),
      ),
    ]),
  seq.map(released),
  seq.map((at): Change[] => [...released(at), { type: 'task.delete', taskId: `t${at}` }]),
  fc.tuple(seq, seq).map(([a, b]): Change[] => {
    const [from, to] = [Math.min(a, b), Math.max(a, b)]
    return from === to ? [] : [...puts(task(to, 'waiting', fixed(to))), edge(`t${from}`, `t${to}`)]
  }),
  fc.record({ waiting: seq, running: fc.constantFrom(0, 1) }).map(counts => puts(group(7, counts))),
  fc.constantFrom<Change[]>([{ type: 'group.delete', groupId: 'g7' }]),
  seq.map((at): Change[] => [{ type: 'counters.set', seq: at, place: at, rev: at }]),
)

function released(at: number): Change[] {
  return fixed(at).resources.map(use => ({
    type: 'reservation.delete',
    resource: resource(use.resource_id),
    place: at,
  }))
}

const NEEDS: Need[] = [
  { tasks: SEQS.map(each => `t${each}`), groups: ['g7'], queues: [resource('r'), resource('s')] },
  { queuesOf: 't3', ready: { limit: 3 }, due: { limit: 3 }, childrenOf: 't1', cancellableIn: 'g7' },
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
  steps: Change[][]
  rollBack: boolean
}

/** Leaves out the steps that would change a task which has ended. */
function legal(rounds: Round[]): Round[] {
  let ended = new Set<string>()
  return rounds.map(({ steps, rollBack }) => {
    const before = new Set(ended)
    const kept = steps.filter(changes => {
      if (changes.some(each => each.type === 'task.put' && ended.has(each.task.taskId)))
        return false
      for (const each of changes) {
        if (each.type === 'task.put' && isFinal(each.task.value)) ended.add(each.task.taskId)
        if (each.type === 'task.delete') ended.delete(each.taskId)
      }
      return true
    })
    if (rollBack) ended = before
    return { steps: kept, rollBack }
  })
}

/** Runs a round and gives every slice that it saw on the way. */
async function played(store: Store, { steps, rollBack }: Round, eventId: number): Promise<Slice[]> {
  const slices: Slice[] = []
  const goBack = new Error('taken back')
  const running = store.transaction(async tx => {
    for (const [index, changes] of steps.entries()) {
      const line = event(eventId + index, { taskId: `t${(index % 6) + 1}`, groupId: 'g7' })
      await tx.apply([...changes, { type: 'event.append', event: line }])
      for (const need of NEEDS) slices.push(await tx.load(need, 7))
    }
    if (rollBack) throw goBack
  })
  if (rollBack) await assert.rejects(running, goBack)
  else await running
  return slices
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
    events: await store.history({ afterEventId: 0, limit: 999 }),
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
      const [memory, sqlite] = [memoryStore(), sqliteStore(`${folder}/${run}`)]
      await Promise.all([memory.open(), sqlite.open()])
      try {
        for (const [index, each] of legal(rounds).entries()) {
          const eventId = index * 100 + 1
          assert.deepEqual(await played(sqlite, each, eventId), await played(memory, each, eventId))
          assert.deepEqual(await seen(sqlite), await seen(memory))
        }
      } finally {
        await Promise.all([memory.close(), sqlite.close()])
      }
    }),
    { numRuns: 60 },
  )
})
