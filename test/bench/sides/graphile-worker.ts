// graphile-worker at its best in bulk: jobs added in batches, fetched in batches into its local queue, and
// completed in batches.

import { payload } from '../payload.ts'
import type { PeerLived, PeerLives } from '../peers.ts'
import { conclude, given } from '../side.ts'

interface GraphileWorker {
  makeWorkerUtils(options: object): Promise<{
    migrate(): Promise<void>
    addJobs(jobs: { identifier: string; payload: object }[]): Promise<unknown>
    release(): Promise<void>
  }>
  run(options: object): Promise<{ stop(): Promise<void> }>
  Logger: new (factory: () => () => void) => object
}

const BATCH = 1_000

const { connectionString, tasks } = await given<PeerLives>()
const name: string = 'graphile-worker'
const { makeWorkerUtils, run, Logger } = (await import(name)) as GraphileWorker
const logger = new Logger(() => () => {})
const utils = await makeWorkerUtils({ connectionString, logger })
await utils.migrate()

const addStartedMs = performance.now()
for (let first = 0; first < tasks; first += BATCH) {
  const length = Math.min(BATCH, tasks - first)
  await utils.addJobs(
    Array.from({ length }, (_, at) => ({ identifier: 'nothing', payload: payload(first + at) })),
  )
}
const runStartedMs = performance.now()
let count = 0
const { promise: ran, resolve } = Promise.withResolvers<void>()
const runner = await run({
  connectionString,
  logger,
  noHandleSignals: true,
  concurrency: 50,
  maxPoolSize: 10,
  taskList: {
    nothing: () => {
      count += 1
      if (count === tasks) resolve()
    },
  },
  preset: {
    worker: { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 },
  },
})
await ran
// Stops when the last batch is completed.
await runner.stop()
const endedMs = performance.now()
await utils.release()
conclude({
  addSeconds: (runStartedMs - addStartedMs) / 1_000,
  runSeconds: (endedMs - runStartedMs) / 1_000,
} satisfies PeerLived)
