// A process that is meant to be killed: it submits groups as fast as they are taken, runs them, and says
// what was acknowledged.
import { createEngine, sqliteStore } from '../../../server/index.ts'
import { answer, answerQuestions, given } from '../side.ts'
import { nothing, request } from '../work.ts'

export interface EngineAcknowledge {
  folder: string
  groups: number
  /** In each group. */
  tasks: number
}
export interface Acknowledged {
  groupId: string
  taskIds: string[]
}

const { folder, groups, tasks } = await given<EngineAcknowledge>()
const engine = createEngine({ calls: [nothing], store: sqliteStore(folder), concurrency: 1_000 })
await engine.ready()
let nextGroup = 0
// Each question is answered with the next acknowledgement; meanwhile the groups before it run.
answerQuestions(async (): Promise<Acknowledged | { done: true }> => {
  if (nextGroup === groups) return { done: true }
  const first = nextGroup * tasks
  nextGroup += 1
  return engine.submitGroup({
    calls: Array.from({ length: tasks }, (_, nth) => request(first + nth)),
  })
})
answer({})
