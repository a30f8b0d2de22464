// The engine as a program uses it without HTTP: requests typed by their calls, results as promises.
import {
  type CallReport,
  isFinal,
  type Json,
  type StateSummary,
  stateOf,
  type Task,
} from '../machines/index.ts'
import type { ArgsOf, Call, CallRequest } from './calls.ts'
import type { Commit } from './decisions.ts'
import { CallError, NoResultError, UnavailableError } from './errors.ts'
import { Rollcall, type RollcallOptions } from './rollcall.ts'
import type { TaskQuery } from './store/store.ts'
import type { SubmitOptions } from './submission.ts'
import type { GroupRequest } from './submitter.ts'

/** What a task has besides its call and arguments. */
export type TaskOptions = Omit<CallRequest, 'id' | 'call' | 'args'> & SubmitOptions

/** Requests for the members of a group; the arguments of each are those of its call. */
export type Members<Calls extends readonly (Call | string)[]> = {
  [Index in keyof Calls]: Omit<CallRequest, 'call' | 'args'> & { call: Calls[Index] } & Given<
      Calls[Index]
    >
}

/** A call that needs no arguments may go without. */
type Given<C> = C extends string
  ? { args?: unknown }
  : object extends ArgsOf<C>
    ? { args?: ArgsOf<C> }
    : { args: ArgsOf<C> }

/** A task that is on disk. */
export interface SubmittedTask<Result> {
  taskId: string
  response: 'accepted' | 'postponed'
  /**
   * Waits for the task's end.
   *
   * @throws {CallError} It ended in `error`: with the error's code, status, data and sub-errors.
   * @throws {NoResultError} It was cancelled or skipped.
   * @throws {UnavailableError} The engine was closed, or `signal` aborted, before its end.
   */
  result(options?: { signal?: AbortSignal }): Promise<Result>
}

/** A group that is on disk, whole. */
export interface SubmittedGroup {
  groupId: string
  /** In the order of its calls. */
  taskIds: string[]
}

/** `createEngine()` gives one. */
export class TaskEngine {
  readonly #core: Rollcall
  /** Prefix of the paths in reports. */
  readonly mount: string

  constructor(options: RollcallOptions) {
    this.#core = new Rollcall(options)
    this.mount = options.mount ?? '/pulp/api'
  }

  /** What the REST interface works with. */
  get core(): Rollcall {
    return this.#core
  }

  /** Resolves when the store is open and what a crash left has been taken up; every method waits for it. */
  ready(): Promise<void> {
    return this.core.ready()
  }

  /**
   * Submits one task; resolves once it is on disk.
   *
   * @throws {RejectedError} It can never be served; `reasons` says why.
   * @throws {BadRequestError} Its arguments do not fit.
   */
  submit<Args, Result>(
    call: Call<Args, Result>,
    args: Args,
    options?: TaskOptions,
  ): Promise<SubmittedTask<Result>>
  /** Submits one task of a call that is known by name. */
  submit(call: string, args?: object, options?: TaskOptions): Promise<SubmittedTask<Json>>
  /** Submits one task, said in one object. */
  submit(request: CallRequest, options?: SubmitOptions): Promise<SubmittedTask<Json>>
  async submit(
    what: Call<never, unknown> | string | CallRequest,
    args?: unknown,
    options: TaskOptions = {},
  ): Promise<SubmittedTask<unknown>> {
    const whole = typeof what === 'object' && 'call' in what
    const { principal, idempotency, ...rest } = whole ? ((args ?? {}) as TaskOptions) : options
    const request: CallRequest = whole
      ? what
      : { ...rest, call: what as Call | string, args: args ?? {} }
    const { taskIds, response } = await this.core.submit(request, {
      ...(principal !== undefined && { principal }),
      ...(idempotency && { idempotency }),
    })
    const taskId = taskIds[0] as string
    return { taskId, response, result: ({ signal } = {}) => this.#result(taskId, signal) }
  }

  /** Submits a group, whole or not at all; resolves once it is on disk. */
  async submitGroup<const Calls extends readonly (Call | string)[]>(
    request: Omit<GroupRequest, 'calls'> & { calls: Members<Calls> },
    options: SubmitOptions = {},
  ): Promise<SubmittedGroup> {
    const calls: readonly CallRequest[] = request.calls
    const { groupId, taskIds } = await this.core.submitGroup(
      { ...request, calls: [...calls] },
      options,
    )
    return { groupId, taskIds }
  }

  /** Adds calls to a group that was submitted open. */
  async addToGroup<const Calls extends readonly (Call | string)[]>(
    groupId: string,
    calls: Members<Calls>,
    options: SubmitOptions = {},
  ): Promise<SubmittedGroup> {
    const members: readonly CallRequest[] = calls
    const { taskIds } = await this.core.addToGroup(groupId, [...members], options)
    return { groupId, taskIds }
  }

  /** The call report of one task. @throws {NotFoundError} No task has that id. */
  report(taskId: string): Promise<CallReport> {
    return this.core.report(taskId)
  }

  /** Call reports in submission order, a page of rows in memory at a time. */
  reports(query: TaskQuery = {}): AsyncGenerator<CallReport> {
    return this.core.reports(query)
  }

  /** How many tasks of a group are in each state. @throws {NotFoundError} No group has that id. */
  summary(groupId: string): Promise<StateSummary> {
    return this.core.summary(groupId)
  }

  /** Cancels a task. @throws {NotCancellableError} It runs, and its call is not cancellable. */
  cancel(taskId: string): Promise<void> {
    return this.core.cancel(taskId)
  }

  /** Cancels a group's unfinished tasks. @throws {NotCancellableError} Not one of them can be cancelled. */
  cancelGroup(groupId: string): Promise<void> {
    return this.core.cancelGroup(groupId)
  }

  /** Suspends, resumes or closes a group. @throws {GroupStateError} Its state does not allow it. */
  changeGroup(groupId: string, change: 'suspend' | 'resume' | 'close'): Promise<void> {
    return this.core.changeGroup(groupId, change)
  }

  /** The lines of a group's history file, for `rollcall replay` and `replayTest`. */
  exportGroup(groupId: string): AsyncGenerator<string> {
    return this.core.exportGroup(groupId)
  }

  /** Calls `listener` after each commit with the ids of what changed; the answer ends it. */
  subscribe(listener: (commit: Commit) => void): () => void {
    return this.core.subscribe(listener)
  }

  /**
   * Stops taking work, lets running tasks end for `graceMs`, then interrupts them, and closes the store.
   * What was interrupted goes on when the store is opened again.
   */
  close(graceMs = 0): Promise<void> {
    return this.core.close(graceMs)
  }

  /** A task at its end, or as it is when `signal` aborts. */
  protected ended(taskId: string, signal?: AbortSignal): Promise<Task> {
    return this.core.ended(taskId, Number.POSITIVE_INFINITY, signal)
  }

  async #result(taskId: string, signal?: AbortSignal): Promise<unknown> {
    const task = await this.ended(taskId, signal)
    const state = stateOf(task.value)
    if (state === 'finished') return task.result
    if (state === 'error' && task.failure !== null) {
      const { error, status } = task.failure
      throw new CallError(error.code, error.description, {
        status: status ?? 500,
        data: error.data,
        subErrors: error.sub_errors,
      })
    }
    if (isFinal(task.value)) throw new NoResultError(taskId, state)
    throw new UnavailableError(`the wait for task ${taskId} was given up: it is ${state}`)
  }
}
