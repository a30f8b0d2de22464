// A process that is meant to be killed: it submits random groups to an engine on a folder and says on
// standard output what was acknowledged; its handlers write when they start and end to a log file.
// Usage: node worker.ts FOLDER LOG load|finish SEED
import { appendFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { OPERATIONS, type ResourceUse } from '../../machines/index.ts'
import { type CallRequest, defineCall } from '../../server/calls.ts'
import { RejectedError } from '../../server/errors.ts'
import { Rollcall } from '../../server/rollcall.ts'
import { sqliteStore } from '../../server/store/sqlite/store.ts'
import { seededRandom } from '../../server/testing/repeatable.ts'

/** A line of the log file. */
export type LogLine =
  | { at: 'boot' }
  | { at: 'start' | 'end'; taskId: string; attempt: number }
  | { at: 'canceled'; groupId: string }

/** A line on standard output. */
export interface Acknowledged {
  groupId: string
  taskIds: string[]
}

const [folder = '', logFile = '', mode = '', seed = ''] = process.argv.slice(2)
const random = seededRandom(Number(seed))
const below = (limit: number) => Math.floor(random.draw01() * limit)

// Appended line by line with the file open in O_APPEND: what is written survives the process.
const log = (line: LogLine) => appendFileSync(logFile, `${JSON.stringify(line)}\n`)

async function run(_: unknown, context: { taskId: string; attempt: number; signal: AbortSignal }) {
  const { taskId, attempt, signal } = context
  log({ at: 'start', taskId, attempt })
  try {
    await setTimeout(below(12), null, { signal })
  } finally {
    log({ at: 'end', taskId, attempt })
  }
  if (below(20) === 0) throw new Error('it broke')
}

const calls = [
  defineCall({ name: 'work', run }),
  defineCall({ name: 'retried', run, retry: { limit: 1, delayMs: 20, backoff: 'fixed' } }),
  defineCall({ name: 'fragile', run, onInterrupted: 'fail' }),
]
const rollcall = new Rollcall({ calls, store: sqliteStore(folder), concurrency: 6 })
log({ at: 'boot' })
await rollcall.ready()
if (mode === 'load') await Promise.all([load(), load(), load()])
else await finish()

/** Until the process is killed. */
async function load(): Promise<never> {
  for (;;) {
    const requests = Array.from({ length: 1 + below(5) }, (_, nth) => request(nth))
    const submitted = await rollcall
      .submitGroup({
        calls: requests,
        tags: [`size:${requests.length}`],
        on_failure: below(5) === 0 ? 'cancel' : 'continue',
      })
      .catch(refused)
    if (submitted === null) continue
    const { groupId, taskIds } = submitted
    process.stdout.write(`${JSON.stringify({ groupId, taskIds } satisfies Acknowledged)}\n`)
    if (below(6) > 0) continue
    await rollcall.cancelGroup(groupId)
    log({ at: 'canceled', groupId })
  }
}

function request(nth: number): CallRequest {
  const uses: ResourceUse[] = [
    { resource_type: 'a', resource_id: `${below(6)}`, operation: operation() },
  ]
  if (below(3) === 0)
    uses.push({ resource_type: 'b', resource_id: `${below(4)}`, operation: operation() })
  return {
    id: `m${nth}`,
    call: (['work', 'work', 'retried', 'fragile'] as const)[below(4)] as string,
    resources: uses,
    depends_on: nth > 0 && below(3) === 0 ? [`m${below(nth)}`] : [],
    priority: below(3),
  }
}

/** Mostly what can share or queue: a queued delete rejects nearly everything behind it. */
function operation(): ResourceUse['operation'] {
  return below(30) === 0
    ? (OPERATIONS[below(4)] as ResourceUse['operation'])
    : below(2) === 0
      ? 'read'
      : 'update'
}

function refused(error: unknown): null {
  if (error instanceof RejectedError) return null
  throw error
}

/** Lets everything end, then leaves. */
async function finish(): Promise<void> {
  await new Promise<void>(resolve => {
    const look = async () => {
      if ((await rollcall.store.count({ states: 'unfinished' })) === 0) resolve()
    }
    rollcall.subscribe(() => void look())
    void look()
  })
  await rollcall.close(1_000)
}
