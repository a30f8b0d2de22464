// The tasks that a list shows, of all groups and of none, and how an event changes one.
import type { LatestTasksAnswer, TaskRow, TaskState, TaskValue } from '../data.ts'
import { queryOf, read } from '../http.ts'
import type { EventBody } from '../live/frames.ts'
import type { ListSource } from '../live/latest-list.ts'
import { isFinal, stateOf } from '../states.ts'

export interface TaskFilter {
  states: readonly string[]
  search: string
}

export function taskSource({ states, search }: TaskFilter): ListSource<TaskRow> {
  const chosen = new Set(states as readonly TaskState[])
  return {
    page: async (before, limit, signal) => {
      const query = queryOf({ state: states, search, limit, before })
      const { tasks, next } = await read<LatestTasksAnswer>(`tasks/${query}`, signal)
      return { rows: tasks, next }
    },
    idOf: row => row.task_id,
    rowIdIn: ({ name, body }) => (name === 'task' ? (body.task_id ?? null) : null),
    changed: changedTask,
    fits: ({ value }) => chosen.size === 0 || chosen.has(stateOf(value)),
  }
}

/** A row after an event: what the event says, and what follows from it. */
export function changedTask(row: TaskRow, body: EventBody): TaskRow {
  const value = body.value as TaskValue
  const atMs = body.at_ms ?? null
  const attempt = body.attempt ?? row.attempt
  const hasStarted =
    value.startsWith('running') && (!row.value.startsWith('running') || attempt !== row.attempt)
  return {
    ...row,
    value,
    attempt,
    ...(body.progress && { progress: body.progress as TaskRow['progress'] }),
    start_ms: hasStarted ? (atMs ?? row.start_ms) : value === 'waiting' ? null : row.start_ms,
    finish_ms: isFinal(value) ? (row.finish_ms ?? atMs) : null,
  }
}
