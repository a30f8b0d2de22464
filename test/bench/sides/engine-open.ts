// A restart: from the making of the engine, on a store that has tasks, until it is ready.
import { createEngine, sqliteStore } from '../../../server/index.ts'
import { conclude, given } from '../side.ts'
import { holder } from '../waiting.ts'
import { nothing } from '../work.ts'

export interface EngineOpen {
  folder: string
}
export interface EngineOpened {
  seconds: number
}

const { folder } = await given<EngineOpen>()
const startedMs = performance.now()
const engine = createEngine({
  calls: [nothing, holder],
  store: sqliteStore(folder),
  concurrency: 1,
})
await engine.ready()
const seconds = (performance.now() - startedMs) / 1_000
await engine.close()
conclude({ seconds } satisfies EngineOpened)
