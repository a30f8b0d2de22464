// A queue on one resource: again and again a task joins its end, its head ends, and the next one starts.
import { createEngine, defineCall, sqliteStore, Type } from '../../../server/index.ts'
import { FILLER, tagOf } from '../payload.ts'
import { answer, answerQuestions, given } from '../side.ts'
import { use } from '../work.ts'

export interface EngineQueue {
  folder: string
  /** Tasks that wait behind the one that runs. */
  queued: number
}
export interface Turn {
  times: number
}
export interface Turned {
  /** Of one submission and one release, in ms. */
  eachMs: number
}

const { folder, queued } = await given<EngineQueue>()
let end: () => void = () => {}
let started = Promise.withResolvers<void>()
const turn = defineCall({
  name: 'turn',
  args: Type.Object({ filler: Type.String() }),
  resources: () => [use('one')],
  run: () => {
    const { promise, resolve } = Promise.withResolvers<null>()
    end = () => resolve(null)
    started.resolve()
    return promise
  },
})
const engine = createEngine({ calls: [turn], store: sqliteStore(folder) })
const request = (nth: number) => ({ call: turn, args: { filler: FILLER }, tags: [tagOf(nth)] })

const PART = 10_000
let count = 0
while (count <= queued) {
  const length = Math.min(PART, queued + 1 - count)
  const from = count
  await engine.submitGroup({ calls: Array.from({ length }, (_, at) => request(from + at)) })
  count += length
}
await started.promise
answerQuestions(async ({ times }: Turn): Promise<Turned> => {
  const startedMs = performance.now()
  for (let turns = 0; turns < times; turns += 1) {
    await engine.submit(request(count))
    count += 1
    started = Promise.withResolvers<void>()
    end()
    await started.promise
  }
  return { eachMs: (performance.now() - startedMs) / times }
})
answer({})
