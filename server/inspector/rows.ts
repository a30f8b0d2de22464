// Groups and tasks as rows of a table: what the page shows of each, in the wire's names.
import {
  type Group,
  type GroupEvent,
  type JsonObject,
  type StateSummary,
  stateSummary,
  stepGroup,
} from '../../machines/index.ts'
import type { TaskLine } from '../store/inspection.ts'

/** Characters of JSON that a row keeps of a task's progress: a table has many rows. */
const PROGRESS_MAX = 4_096

export interface GroupRow {
  group_id: string
  seq: number
  value: Group['value']
  state_summary: StateSummary
  tags: string[]
  on_failure: Group['onFailure']
  canceled: boolean
  submit_ms: number
  finish_ms: number | null
  rev: number
  /** What a person may do to it at this moment. */
  next: GroupAction[]
}

export type GroupAction = 'cancel' | 'suspend' | 'resume' | 'close'

export interface TaskRow {
  task_id: string
  seq: number
  place: number | null
  call: string
  value: TaskLine['value']
  attempt: number
  priority: number
  group_id: string | null
  submit_ms: number
  start_ms: number | null
  finish_ms: number | null
  wake_at_ms: number | null
  worker: string | null
  /** Empty when it is too long for a row; the task's own page has it whole. */
  progress: JsonObject
  blockers: number
  error_code: string | null
}

/** A task as another one names it. */
export type TaskName = Pick<TaskRow, 'task_id' | 'call' | 'value'>

export function groupRow(group: Group): GroupRow {
  return {
    group_id: group.groupId,
    seq: group.seq,
    value: group.value,
    state_summary: stateSummary(group),
    tags: group.tags,
    on_failure: group.onFailure,
    canceled: group.canceled,
    submit_ms: group.submitMs,
    finish_ms: group.finishMs,
    rev: group.rev,
    next: groupActions(group),
  }
}

const ACTIONS: [GroupAction, GroupEvent][] = [
  ['cancel', { type: 'group.cancel', nowMs: 0 }],
  ['suspend', { type: 'group.suspend' }],
  ['resume', { type: 'group.resume' }],
  ['close', { type: 'group.close', nowMs: 0 }],
]

/** Those that the group's statechart takes in this state, and that change something. */
function groupActions(group: Group): GroupAction[] {
  return ACTIONS.filter(([, event]) => {
    const next = stepGroup(group, event)
    return next !== null && next !== group
  }).map(([action]) => action)
}

export function taskRow(line: TaskLine): TaskRow {
  return {
    task_id: line.taskId,
    seq: line.seq,
    place: line.place,
    call: line.call,
    value: line.value,
    attempt: line.attempt,
    priority: line.priority,
    group_id: line.groupId,
    submit_ms: line.submitMs,
    start_ms: line.startMs,
    finish_ms: line.finishMs,
    wake_at_ms: line.wakeAtMs,
    worker: line.worker,
    progress: JSON.stringify(line.progress).length <= PROGRESS_MAX ? line.progress : {},
    blockers: line.blockers,
    error_code: line.errorCode,
  }
}

export function taskName({ taskId, call, value }: TaskLine): TaskName {
  return { task_id: taskId, call, value }
}
