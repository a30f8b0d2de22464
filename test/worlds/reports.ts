// A report that comes late, or twice, or from an attempt that nobody was given, is refused and changes
// nothing, whatever state the task is in; so is the cancellation of a task that has ended.
import { type Command, decide, isFinal, needs, stateOf, type Task } from '../../machines/index.ts'
import { failed, spec } from '../support/builders.ts'
import { broken } from './invariants.ts'
import { sliceOf } from './slice.ts'
import type { World } from './world.ts'

/** What has been tried: a report is judged by the task and its group alone. */
const tried = new Set<string>()

/** @throws {Broken} A report from an attempt that does not run was taken. */
export function checkStaleReports(world: World, task: Task): void {
  const { taskId, value, attempt, stopCause, groupId } = task
  const group = world.rows.groups.find(each => each.groupId === groupId)
  const shape = [value, stopCause, attempt > 1, group?.value, group?.canceled].join()
  if (tried.has(shape)) return
  const runs = stateOf(value) === 'running'
  if (isFinal(value)) checkRefused(world, { type: 'task.cancel', taskId }, 'already_final')
  for (const stale of [attempt - 1, attempt, attempt + 1]) {
    if (stale < 1 || (runs && stale === attempt)) continue
    for (const command of reportsOf(taskId, stale))
      checkRefused(world, command, command.type === 'task.spawn' ? 'parent_replaced' : 'stale')
  }
  tried.add(shape)
}

function checkRefused({ rows, nowMs }: World, command: Command, answer: string): void {
  const slice = sliceOf(rows, needs(command, 1), nowMs)
  const env = { nowMs, newId: () => 'late', sliceLimit: 1 }
  const { reply, changes, effects, followUps } = decide(command, slice, env)
  const { outcome } = reply as { outcome: string }
  if (outcome !== answer || changes.length + effects.length + followUps.length > 0)
    broken(`${JSON.stringify(command)} was answered ${outcome}; it comes too late`)
}

function reportsOf(taskId: string, attempt: number): Command[] {
  const about = { taskId, attempt }
  const failure = failed()
  return [
    { type: 'task.progressed', ...about, progress: { done: 1 } },
    { type: 'task.succeeded', ...about, result: null, location: null },
    { type: 'task.failed', ...about, failure, retryAtMs: null },
    { type: 'task.failed', ...about, failure, retryAtMs: 1 },
    { type: 'task.timed_out', ...about },
    { type: 'task.unresponsive', ...about, failure },
    { type: 'task.interrupted', ...about, crashed: false, rerun: true, failure },
    { type: 'task.interrupted', ...about, crashed: true, rerun: false, failure },
    { type: 'task.spawn', parentId: taskId, attempt, spec: spec() },
  ]
}
