// An engine that fills with waiting tasks, and what its process then weighs. Needs --expose-gc.
import { memoryUsage } from 'node:process'
import { setTimeout } from 'node:timers/promises'
import { createEngine, sqliteStore } from '../../../server/index.ts'
import { conclude, given } from '../side.ts'
import { fill, type Hold, holder } from '../waiting.ts'
import { nothing } from '../work.ts'

export interface EngineFill {
  folder: string
  tasks: number
  hold: Hold
  /** How long nothing happens before it is weighed at rest, in ms. */
  restMs: number
}
/** Resident, in bytes. */
export interface EngineFilled {
  emptyBytes: number
  /** Right after the last submission. */
  filledBytes: number
  /** When nothing has happened for a while. */
  restingBytes: number
  /** What the main thread's heap has more than when it was empty, collected both times, in bytes. */
  heapBytes: number
  fillSeconds: number
}

const { folder, tasks, hold, restMs } = await given<EngineFill>()
const engine = createEngine({
  calls: [nothing, holder],
  store: sqliteStore(folder),
  concurrency: 1,
})
await engine.ready()
collect()
const emptyBytes = memoryUsage.rss()
const emptyHeapBytes = heapBytes()
const startedMs = performance.now()
await fill(engine, tasks, hold)
const fillSeconds = (performance.now() - startedMs) / 1_000
const filledBytes = memoryUsage.rss()
// V8 gives back what it does not need some seconds after nothing is asked of it any more.
await setTimeout(restMs)
const restingBytes = memoryUsage.rss()
collect()
const moreHeapBytes = heapBytes() - emptyHeapBytes
await engine.close()
conclude({
  emptyBytes,
  filledBytes,
  restingBytes,
  heapBytes: moreHeapBytes,
  fillSeconds,
} satisfies EngineFilled)

function heapBytes(): number {
  const { heapUsed, external } = memoryUsage()
  return heapUsed + external
}

function collect(): void {
  if (globalThis.gc === undefined) throw new Error('needs node --expose-gc')
  // Twice: the second gives back what the first has freed.
  globalThis.gc()
  globalThis.gc()
}
