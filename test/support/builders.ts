// Builders for what tests talk about: resource uses, tasks, groups, specifications. Each gives a whole
// value in which only what the test names differs from the plainest one.
import {
  type Failure,
  type Group,
  type GroupEvent,
  NO_TASKS,
  type Operation,
  type ResourceUse,
  type Task,
  type TaskEvent,
  type TaskSpec,
  type TaskState,
} from '../../machines/index.ts'

/** One use of a resource written `type:id`. */
export function use(operation: Operation, resource: string): ResourceUse {
  const [resource_type = '', resource_id = ''] = resource.split(':')
  return { resource_type, resource_id, operation }
}

export const creates = (resource: string): ResourceUse => use('create', resource)
export const reads = (resource: string): ResourceUse => use('read', resource)
export const updates = (resource: string): ResourceUse => use('update', resource)
export const deletes = (resource: string): ResourceUse => use('delete', resource)

export const AT_MS = Date.parse('2026-01-31T12:00:00Z')

export function failed(code = 'RCL0015', description = 'the call threw'): Failure {
  return {
    error: { code, description, data: null, sub_errors: [] },
    exception: 'Error: it broke',
    traceback: null,
    status: null,
  }
}

export function task(fields: Partial<Task> = {}): Task {
  return {
    value: 'waiting',
    taskId: 't1',
    seq: 1,
    place: 1,
    groupId: null,
    parentId: null,
    call: 'work',
    args: {},
    tags: [],
    resources: [],
    dependencies: [],
    dependencyFailures: {},
    priority: 0,
    cancellable: true,
    principal: null,
    response: 'accepted',
    reasons: [],
    blockers: 0,
    unplaced: 0,
    wakeAtMs: null,
    attempt: 1,
    interruptions: 0,
    failedAttempts: 0,
    stopCause: null,
    progress: {},
    result: null,
    location: null,
    failure: null,
    spawned: [],
    worker: null,
    submitMs: AT_MS,
    startMs: null,
    finishMs: null,
    rev: 1,
    ...fields,
  }
}

export function group(fields: Partial<Group> = {}): Group {
  return {
    value: 'active.open',
    groupId: 'g1',
    seq: 1,
    tags: [],
    onFailure: 'continue',
    counts: NO_TASKS,
    canceled: false,
    submitMs: AT_MS,
    finishMs: null,
    rev: 1,
    ...fields,
  }
}

export function spec(fields: Partial<TaskSpec> = {}): TaskSpec {
  return {
    call: 'work',
    args: {},
    tags: [],
    resources: [],
    dependsOn: [],
    priority: 0,
    startAfterMs: null,
    cancellable: true,
    principal: null,
    ...fields,
  }
}

/** Every event that a task can be sent, with a payload for either answer of each guard. */
export const TASK_EVENTS: TaskEvent[] = [
  { type: 'task.placed', place: 7, response: 'accepted', reasons: [], blockers: 0 },
  {
    type: 'task.placed',
    place: 7,
    response: 'postponed',
    reasons: [updates('repo:1')],
    blockers: 2,
  },
  { type: 'task.judged', response: 'accepted', reasons: [] },
  { type: 'task.judged', response: 'postponed', reasons: [reads('repo:1')] },
  { type: 'task.unblocked' },
  { type: 'task.place_freed' },
  { type: 'task.woken' },
  { type: 'task.suspend' },
  { type: 'task.resume' },
  { type: 'task.start', nowMs: AT_MS, worker: 'w1' },
  { type: 'task.progressed', progress: { done: 1 } },
  { type: 'task.spawned', childId: 't2' },
  { type: 'task.unresponsive', failure: failed('RCL0020') },
  { type: 'task.succeeded', nowMs: AT_MS, result: { added: 3 }, location: '/here/' },
  { type: 'task.failed', nowMs: AT_MS, failure: failed(), retryAtMs: null },
  { type: 'task.failed', nowMs: AT_MS, failure: failed(), retryAtMs: AT_MS + 1_000 },
  { type: 'task.timed_out' },
  { type: 'task.cancel', nowMs: AT_MS },
  { type: 'task.stopped', nowMs: AT_MS },
  { type: 'task.interrupted', nowMs: AT_MS, crashed: true, rerun: true, failure: failed() },
  { type: 'task.interrupted', nowMs: AT_MS, crashed: false, rerun: true, failure: failed() },
  { type: 'task.interrupted', nowMs: AT_MS, crashed: true, rerun: false, failure: failed() },
  {
    type: 'task.skip',
    nowMs: AT_MS,
    failures: { t0: { expected: ['finished'], actual: 'error' } },
  },
  { type: 'task.rejected', nowMs: AT_MS, failure: failed('RCL0009') },
]

/** Every event that a group can be sent when it counts at most a few tasks. */
export function groupEvents(counts: Group['counts']): GroupEvent[] {
  const moves = [
    ['waiting', 'suspended'],
    ['waiting', 'running'],
    ['waiting', 'skipped'],
    ['waiting', 'canceled'],
    ['waiting', 'error'],
    ['suspended', 'waiting'],
    ['suspended', 'canceled'],
    ['running', 'waiting'],
    ['running', 'finished'],
    ['running', 'error'],
    ['running', 'canceled'],
  ] as const
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
  const moved = (from: TaskState, to: TaskState, count: number) =>
    ({ type: 'group.moved', from, to, count, nowMs: AT_MS }) as const
  return [
    ...(total < 3 ? [{ type: 'group.joined' as const, count: 1 }] : []),
    ...(total < 2 ? [{ type: 'group.joined' as const, count: 2 }] : []),
    ...moves.flatMap(([from, to]) =>
      [1, 2].filter(count => counts[from] >= count).map(count => moved(from, to, count)),
    ),
    { type: 'group.close', nowMs: AT_MS },
    { type: 'group.suspend' },
    { type: 'group.resume' },
    { type: 'group.cancel', nowMs: AT_MS },
  ]
}
