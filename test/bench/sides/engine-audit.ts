// The restart after a kill: lets everything end that was left, and looks whether all that was acknowledged
// is there and has ended exactly once.
import { createEngine, sqliteStore } from '../../../server/index.ts'
import { conclude, given } from '../side.ts'
import { nothing } from '../work.ts'
import type { Acknowledged } from './engine-acknowledge.ts'

export interface EngineAudit {
  folder: string
  acknowledged: Acknowledged[]
  /** In each group. */
  tasks: number
}
export interface Audited {
  /** One sentence for each broken promise, the first twenty. */
  broken: string[]
  /** Tasks in the store. */
  tasks: number
}

const { folder, acknowledged, tasks } = await given<EngineAudit>()
const engine = createEngine({ calls: [nothing], store: sqliteStore(folder), concurrency: 1_000 })
await engine.ready()
const broken: string[] = []

const states = new Map<string, string>()
const sizes = new Map<string, number>()
for await (const { task_id, task_group_id, state } of engine.reports()) {
  states.set(task_id, state)
  sizes.set(task_group_id ?? 'none', (sizes.get(task_group_id ?? 'none') ?? 0) + 1)
}
for (const { groupId, taskIds } of acknowledged) {
  if (!sizes.has(groupId)) broken.push(`group ${groupId} was acknowledged and is lost`)
  for (const taskId of taskIds) {
    if (!states.has(taskId)) broken.push(`task ${taskId} was acknowledged and is lost`)
  }
}
for (const [groupId, size] of sizes) {
  if (size !== tasks) broken.push(`group ${groupId} has ${size} tasks of ${tasks}`)
  await settled(groupId)
  for (const [taskId, ends] of await endsIn(groupId)) {
    if (ends !== 1) broken.push(`task ${taskId} ended ${ends} times`)
  }
}
await engine.close()
conclude({ broken: broken.slice(0, 20), tasks: states.size } satisfies Audited)

async function settled(groupId: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const look = async () => {
    const { finished, total } = await engine.summary(groupId)
    if (finished === total) resolve()
  }
  const stop = engine.subscribe(({ groups }) => {
    if (groups.has(groupId)) look().catch(reject)
  })
  look().catch(reject)
  await promise
  stop()
}

interface HistoryLine {
  task?: { task_id: string }
  event?: { task_id: string | null; value: string }
}

/** How often each task of a group entered a final state, by its history. */
async function endsIn(groupId: string): Promise<Map<string, number>> {
  const ends = new Map<string, number>()
  for await (const text of engine.exportGroup(groupId)) {
    const { task, event } = JSON.parse(text) as HistoryLine
    if (task !== undefined) ends.set(task.task_id, ends.get(task.task_id) ?? 0)
    if (event === undefined || event.task_id === null || !isFinal(event.value)) continue
    ends.set(event.task_id, (ends.get(event.task_id) ?? 0) + 1)
  }
  return ends
}

function isFinal(value: string): boolean {
  return ['finished', 'error', 'canceled', 'skipped'].includes(value)
}
