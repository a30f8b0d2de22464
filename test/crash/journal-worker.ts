// A process that is meant to be killed: it submits tasks and lists them without a pause, so that the rows of some
// are never written yet, and says on standard output what was acknowledged.
// Usage: node journal-worker.ts FOLDER SEED
import { type CallReport, callReport, type HistoryEvent, isFinal } from '../../machines/index.ts'
import { type CallRequest, defineCall } from '../../server/calls.ts'
import { RejectedError } from '../../server/errors.ts'
import { Rollcall } from '../../server/rollcall.ts'
import { sqliteStore } from '../../server/store/sqlite/store.ts'
import type { TaskQuery } from '../../server/store/store.ts'
import { seededRandom } from '../../server/testing/repeatable.ts'
import type { Acknowledged } from './worker.ts'

/** A line on standard output; what it tells holds for good. */
export type Told =
  | ({ at: 'submitted'; tags: string[][] } & Acknowledged)
  /** What a commit added to the history, and the reports of tasks that ended with it. */
  | { at: 'committed'; events: HistoryEvent[]; ended: CallReport[] }
  /** The answer to a query that can only come to have more. */
  | { at: 'listed'; query: TaskQuery; taskIds: string[] }
  | { at: 'counted'; query: TaskQuery; count: number }

const [folder = '', seed = ''] = process.argv.slice(2)
const random = seededRandom(Number(seed))
const below = (limit: number) => Math.floor(random.draw01() * limit)
const oneOf = <T>(list: readonly T[]) => list[below(list.length)] as T
const TAGS = ['a', 'b', 'c']

async function run(_: unknown, { attempt }: { attempt: number }) {
  if (below(20) === 0) throw new Error('it broke')
  return { attempt, filler: 'x'.repeat(below(300)) }
}

const calls = [
  defineCall({ name: 'work', run }),
  defineCall({ name: 'retried', run, retry: { limit: 1, delayMs: 20, backoff: 'fixed' } }),
]
const rollcall = new Rollcall({ calls, store: sqliteStore(folder), concurrency: 8 })
const groupIds: string[] = []
/** Who waits for so many commits. */
let wait = { commits: 0, resolve: () => {} }

await rollcall.ready()
rollcall.subscribe(({ events, tasks }) => {
  const ended: CallReport[] = []
  for (const task of tasks.values())
    if (task !== null && isFinal(task.value)) ended.push(callReport(task, rollcall.hrefs))
  tell({ at: 'committed', events, ended })
  wait.commits -= 1
  if (wait.commits === 0) wait.resolve()
})
await Promise.all([submit(), submit(), list()])

/** Until the process is killed. */
async function submit(): Promise<never> {
  for (;;) {
    const requests = Array.from({ length: 1 + below(8) }, (_, nth) => request(nth))
    const submitted = await rollcall.submitGroup({ calls: requests }).catch(refused)
    if (submitted === null) continue
    const { groupId, taskIds } = submitted
    groupIds.push(groupId)
    tell({ at: 'submitted', groupId, taskIds, tags: requests.map(({ tags = [] }) => tags) })
    if (below(8) === 0) await rollcall.cancelGroup(groupId)
  }
}

function request(nth: number): CallRequest {
  const operation = oneOf(['read', 'update'] as const)
  return {
    id: `m${nth}`,
    call: oneOf(['work', 'work', 'work', 'retried']),
    tags: TAGS.filter(() => below(2) === 0),
    resources: [{ resource_type: 'r', resource_id: `${below(30)}`, operation }],
    depends_on: nth > 0 && below(3) === 0 ? [`m${below(nth)}`] : [],
  }
}

function refused(error: unknown): null {
  if (error instanceof RejectedError) return null
  throw error
}

/** Now and then, since whoever lists has rows written. */
async function list(): Promise<never> {
  for (;;) {
    await new Promise<void>(resolve => {
      wait = { commits: 1 + below(30), resolve }
    })
    const query = growing()
    if (below(3) === 0) tell({ at: 'counted', query, count: await rollcall.store.count(query) })
    else {
      const tasks = await Array.fromAsync(rollcall.store.tasks(query))
      tell({ at: 'listed', query, taskIds: tasks.map(({ taskId }) => taskId) })
    }
  }
}

function growing(): TaskQuery {
  const queries: TaskQuery[] = [
    { tags: [oneOf(TAGS)] },
    { states: ['finished', 'error'] },
    { states: ['finished'], tags: ['a'] },
    { groupId: oneOf(groupIds), states: ['finished', 'error', 'canceled', 'skipped'] },
  ]
  return oneOf(groupIds.length === 0 ? queries.slice(0, 3) : queries)
}

function tell(told: Told): void {
  process.stdout.write(`${JSON.stringify(told)}\n`)
}
