// The life of one task as a statechart. Its context is everything that is known about the task; each
// action is a named change of that context, so that the transition table (table.ts) and XState's
// interpreter run the same code. When a task may start, and what its end means for others, is decided
// in admission.ts and lifecycle.ts.
import { produce } from 'immer'
import { assign, setup } from 'xstate'
import type { ResourceUse } from './reservations.ts'

/** A task's state on the wire (CONTRACT §2). */
export type TaskState = 'waiting' | 'suspended' | 'running' | FinalState
export type FinalState = (typeof FINAL_STATES)[number]
export const FINAL_STATES = ['finished', 'error', 'canceled', 'skipped'] as const
export const TASK_STATES = ['waiting', 'suspended', 'running', ...FINAL_STATES] as const

/** The state node that a task is in; the sub-state of `running` after the dot. */
export type TaskValue =
  | 'waiting'
  | 'suspended'
  | 'running.executing'
  | 'running.cancelling'
  | FinalState

/** Any value that JSON can carry. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }

/** The empty list that tasks share: of a million of them, few have much to list. */
export const NOTHING: never[] = Object.freeze<never[]>([]) as never[]
/** The empty object that they share. */
export const NO_FIELDS: Record<string, never> = Object.freeze({})

/** Why an attempt did not succeed, as the report shows it. */
export interface Failure {
  error: { code: string; description: string; data: Json; sub_errors: Json[] }
  exception: string | null
  traceback: string | null
  /** HTTP status of the answer when the call was synchronous; null: 500. */
  status: number | null
}

/** A task that must have ended in one of `states` before the task that names it may start. */
export interface Dependency {
  taskId: string
  states: FinalState[]
}

export interface DependencyFailure {
  expected: FinalState[]
  actual: FinalState
}

export interface TaskContext {
  taskId: string
  /** Submission order over the whole store, from 1. */
  seq: number
  /** Order in which tasks are judged and, at equal priority, started; null until the task takes its place. */
  place: number | null
  groupId: string | null
  parentId: string | null
  call: string
  args: JsonObject
  tags: string[]
  resources: ResourceUse[]
  dependencies: Dependency[]
  dependencyFailures: Record<string, DependencyFailure>
  priority: number
  cancellable: boolean
  principal: string | null
  response: 'accepted' | 'postponed'
  reasons: ResourceUse[]
  /** Reservations not granted yet plus dependencies not ended yet. */
  blockers: number
  /** What keeps it from taking its place: its own `start_after`, and dependencies without a place. */
  unplaced: number
  /** When the clock lets it go on (`start_after`, or the next attempt), in ms since the epoch. */
  wakeAtMs: number | null
  /** The attempt that runs or comes next, from 1. */
  attempt: number
  /** Attempts that ended because the process died. */
  interruptions: number
  /** Attempts that failed; these, and not the interrupted ones, use up the call's retries. */
  failedAttempts: number
  /** Why a running task was asked to stop. */
  stopCause: 'cancel' | 'timeout' | null
  progress: JsonObject
  result: Json
  /** Path of what the call says that it created. */
  location: string | null
  failure: Failure | null
  spawned: string[]
  worker: string | null
  submitMs: number
  startMs: number | null
  finishMs: number | null
  /** Number of the last change, over the whole store; rises with each. */
  rev: number
}

/** A task's snapshot: the state node and the context. */
export interface Task extends TaskContext {
  value: TaskValue
}

export type TaskEvent =
  | {
      type: 'task.placed'
      place: number
      response: 'accepted' | 'postponed'
      reasons: ResourceUse[]
      blockers: number
    }
  | { type: 'task.judged'; response: 'accepted' | 'postponed'; reasons: ResourceUse[] }
  | { type: 'task.unblocked' }
  | { type: 'task.place_freed' }
  | { type: 'task.woken' }
  | { type: 'task.suspend' }
  | { type: 'task.resume' }
  | { type: 'task.start'; nowMs: number; worker: string }
  | { type: 'task.progressed'; progress: JsonObject }
  | { type: 'task.spawned'; childId: string }
  | { type: 'task.unresponsive'; failure: Failure }
  | { type: 'task.succeeded'; nowMs: number; result: Json; location: string | null }
  | { type: 'task.failed'; nowMs: number; failure: Failure; retryAtMs: number | null }
  | { type: 'task.timed_out' }
  | { type: 'task.cancel'; nowMs: number }
  | { type: 'task.stopped'; nowMs: number }
  | { type: 'task.interrupted'; nowMs: number; crashed: boolean; rerun: boolean; failure: Failure }
  | { type: 'task.skip'; nowMs: number; failures: Record<string, DependencyFailure> }
  | { type: 'task.rejected'; nowMs: number; failure: Failure }

type EventOf<T extends TaskEvent['type']> = Extract<TaskEvent, { type: T }>

/** Conditions of the chart, by name. Each reads the context and the event, and nothing else. */
export const taskGuards = {
  cancellable: (task: TaskContext) => task.cancellable,
  cancelWasAsked: (task: TaskContext) => task.stopCause === 'cancel',
  willRetry: (_: TaskContext, event: TaskEvent) =>
    (event as EventOf<'task.failed'>).retryAtMs !== null,
  willRerun: (_: TaskContext, event: TaskEvent) => (event as EventOf<'task.interrupted'>).rerun,
}

function clearForNextAttempt(task: TaskContext): void {
  task.attempt += 1
  task.startMs = null
  task.worker = null
  task.stopCause = null
}

/**
 * Changes of the context, by name. Each sets fields of the draft that it is given, which is immer's or a
 * flat copy (table.ts): what is nested in a field is replaced, never edited.
 */
export const taskActions = {
  place(task: TaskContext, event: EventOf<'task.placed'>) {
    task.place = event.place
    task.response = event.response
    task.reasons = event.reasons
    task.blockers += event.blockers
  },
  judge(task: TaskContext, event: EventOf<'task.judged'>) {
    task.response = event.response
    task.reasons = event.reasons
  },
  unblock(task: TaskContext) {
    task.blockers -= 1
  },
  freePlace(task: TaskContext) {
    task.unplaced -= 1
  },
  wake(task: TaskContext) {
    task.wakeAtMs = null
  },
  begin(task: TaskContext, event: EventOf<'task.start'>) {
    task.startMs = event.nowMs
    task.worker = event.worker
    task.progress = NO_FIELDS
  },
  progress(task: TaskContext, event: EventOf<'task.progressed'>) {
    task.progress = event.progress
  },
  spawn(task: TaskContext, event: EventOf<'task.spawned'>) {
    task.spawned = [...task.spawned, event.childId]
  },
  keepFailure(task: TaskContext, event: { failure: Failure }) {
    task.failure = event.failure
  },
  finish(task: TaskContext, event: EventOf<'task.succeeded'>) {
    task.result = event.result
    task.location = event.location
    task.failure = null
  },
  retry(task: TaskContext, event: EventOf<'task.failed'>) {
    clearForNextAttempt(task)
    task.failedAttempts += 1
    task.wakeAtMs = event.retryAtMs
  },
  rerun(task: TaskContext, event: EventOf<'task.interrupted'>) {
    clearForNextAttempt(task)
    if (event.crashed) task.interruptions += 1
  },
  stopForCancel(task: TaskContext) {
    task.stopCause = 'cancel'
  },
  stopForTimeout(task: TaskContext) {
    task.stopCause = 'timeout'
  },
  forgetFailure(task: TaskContext) {
    task.failure = null
  },
  skip(task: TaskContext, event: EventOf<'task.skip'>) {
    task.dependencyFailures = event.failures
  },
  end(task: TaskContext, event: { nowMs: number }) {
    task.finishMs = event.nowMs
    task.wakeAtMs = null
  },
}

export type TaskGuard = keyof typeof taskGuards
export type TaskAction = keyof typeof taskActions

/** Makes an XState action of a named change. */
function assigned(name: TaskAction) {
  return assign<TaskContext, TaskEvent, undefined, TaskEvent, never>(({ context, event }) =>
    produce(context, draft => taskActions[name](draft, event as never)),
  )
}

const guards = Object.fromEntries(
  Object.entries(taskGuards).map(([name, guard]) => [
    name,
    ({ context, event }: { context: TaskContext; event: TaskEvent }) => guard(context, event),
  ]),
) as Record<TaskGuard, (args: { context: TaskContext; event: TaskEvent }) => boolean>

const actions = Object.fromEntries(
  (Object.keys(taskActions) as TaskAction[]).map(name => [name, assigned(name)]),
) as Record<TaskAction, ReturnType<typeof assigned>>

/** What a task that holds or awaits its place answers to, whether it waits or is suspended. */
const pending = {
  'task.placed': { actions: ['place'] },
  'task.judged': { actions: ['judge'] },
  'task.unblocked': { actions: ['unblock'] },
  'task.place_freed': { actions: ['freePlace'] },
  'task.woken': { actions: ['wake'] },
  'task.cancel': { target: 'canceled', actions: ['end'] },
  'task.skip': { target: 'skipped', actions: ['skip', 'end'] },
  'task.rejected': { target: 'error', actions: ['keepFailure', 'end'] },
} as const

/** The task statechart: waiting → running → finished, error, canceled (CONTRACT §2). */
export const taskMachine = setup({
  types: {
    context: {} as TaskContext,
    events: {} as TaskEvent,
    input: {} as TaskContext,
  },
  guards,
  actions,
}).createMachine({
  id: 'task',
  context: ({ input }) => input,
  initial: 'waiting',
  states: {
    waiting: {
      on: {
        ...pending,
        'task.suspend': { target: 'suspended' },
        'task.start': { target: 'running', actions: ['begin'] },
      },
    },
    suspended: {
      on: {
        ...pending,
        'task.resume': { target: 'waiting' },
      },
    },
    running: {
      initial: 'executing',
      on: {
        'task.progressed': { actions: ['progress'] },
      },
      states: {
        executing: {
          on: {
            'task.spawned': { actions: ['spawn'] },
            'task.succeeded': { target: '#task.finished', actions: ['finish', 'end'] },
            'task.failed': [
              { guard: 'willRetry', target: '#task.waiting', actions: ['keepFailure', 'retry'] },
              { target: '#task.error', actions: ['keepFailure', 'end'] },
            ],
            'task.cancel': {
              guard: 'cancellable',
              target: 'cancelling',
              actions: ['stopForCancel'],
            },
            'task.timed_out': { target: 'cancelling', actions: ['stopForTimeout'] },
            'task.interrupted': [
              { guard: 'willRerun', target: '#task.waiting', actions: ['rerun'] },
              { target: '#task.error', actions: ['keepFailure', 'end'] },
            ],
          },
        },
        cancelling: {
          on: {
            'task.cancel': { guard: 'cancellable', actions: ['stopForCancel'] },
            'task.unresponsive': { actions: ['keepFailure'] },
            'task.stopped': { target: '#task.canceled', actions: ['forgetFailure', 'end'] },
            'task.failed': [
              {
                guard: 'cancelWasAsked',
                target: '#task.canceled',
                actions: ['forgetFailure', 'end'],
              },
              { guard: 'willRetry', target: '#task.waiting', actions: ['keepFailure', 'retry'] },
              { target: '#task.error', actions: ['keepFailure', 'end'] },
            ],
            'task.interrupted': [
              {
                guard: 'cancelWasAsked',
                target: '#task.canceled',
                actions: ['forgetFailure', 'end'],
              },
              { guard: 'willRerun', target: '#task.waiting', actions: ['rerun'] },
              { target: '#task.error', actions: ['keepFailure', 'end'] },
            ],
          },
        },
      },
    },
    finished: { type: 'final' },
    error: { type: 'final' },
    canceled: { type: 'final' },
    skipped: { type: 'final' },
  },
})

/** The state that a report shows for a state node. */
export function stateOf(value: TaskValue): TaskState {
  return value.startsWith('running') ? 'running' : (value as TaskState)
}

export function isFinal(value: TaskValue): value is FinalState {
  return (FINAL_STATES as readonly string[]).includes(value)
}

/** Nothing stands in its way but a free slot. */
export function isReady(task: Task): boolean {
  return (
    task.value === 'waiting' && task.unplaced === 0 && task.blockers === 0 && task.wakeAtMs === null
  )
}
