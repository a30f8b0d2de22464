// What the inspector reads at a time: whatever is asked of a large group or a long queue, everybody else
// gets a turn after few rows.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Change, NO_TASKS } from '../../../machines/index.ts'
import { type Store, sqliteStore } from '../../../server/index.ts'
import { FaultyStore } from '../../../server/testing/faulty-store.ts'
import { temporaryFolder } from '../../support/temp.ts'
import { event, group, reservation, task } from '../store/builders.ts'
import { startWorld } from './world.ts'

const TASKS = 12_000
const LATER_MS = Date.parse('2099-01-01T00:00:00Z')
const GROUP = '00000000-0000-7000-8000-000000000000'
const idOf = (seq: number) => `00000000-0000-7000-8001-${String(seq).padStart(12, '0')}`

/** One group: the first half has ended, the second stands in one queue behind a task that waits for its time. */
function large(): Change[] {
  const half = TASKS / 2
  const counts = { ...NO_TASKS, finished: half, waiting: half }
  const changes: Change[] = [
    { type: 'counters.set', seq: TASKS + 1, place: TASKS, rev: 2 * TASKS },
    { type: 'group.put', group: group(TASKS + 1, counts, { groupId: GROUP }) },
  ]
  for (let seq = 1; seq <= TASKS; seq += 1) {
    const taskId = idOf(seq)
    const waits = seq > half
    const { resource_type, resource_id, operation, ...held } = {
      ...reservation(seq, 'update', seq === half + 1),
      taskId,
    }
    const standing = held.granted ? { wakeAtMs: LATER_MS } : { blockers: waits ? 1 : 0 }
    const parts = { taskId, groupId: GROUP, tags: [`nr:${seq}`], ...standing }
    const value = waits ? 'waiting' : 'finished'
    const resources = [{ resource_type, resource_id, operation }]
    changes.push({ type: 'task.put', task: task(seq, value, { ...parts, resources }) })
    if (waits)
      changes.push({
        type: 'reservation.put',
        reservation: { resource_type, resource_id, operation, ...held },
      })
    for (const eventId of [seq, TASKS + seq])
      changes.push({ type: 'event.append', event: event(eventId, { taskId, groupId: GROUP }) })
  }
  return changes
}

/** Rows that may be passed over at a time, where an index alone is read; of others 1 000. */
const AT_A_TIME: { [name: string]: number } = {
  taskSeqs: 20_000,
  tally: 20_000,
  callsInUse: 5_000,
}

/** Sums up, between two turns of the event loop, what each kind of read was allowed to go through. */
function watched(store: Store): { store: Store; most: Map<string, number> } {
  const { inspection } = store
  assert.ok(inspection !== undefined)
  const most = new Map<string, number>()
  const now = new Map<string, number>()
  const reads = Object.entries(inspection) as [string, (...given: unknown[]) => Promise<unknown>][]
  const spy = Object.fromEntries(
    reads.map(([name, read]) => [
      name,
      async (...given: unknown[]) => {
        const answer = await read(...given)
        const { skip = 0, limit = 1 } = (given[0] ?? {}) as { skip?: number; limit?: number }
        const rows = Array.isArray(answer) ? answer.length : limit
        if (now.size === 0) setImmediate(() => now.clear())
        now.set(name, (now.get(name) ?? 0) + skip + rows)
        most.set(name, Math.max(most.get(name) ?? 0, now.get(name) as number))
        return answer
      },
    ]),
  )
  const faulty = new FaultyStore(store, true)
  Object.defineProperty(faulty, 'inspection', { value: spy })
  return { store: faulty, most }
}

async function started(t: TestContext) {
  const inner = sqliteStore(await temporaryFolder(t))
  await inner.open()
  await inner.transaction(async tx => tx.apply(large()))
  const { store, most } = watched(inner)
  const world = await startWorld(t, { store })
  return { world, most }
}

/** Parts of all the answers. */
interface Answer {
  groups: unknown[]
  total: number
  tasks: { task_id: string }[]
  task: { seq: number }
  events: unknown[]
  more: boolean
  next: number | null
  nodes: { task_id: string }[]
  truncated: boolean
  queue: unknown[]
  unfinished: { waiting: number }
}

test('No question about a large group or a long queue takes many rows between two turns', async t => {
  const { world, most } = await started(t)
  const last = idOf(TASKS)
  const head = idOf(TASKS / 2 + 1)
  const tasks = `groups/${GROUP}/tasks/`
  const answers: [path: string, holds: (answer: Answer) => boolean][] = [
    ['groups/?search=nothing', ({ groups }) => groups.length === 0],
    ['tasks/?search=nr:77', ({ tasks, next }) => tasks.length === 50 && next !== null],
    ['tasks/?search=nothing&state=waiting', answer => answer.tasks.length === 0],
    [tasks, ({ total }) => total === TASKS],
    [`${tasks}?skip=${TASKS - 1}`, answer => answer.tasks[0]?.task_id === last],
    [
      `${tasks}?state=waiting&state=finished&skip=${TASKS - 1}`,
      answer => answer.tasks[0]?.task_id === last,
    ],
    [`${tasks}?search=nr:&limit=500`, ({ total }) => total === TASKS],
    [`${tasks}?search=nr:11&state=waiting`, ({ total }) => total === 1_000],
    [`groups/${GROUP}/history/?limit=5000`, ({ events, more }) => events.length === 5_000 && more],
    [`tasks/${last}/`, ({ task }) => task.seq === TASKS],
    [
      `tasks/${last}/waits/`,
      ({ nodes, truncated }) => nodes.length === 200 && nodes[1]?.task_id === head && truncated,
    ],
    ['resources/?type=repository&id=r&limit=500', ({ queue }) => queue.length === 500],
    ['system/', ({ unfinished }) => unfinished.waiting === TASKS / 2],
  ]
  for (const [path, holds] of answers) {
    const answer = (await world.get(path)) as Answer
    assert.ok(holds(answer), `${path}: ${JSON.stringify(answer).slice(0, 200)}`)
  }
  for (const [name, rows] of most)
    assert.ok(rows <= (AT_A_TIME[name] ?? 1_000), `${name} went through ${rows} rows at a time`)
  assert.ok((most.get('taskWords') ?? 0) > 0)
})
