// /inspect/data/tasks/: the latest tasks, all that is known of one, and why it waits.
import {
  callReport,
  canonicalId,
  type HistoryEvent,
  stepTask,
  type Task,
  type TaskEvent,
} from '../../machines/index.ts'
import { sendJson } from '../http/answer.ts'
import { type RestApp, UUID } from '../http/rest-app.ts'
import { taskLine } from '../store/inspection.ts'
import { latestTasks } from './find-tasks.ts'
import { type InspectorParts, inspectionOf } from './parts.ts'
import { reasonsOf } from './reasons.ts'
import { groupRow, taskName, taskRow } from './rows.ts'
import * as schemas from './schemas.ts'
import { exploreWaits } from './wait-graph.ts'

/** Tasks that are named beside a task, of each kind. */
const NAMED_MAX = 100
/** Lines of its history that are told. */
const HISTORY_MAX = 1_000
/** Ready tasks that are counted. */
const READY_MAX = 1_000

export function taskDataRoutes(app: RestApp, parts: InspectorParts): void {
  const { rollcall, clock } = parts

  app.get(
    '/tasks/',
    { schema: { querystring: schemas.LatestTasksQuery } },
    async (request, reply) => {
      const { state: states = null, search = '', limit = 50, before } = request.query
      const inspection = await inspectionOf(parts)
      const query = { states, search, limit, beforeSeq: before ?? Number.MAX_SAFE_INTEGER }
      const { lines, next } = await latestTasks(inspection, query, clock)
      return sendJson(reply, { tasks: lines.map(taskRow), next })
    },
  )

  app.get(
    `/tasks/:task_id${UUID}/`,
    { schema: { params: schemas.TaskParams } },
    async (request, reply) => {
      const task = await rollcall.task(canonicalId(request.params.task_id))
      const { taskId, args, resources, cancellable, parentId, dependencies, spawned } = task
      const inspection = await inspectionOf(parts)
      const named = async (ids: readonly string[]) =>
        (await inspection.linesOf(ids.slice(0, NAMED_MAX))).map(taskName)
      const history = await rollcall.store.history({
        taskId,
        afterEventId: 0,
        limit: HISTORY_MAX + 1,
      })
      const statesOf = new Map(dependencies.map(each => [each.taskId, each.states]))
      const group = task.groupId === null ? null : await rollcall.store.group(task.groupId)
      return sendJson(reply, {
        report: callReport(task, rollcall.hrefs),
        task: taskRow(taskLine(task)),
        args,
        resources,
        cancellable,
        parent_id: parentId,
        // One that was deleted is left out; the report names it.
        dependencies: (await named(dependencies.map(each => each.taskId))).map(each => ({
          ...each,
          states: statesOf.get(each.task_id),
        })),
        dependencies_total: dependencies.length,
        // While it has not ended: nobody waits for one that has.
        dependants: await named(await inspection.dependants(taskId, NAMED_MAX)),
        children: await named(spawned),
        children_total: spawned.length,
        next: nextEvents(task),
        group: group === null ? null : groupRow(group),
        history: history.slice(0, HISTORY_MAX).map(historyRow),
        history_more: history.length > HISTORY_MAX,
      })
    },
  )

  app.get(
    `/tasks/:task_id${UUID}/waits/`,
    { schema: { params: schemas.TaskParams, querystring: schemas.WaitsQuery } },
    async (request, reply) => {
      const { limit = 200 } = request.query
      const task = await rollcall.task(canonicalId(request.params.task_id))
      const inspection = await inspectionOf(parts)
      const graph = await exploreWaits(inspection, taskLine(task), limit, clock)
      const group = task.groupId === null ? null : await rollcall.store.group(task.groupId)
      const because = reasonsOf({
        task,
        group,
        graph,
        slots: rollcall.slots,
        readyBefore: await inspection.readyBefore(task, READY_MAX),
        stopping: rollcall.stopping.aborted,
      })
      return sendJson(reply, {
        nodes: graph.nodes.map(({ line, depth }) => ({
          ...taskName(line),
          attempt: line.attempt,
          group_id: line.groupId,
          wake_at_ms: line.wakeAtMs,
          blockers: line.blockers,
          depth,
        })),
        edges: graph.edges,
        because,
        truncated: graph.truncated,
      })
    },
  )
}

/** What a person may send to a task alone; suspending and resuming is for its group. */
const EVENTS: [name: string, event: TaskEvent][] = [['cancel', { type: 'task.cancel', nowMs: 0 }]]

/** Those that the task's statechart takes in this state, and that change something. */
function nextEvents(task: Task): string[] {
  return EVENTS.filter(([, event]) => {
    const next = stepTask(task, event)
    return next !== null && next !== task
  }).map(([name]) => name)
}

function historyRow({ eventId, atMs, type, value, attempt, data }: HistoryEvent) {
  return { event_id: eventId, at_ms: atMs, type, value, attempt, data }
}
