// The engine itself on the memory store, beside the small worlds: it takes a command as they do, so that
// what holds of them holds of it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Change,
  type Command,
  type Need,
  OPERATIONS,
  type Resource,
  TASK_STATES,
} from '../../machines/index.ts'
import { Engine } from '../../server/engine.ts'
import { memoryStore } from '../../server/store/memory.ts'
import type { Store } from '../../server/store/store.ts'
import { FaultyStore } from '../../server/testing/faulty-store.ts'
import { quiet, VirtualClock } from '../../server/testing/virtual-clock.ts'
import { nthId, type Taken, take } from './batch.ts'
import { families } from './families.ts'
import { keyOf } from './key.ts'
import { sliceOf } from './slice.ts'
import { commandOf, type Family, isCommand, stepsOf, walk } from './steps.ts'
import type { Rows, World } from './world.ts'

/** Of the worlds of each family that are reached first, so many, and from one in so many every step. */
const WORLDS = 2_000
const EVERY = 20

for (const family of families(2)) {
  test(`The engine takes a command as the small worlds do, and tells nobody before it is on disk: ${family.name}`, async () => {
    let taken = 0
    const worlds = await firstWorlds(family)
    for (const before of worlds.filter((_, nth) => nth % EVERY === 0)) {
      for (const step of stepsOf(before, family)) {
        if (!isCommand(step)) continue
        const free = step.type === 'fill' ? step.free : 0
        await compare({ ...before, mail: [] }, commandOf(before, step), free, family.sliceLimit)
        taken += 1
      }
    }
    assert.ok(taken > WORLDS / EVERY, `${taken} commands were compared`)
  })
}

async function firstWorlds(family: Family): Promise<World[]> {
  const worlds = [family.start]
  const known = new Set([keyOf(family.start, family.attempts)])
  for (const before of worlds) {
    for (const step of stepsOf(before, family)) {
      const { world } = await walk(before, step, family)
      const key = keyOf(world, family.attempts)
      if (known.has(key)) continue
      known.add(key)
      worlds.push(world)
      if (worlds.length === WORLDS) return worlds
    }
  }
  return worlds
}

/** Takes the command in the world and in the engine, with so many free slots after it. */
async function compare(
  before: World,
  command: Command,
  free: number,
  sliceLimit: number,
): Promise<void> {
  const store = new FaultyStore(memoryStore())
  await store.open()
  await store.transaction(async tx => tx.apply(changesTo(before.rows)))
  let { ids } = before
  const newId = () => {
    ids += 1
    return nthId(ids)
  }
  const clock = new VirtualClock(before.nowMs)
  const engine = new Engine({ store, clock, ids: { newId }, sliceLimit })
  const performed: unknown[] = []
  const slots = [free]
  const performer = {
    worker: 'w1',
    concurrency: free,
    freeSlots: () => slots.pop() ?? 0,
    perform: (effect: unknown) => void performed.push(effect),
  }
  let answer: unknown
  const release = store.hold()
  // Filling slots is what the engine does when the runner is attached, without a command.
  if (free > 0) engine.attach(performer)
  else {
    engine.attach({ ...performer, freeSlots: () => 0 })
    engine.sendReliably(command).then(reply => {
      answer = reply
    })
  }
  await quiet()
  assert.deepEqual([performed, answer], [[], undefined], 'told before it is on disk')
  release()
  await quiet()

  const { world, reply, effects } = whole(before, command, sliceLimit)
  if (free === 0) assert.deepEqual(answer, reply)
  assert.deepEqual(performed, effects)
  const needs = everything(world.rows)
  assert.deepEqual(
    await look(store, needs, world.nowMs),
    needs.map(need => sliceOf(world.rows, need, world.nowMs)),
  )
}

/** The command with the whole of its fan-out, as nothing comes in between. */
function whole(before: World, command: Command, sliceLimit: number): Taken {
  let { world, reply, changes, effects } = take(before, command, sliceLimit)
  while (world.mail.length > 0) {
    const [next, ...mail] = world.mail
    const rest = take({ ...world, mail }, next!, sliceLimit)
    world = rest.world
    changes = [...changes, ...rest.changes]
    effects = [...effects, ...rest.effects]
  }
  return { world, reply, changes, effects, later: [] }
}

function changesTo({ counters, tasks, groups, reservations, edges }: Rows): Change[] {
  return [
    { type: 'counters.set', ...counters },
    ...groups.map((group): Change => ({ type: 'group.put', group })),
    ...tasks.map((task): Change => ({ type: 'task.put', task })),
    ...reservations.map((reservation): Change => ({ type: 'reservation.put', reservation })),
    ...edges.map((edge): Change => ({ type: 'edge.put', ...edge })),
  ]
}

/** Needs that show every row, and the order in which each index has them. */
function everything({ tasks, groups }: Rows): Need[] {
  const taskIds = tasks.map(each => each.taskId)
  const groupIds = groups.map(each => each.groupId)
  const resources: Resource[] = ['1', '2'].map(id => ({ resource_type: 'repo', resource_id: id }))
  const limit = 99
  const states = [...TASK_STATES]
  return [
    { tasks: taskIds, groups: groupIds, queues: resources, ready: { limit }, due: { limit } },
    { ready: { limit: 1 }, due: { limit: 1 } },
    ...resources.flatMap((resource): Need[] => [
      { grantable: { resource, bounds: {}, limit } },
      {
        grantable: {
          resource,
          bounds: Object.fromEntries(OPERATIONS.map(each => [each, 1])),
          limit,
        },
      },
      { behind: { resource, after: 0, until: 99, limit, sharing: false } },
      { behind: { resource, after: 1, until: 2, limit: 1, sharing: true } },
    ]),
    ...taskIds.map(
      (taskId): Need => ({
        dependants: { taskId, after: 0, limit },
        childrenOf: taskId,
        queuesOf: taskId,
      }),
    ),
    ...groupIds.map(
      (groupId): Need => ({
        members: { groupId, states, limit: 2 },
        cancellableIn: groupId,
      }),
    ),
  ]
}

function look(store: Store, needs: readonly Need[], nowMs: number) {
  return store.transaction(async tx => {
    const slices = []
    for (const need of needs) slices.push(await tx.load(need, nowMs))
    return slices
  })
}
