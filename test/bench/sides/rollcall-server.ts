// A server of ours, as `rollcall serve` makes it, with tasks to look at; fills and runs groups when asked.
import Fastify from 'fastify'
import { ownServerOptions } from '../../../server/http/server-options.ts'
import { createEngine, rollcall, sqliteStore } from '../../../server/index.ts'
import { answer, answerQuestions, given } from '../side.ts'
import { nothing, request } from '../work.ts'

export interface RollcallServer {
  folder: string
}
export interface Listening {
  port: number
}
export interface SubmitGroup {
  kind: 'submit'
  tasks: number
  /** A time before which they wait. */
  startAfter?: string
}
export interface GroupSubmitted {
  groupId: string
  /** Of its first thousand. */
  taskIds: string[]
}
/** Answered when the group that was submitted last is settled. */
export interface Settle {
  kind: 'settle'
}

/** Answered when so many tasks have ended since the start. */
export interface Ended {
  kind: 'ended'
  count: number
}

const { folder } = await given<RollcallServer>()
const engine = createEngine({ calls: [nothing], store: sqliteStore(folder) })
await engine.ready()
const app = Fastify(ownServerOptions('warn'))
await app.register(rollcall, { engine, wholeApp: true })
await app.listen({ port: 0 })

const settled = new Set<string>()
let ended = 0
let last = ''
let wake = () => {}
engine.subscribe(({ groups, tasks }) => {
  for (const task of tasks.values()) if (task?.value === 'finished') ended += 1
  for (const [groupId, group] of groups) {
    if (group?.value === 'settled') settled.add(groupId)
  }
  wake()
})
answerQuestions(async (question: SubmitGroup | Settle | Ended) => {
  switch (question.kind) {
    case 'submit':
      return submit(question)
    case 'settle':
      await until(() => settled.has(last))
      return {}
    case 'ended':
      await until(() => ended >= question.count)
      return {}
  }
})
answer({ port: Number(new URL(app.listeningOrigin).port) } satisfies Listening)

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) {
    await new Promise<void>(resolve => {
      wake = resolve
    })
  }
}

async function submit({ tasks, startAfter }: SubmitGroup): Promise<GroupSubmitted> {
  const later = startAfter === undefined ? {} : { start_after: startAfter }
  const calls = Array.from({ length: tasks }, (_, nth) => ({ ...request(nth), ...later }))
  const { groupId, taskIds } = await engine.submitGroup({ calls })
  last = groupId
  return { groupId, taskIds: taskIds.slice(0, 1_000) }
}
