// A group of waiting tasks, cancelled through the engine; the answer comes when all are cancelled on disk.
import { createEngine, sqliteStore } from '../../../server/index.ts'
import { conclude, given } from '../side.ts'
import { fill, type Hold, holder } from '../waiting.ts'
import { nothing } from '../work.ts'

export interface EngineCancel {
  folder: string
  tasks: number
  hold: Hold
}
export interface EngineCancelled {
  fillSeconds: number
  cancelSeconds: number
}

const { folder, tasks, hold } = await given<EngineCancel>()
const engine = createEngine({
  calls: [nothing, holder],
  store: sqliteStore(folder),
  concurrency: 1,
})
const fillStartedMs = performance.now()
const groupId = await fill(engine, tasks, hold)
const startedMs = performance.now()
await engine.cancelGroup(groupId)
const endedMs = performance.now()
const { canceled } = await engine.summary(groupId)
if (canceled !== tasks) throw new Error(`${canceled} of ${tasks} tasks are cancelled`)
await engine.close()
conclude({
  fillSeconds: (startedMs - fillStartedMs) / 1_000,
  cancelSeconds: (endedMs - startedMs) / 1_000,
} satisfies EngineCancelled)
