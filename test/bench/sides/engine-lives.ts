// One group of no-op tasks through an engine on SQLite, from the request to the settled group.
import { createEngine, sqliteStore } from '../../../server/index.ts'
import { conclude, given } from '../side.ts'
import { nothing, request } from '../work.ts'

export interface EngineLives {
  folder: string
  tasks: number
  concurrency?: number
}
export interface EngineLived {
  /** From the call of `submitGroup` until it is on disk, in seconds. */
  submitSeconds: number
  /** From the call of `submitGroup` until the last task has ended, in seconds. */
  seconds: number
}

const { folder, tasks, concurrency } = await given<EngineLives>()
const engine = createEngine({ calls: [nothing], store: sqliteStore(folder), concurrency })
await engine.ready()
const { promise: settled, resolve } = Promise.withResolvers<void>()
engine.subscribe(({ groups }) => {
  for (const group of groups.values()) if (group?.value === 'settled') resolve()
})
const calls = Array.from({ length: tasks }, (_, nth) => request(nth))
const startedMs = performance.now()
const { groupId } = await engine.submitGroup({ calls })
const submittedMs = performance.now()
await settled
const settledMs = performance.now()
const { finished } = await engine.summary(groupId)
if (finished !== tasks) throw new Error(`${finished} of ${tasks} tasks finished`)
await engine.close()
conclude({
  submitSeconds: (submittedMs - startedMs) / 1_000,
  seconds: (settledMs - startedMs) / 1_000,
} satisfies EngineLived)
