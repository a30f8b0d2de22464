// Why a task waits, in sentences for a person.
import { type Group, isFinal, isSuspended, type Task } from '../../machines/index.ts'
import type { TaskLine } from '../store/inspection.ts'
import type { WaitGraph } from './wait-graph.ts'

export interface Standing {
  task: Task
  group: Group | null
  graph: WaitGraph
  /** Handlers that may run at once in this process, and how many do. */
  slots: { total: number; busy: number }
  /** Ready tasks that start before it; counted when it is ready itself. */
  readyBefore: number
  /** Whether the server starts nothing more. */
  stopping: boolean
}

/** Tasks at the head that are named. */
const HEADS_MAX = 3

/** The reasons, the nearest first; one sentence also for a task that does not wait. */
export function reasonsOf(standing: Standing): string[] {
  const { task, group } = standing
  const { value } = task
  if (isFinal(value)) return [`It does not wait: it is ${value}.`]
  if (value === 'running.executing') return ['It does not wait: it runs.']
  if (value === 'running.cancelling')
    return ['It was asked to stop, and ends when its handler has stopped.']
  const said: string[] = []
  if (group?.canceled) said.push('Its group is cancelled, and it will be with it.')
  else if (value === 'suspended' || (group !== null && isSuspended(group)))
    said.push('Its group is suspended.')
  if (task.wakeAtMs !== null) said.push(timeReason(task.wakeAtMs, task.attempt))
  said.push(...blockedReasons(standing))
  if (said.length === 0) said.push(...slotReasons(standing))
  return said
}

function timeReason(wakeAtMs: number, attempt: number): string {
  const at = new Date(wakeAtMs).toISOString()
  return attempt > 1
    ? `Its next attempt, number ${attempt}, is due at ${at}.`
    : `It may not start before ${at}.`
}

function blockedReasons({ task, graph }: Standing): string[] {
  const own = graph.edges.filter(({ from }) => from === task.taskId)
  const resources = new Set(
    own.flatMap(each =>
      each.why === 'resource'
        ? [`${each.operation} ${each.resource_type} ${each.resource_id}`]
        : [],
    ),
  )
  const dependencies = new Set(own.filter(({ why }) => why === 'dependency').map(each => each.to))
    .size
  const said = [...resources].map(use => `Others are before it in the queue: it is to ${use}.`)
  if (dependencies === 1) said.push('It depends on a task that has not ended.')
  if (dependencies > 1) said.push(`It depends on ${dependencies} tasks that have not ended.`)
  if (said.length > 0) said.push(...headReasons(graph))
  return said
}

/** Whom it must wait for in the end, and what they do. */
function headReasons({ nodes, edges }: WaitGraph): string[] {
  const waiting = new Set(edges.map(({ from }) => from))
  const heads = nodes.filter(
    ({ line, depth }) => depth > 0 && !waiting.has(line.taskId) && line.blockers === 0,
  )
  const said = heads
    .slice(0, HEADS_MAX)
    .map(({ line }) => `In the end it waits for ${line.call} ${line.taskId}, which ${doing(line)}.`)
  const more = heads.length - said.length
  if (more > 0) said.push(`Besides, it waits for ${more} more.`)
  return said
}

function doing({ value, wakeAtMs }: TaskLine): string {
  if (value === 'running.executing') return 'runs'
  if (value === 'running.cancelling') return 'was asked to stop and has not'
  if (value === 'suspended') return 'is suspended'
  return wakeAtMs === null ? 'waits for a slot' : `waits until ${new Date(wakeAtMs).toISOString()}`
}

function slotReasons({ slots, readyBefore, stopping }: Standing): string[] {
  if (stopping) return ['The server is shutting down: it starts nothing more.']
  const said: string[] = []
  if (slots.busy >= slots.total) said.push(`No slot is free: ${slots.busy} of ${slots.total} busy.`)
  if (readyBefore > 0) {
    const which = readyBefore === 1 ? 'One ready task starts' : `${readyBefore} ready tasks start`
    said.push(`${which} before it.`)
  }
  return said.length > 0 ? said : ['Nothing stands in its way: it is about to start.']
}
