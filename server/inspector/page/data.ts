// What the server's `/inspect/data/` answers, as types. Times are milliseconds since the epoch; names are
// those of the wire.

export type TaskState =
  | 'waiting'
  | 'suspended'
  | 'running'
  | 'finished'
  | 'error'
  | 'canceled'
  | 'skipped'

/** The state node of a task. */
export type TaskValue =
  | 'waiting'
  | 'suspended'
  | 'running.executing'
  | 'running.cancelling'
  | 'finished'
  | 'error'
  | 'canceled'
  | 'skipped'

/** The state node of a group. */
export type GroupValue =
  | 'active.open'
  | 'active.closed'
  | 'suspended.open'
  | 'suspended.closed'
  | 'cancelling'
  | 'settled'

export type Operation = 'create' | 'read' | 'update' | 'delete'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

export type StateSummary = Record<'accepted' | TaskState | 'total', number>

export interface GroupRow {
  group_id: string
  seq: number
  value: GroupValue
  state_summary: StateSummary
  tags: string[]
  on_failure: 'continue' | 'cancel'
  canceled: boolean
  submit_ms: number
  finish_ms: number | null
  rev: number
}

export interface GroupsAnswer {
  groups: GroupRow[]
  next: number | null
}

export interface TaskRow {
  task_id: string
  seq: number
  place: number | null
  call: string
  value: TaskValue
  attempt: number
  priority: number
  group_id: string | null
  submit_ms: number
  start_ms: number | null
  finish_ms: number | null
  wake_at_ms: number | null
  worker: string | null
  progress: { [key: string]: Json }
  blockers: number
  error_code: string | null
}

/** Tasks of a group, in submission order. */
export interface TasksAnswer {
  total: number
  tasks: TaskRow[]
}

/** Tasks of all groups and of none, latest first. */
export interface LatestTasksAnswer {
  tasks: TaskRow[]
  next: number | null
}

export interface ResourceUse {
  resource_type: string
  resource_id: string
  operation: Operation
}

/** A task as another one names it. */
export interface TaskName {
  task_id: string
  call: string
  value: TaskValue
}

export interface HistoryRow {
  event_id: number
  at_ms: number
  type: string
  value: TaskValue
  attempt: number | null
  data: Json
}

/** The call report, as the REST interface gives it; the page reads these of its keys. */
export interface CallReport {
  response: 'accepted' | 'postponed'
  reasons: ResourceUse[]
  state: TaskState
  tags: string[]
  result: Json
  error: { code: string; description: string; data: Json; sub_errors: Json[] } | null
  exception: string | null
  traceback: string | null
  worker_name: string | null
  dependency_failures: Record<string, { expected: TaskState[]; actual: TaskState }>
  principal_login: string | null
  [key: string]: unknown
}

export type PersonEvent = 'cancel' | 'suspend' | 'resume'

export interface TaskAnswer {
  report: CallReport
  task: TaskRow
  args: Json
  resources: ResourceUse[]
  cancellable: boolean
  parent_id: string | null
  dependencies: (TaskName & { states: TaskState[] })[]
  dependants: TaskName[]
  children: TaskName[]
  next: PersonEvent[]
  history: HistoryRow[]
}

export interface WaitNode extends TaskName {
  attempt: number
  group_id: string | null
  wake_at_ms: number | null
  blockers: number
  depth: number
}

/** `from` waits for `to`. */
export interface WaitEdge {
  from: string
  to: string
  why: 'resource' | 'dependency'
  resource_type?: string
  resource_id?: string
  /** What the one who waits is to do to the resource. */
  operation?: Operation
  /** What the other does to it, or is to do before. */
  held?: Operation
  /** Whether others that are not shown may stand between the two. */
  far?: boolean
  states?: TaskState[]
}

export interface WaitsAnswer {
  nodes: WaitNode[]
  edges: WaitEdge[]
  because: string[]
  truncated: boolean
}

export interface QueueRow extends TaskName {
  group_id: string | null
  place: number
  operation: Operation
  granted: boolean
  wake_at_ms: number | null
}

export interface ResourceAnswer {
  resource_type: string
  resource_id: string
  queue: QueueRow[]
  next: number | null
}

export interface RateSecond {
  at_ms: number
  submitted: number
  started: number
  ended: number
}

export interface SystemAnswer {
  version: string
  mount: string
  started_ms: number
  now_ms: number
  /** Null when the process runs no tasks itself. */
  slots: { total: number; busy: number } | null
  workers: { name: string; running: number }[]
  unfinished: { waiting: number; suspended: number; running: number }
  oldest_waiting_ms: number | null
  rates: { seconds: RateSecond[] }
  readers: number
  refusals: number
  warnings: string[]
}

/** One event of a group's history: id, time, task (null: the group itself), type, state node after it, attempt. */
export type HistoryTuple = [number, number, string | null, string, string, number | null]

export interface GroupHistoryAnswer {
  events: HistoryTuple[]
  last: number | null
  more: boolean
}
