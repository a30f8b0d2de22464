// pg-boss at its best in bulk: jobs inserted in batches, then fetched and completed in batches, several at
// once.

import { payload } from '../payload.ts'
import type { PeerLived, PeerLives } from '../peers.ts'
import { conclude, given } from '../side.ts'

interface Boss {
  start(): Promise<unknown>
  stop(options: object): Promise<void>
  createQueue(name: string): Promise<void>
  insert(name: string, jobs: { data: object }[]): Promise<unknown>
  fetch(name: string, options: { batchSize: number }): Promise<{ id: string }[]>
  complete(name: string, ids: string[]): Promise<unknown>
  on(event: 'error', listener: (error: Error) => void): void
}
interface PgBossModule {
  PgBoss: new (options: object) => Boss
}

const INSERT_BATCH = 1_000
const FETCH_BATCH = 500
const WORKERS = 4

const { connectionString, tasks, queue } = await given<PeerLives>()
const name: string = 'pg-boss'
const { PgBoss } = (await import(name)) as PgBossModule
const boss = new PgBoss({ connectionString, max: 10, supervise: false, schedule: false })
boss.on('error', error => {
  throw error
})
await boss.start()
await boss.createQueue(queue)

const addStartedMs = performance.now()
for (let first = 0; first < tasks; first += INSERT_BATCH) {
  const length = Math.min(INSERT_BATCH, tasks - first)
  await boss.insert(
    queue,
    Array.from({ length }, (_, at) => ({ data: payload(first + at) })),
  )
}
const runStartedMs = performance.now()
let count = 0
await Promise.all(Array.from({ length: WORKERS }, work))
const endedMs = performance.now()
if (count !== tasks) throw new Error(`pg-boss completed ${count} of ${tasks} jobs`)
await boss.stop({ graceful: false })
conclude({
  addSeconds: (runStartedMs - addStartedMs) / 1_000,
  runSeconds: (endedMs - runStartedMs) / 1_000,
} satisfies PeerLived)

async function work(): Promise<void> {
  for (;;) {
    const jobs = await boss.fetch(queue, { batchSize: FETCH_BATCH })
    if (jobs.length === 0) return
    await boss.complete(
      queue,
      jobs.map(({ id }) => id),
    )
    count += jobs.length
  }
}
