// Snapshot → call report: the JSON that a client reads, with its keys in the order of CONTRACT §4.
import type { Group } from './group.machine.ts'
import type { ResourceUse } from './reservations.ts'
import {
  type DependencyFailure,
  type FinalState,
  type Json,
  type JsonObject,
  stateOf,
  type Task,
  type TaskState,
} from './task.machine.ts'

export interface CallReport {
  _href: string
  response: 'accepted' | 'postponed'
  reasons: ResourceUse[]
  state: TaskState
  task_id: string
  task_group_id: string | null
  schedule_id: null
  task_type: string
  tags: string[]
  progress: JsonObject
  progress_report: JsonObject
  result: Json
  error: { code: string; description: string; data: Json; sub_errors: Json[] } | null
  exception: string | null
  traceback: string | null
  start_time: string | null
  finish_time: string | null
  spawned_tasks: TaskLink[]
  worker_name: string | null
  queue: string | null
  id: string
  attempt: number
  priority: number
  dependencies: { task_id: string; states: FinalState[] }[]
  dependency_failures: Record<string, DependencyFailure>
  principal_login: string | null
  submit_time: string
}

export interface TaskLink {
  _href: string
  task_id: string
}

export type StateSummary = Record<'accepted' | TaskState | 'total', number>

/** Where the REST interface is mounted, for the paths inside reports. */
export interface Hrefs {
  task: (taskId: string) => string
  group: (groupId: string) => string
}

/** Paths under a mount such as `/pulp/api`, each with its trailing slash. */
export function hrefs(mount: string): Hrefs {
  return {
    task: taskId => `${mount}/v2/tasks/${taskId}/`,
    group: groupId => `${mount}/v2/task_groups/${groupId}/`,
  }
}

/**
 * Renders a task.
 *
 * @param within `group` inside a group's list, where `_href` is the group's path; otherwise `tasks`.
 */
export function callReport(
  task: Task,
  paths: Hrefs,
  within: 'tasks' | 'group' = 'tasks',
): CallReport {
  return {
    _href:
      within === 'group' && task.groupId !== null
        ? paths.group(task.groupId)
        : paths.task(task.taskId),
    response: task.response,
    reasons: task.reasons,
    state: stateOf(task.value),
    task_id: task.taskId,
    task_group_id: task.groupId,
    schedule_id: null,
    task_type: task.call,
    tags: task.tags,
    progress: task.progress,
    progress_report: task.progress,
    result: task.result,
    error: task.failure?.error ?? null,
    exception: task.failure?.exception ?? null,
    traceback: task.failure?.traceback ?? null,
    start_time: task.startMs === null ? null : isoTime(task.startMs),
    finish_time: task.finishMs === null ? null : isoTime(task.finishMs),
    spawned_tasks: task.spawned.map(taskId => taskLink(taskId, paths)),
    worker_name: task.worker,
    queue: null,
    id: task.taskId,
    attempt: task.attempt,
    priority: task.priority,
    dependencies: task.dependencies.map(({ taskId, states }) => ({ task_id: taskId, states })),
    dependency_failures: task.dependencyFailures,
    principal_login: task.principal,
    submit_time: isoTime(task.submitMs),
  }
}

export function taskLink(taskId: string, paths: Hrefs): TaskLink {
  return { _href: paths.task(taskId), task_id: taskId }
}

/** Counts by state. `accepted` is a state of the sources' interface that no task of ours is in. */
export function stateSummary({ counts }: Group): StateSummary {
  const { waiting, running, suspended, finished, error, canceled, skipped } = counts
  const total = waiting + running + suspended + finished + error + canceled + skipped
  return { accepted: 0, waiting, running, suspended, finished, error, canceled, skipped, total }
}

/** `YYYY-MM-DDTHH:MM:SSZ`, whole seconds. */
export function isoTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}
