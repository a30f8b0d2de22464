// BullMQ at its best in bulk: jobs added in batches, and many in hand at once.

import { payload } from '../payload.ts'
import type { PeerLived, PeerLives } from '../peers.ts'
import { conclude, given } from '../side.ts'

interface BullMq {
  Queue: new (
    name: string,
    options: object,
  ) => {
    addBulk(jobs: { name: string; data: object }[]): Promise<unknown>
    close(): Promise<void>
  }
  Worker: new (
    name: string,
    run: () => Promise<null>,
    options: object,
  ) => {
    on(event: 'completed' | 'error', listener: (about: unknown) => void): void
    close(): Promise<void>
  }
}

const BATCH = 1_000

const { connectionString, tasks, queue: queueName } = await given<PeerLives>()
const name: string = 'bullmq'
const { Queue, Worker } = (await import(name)) as BullMq
const connection = { url: connectionString, maxRetriesPerRequest: null }
const queue = new Queue(queueName, { connection })

const addStartedMs = performance.now()
for (let first = 0; first < tasks; first += BATCH) {
  const length = Math.min(BATCH, tasks - first)
  await queue.addBulk(
    Array.from({ length }, (_, at) => ({ name: 'nothing', data: payload(first + at) })),
  )
}
const runStartedMs = performance.now()
let count = 0
const { promise: ran, resolve } = Promise.withResolvers<void>()
const worker = new Worker(queueName, async () => null, { connection, concurrency: 500 })
worker.on('error', error => {
  throw error
})
worker.on('completed', () => {
  count += 1
  if (count === tasks) resolve()
})
await ran
const endedMs = performance.now()
await worker.close()
await queue.close()
conclude({
  addSeconds: (runStartedMs - addStartedMs) / 1_000,
  runSeconds: (endedMs - runStartedMs) / 1_000,
} satisfies PeerLived)
process.exit()
