// Runs handlers: slots, AbortSignal, timeouts, progress, children. Whatever a handler does, it ends in
// one command about its attempt, and its slot is free only when it has really stopped.
import {
  type Command,
  type Effect,
  type Failure,
  type JsonObject,
  retryDelayMs,
  type Task,
} from '../machines/index.ts'
import type { Call, CallRequest, Log, Registry, RunContext, SpawnOptions } from './calls.ts'
import type { Engine, Performer } from './engine.ts'
import { failure, UnavailableError } from './errors.ts'
import { failureOf, resultOf } from './outcome.ts'
import { copyOfPlainJson } from './plain-json.ts'
import type { Clock, Random } from './ports.ts'
import { ProgressWriter, progressOf } from './progress.ts'
import { type Run, Runs, type StopCause } from './runs.ts'
import { specOf } from './specs.ts'
import { refusal } from './submission.ts'

export interface RunnerParts {
  engine: Engine
  registry: Registry
  clock: Clock
  random: Random
  log: Log
  worker: string
  concurrency: number
  /** Folder that file paths in tracebacks are given relative to. */
  callsFolder: string
  /** After how long, in ms, a handler that was asked to stop and has not is reported. */
  unresponsiveAfterMs: number
}

/** What the runner tells the engine about an attempt. */
type Report = Extract<Command, { taskId: string; attempt: number }>

export class Runner implements Performer {
  readonly worker: string
  readonly #parts: RunnerParts
  readonly #runs = new Runs()
  #accepting = true
  #idle: (() => void)[] = []

  constructor(parts: RunnerParts) {
    this.#parts = parts
    this.worker = parts.worker
  }

  freeSlots(): number {
    return this.#accepting ? Math.max(0, this.#parts.concurrency - this.#runs.size) : 0
  }

  /** Handlers that may run at once. */
  get concurrency(): number {
    return this.#parts.concurrency
  }

  get runningCount(): number {
    return this.#runs.size
  }

  perform(effect: Effect): void {
    if (effect.type === 'task.run') this.#start(effect.task)
    else {
      const run = this.#runs.of(effect.taskId)
      if (run?.task.attempt === effect.attempt) this.#stop(run, effect.cause)
    }
  }

  /** Starts nothing any more. */
  pause(): void {
    this.#accepting = false
  }

  /** Resolves when no handler runs, or after `timeoutMs`; says which. */
  async settle(timeoutMs: number): Promise<boolean> {
    if (this.#runs.size === 0) return true
    return new Promise(resolve => {
      const cancel = this.#parts.clock.after(timeoutMs, () => resolve(false))
      this.#idle.push(() => {
        cancel()
        resolve(true)
      })
    })
  }

  /** Asks every handler to stop because the process ends. */
  interrupt(): void {
    for (const run of this.#runs.all()) this.#stop(run, 'shutdown')
  }

  #start(task: Task): void {
    const { registry, clock } = this.#parts
    const call = registry.find(task.call)
    if (call === undefined) {
      const description = `no call is named ${task.call} in this process; start it with the calls that the task needs`
      this.#tell({
        type: 'task.failed',
        taskId: task.taskId,
        attempt: task.attempt,
        failure: failure('RCL0019', description),
        retryAtMs: null,
      })
      return
    }
    const run: Run = {
      task,
      call,
      controller: new AbortController(),
      stopping: null,
      progress: null,
      timers: [],
      spoiled: null,
      live: true,
      at: 0,
    }
    this.#runs.add(run)
    if (call.timeoutMs !== null)
      run.timers.push(clock.after(call.timeoutMs, () => this.#timeOut(run)))
    call.run(argsFor(task), this.#context(run)).then(
      result => this.#returned(run, result),
      thrown => this.#ended(run, failureOf(thrown, this.#parts.callsFolder)),
    )
  }

  #context(run: Run): RunContext {
    const { task } = run
    const { log } = this.#parts
    return {
      signal: run.controller.signal,
      progress: value => this.#progress(run, value),
      spawn: (child, args, options) => {
        const spawned = this.#spawn(run, child as Call | string, args, options ?? {})
        // A handler that does not await it must not end the process with its refusal.
        spawned.catch(() => {})
        return spawned
      },
      log: {
        debug: (given, message) => log.debug(detailsOf(task, given), message),
        info: (given, message) => log.info(detailsOf(task, given), message),
        warn: (given, message) => log.warn(detailsOf(task, given), message),
        error: (given, message) => log.error(detailsOf(task, given), message),
      },
      taskId: task.taskId,
      groupId: task.groupId,
      attempt: task.attempt,
    }
  }

  /** Progress that is none is an error of the task, even when its handler catches what this throws. */
  #progress(run: Run, value: unknown): void {
    if (!run.live) return
    const outcome = progressOf(value, this.#parts.callsFolder)
    if ('progress' in outcome) {
      run.progress ??= this.#progressWriter(run.task)
      run.progress.write(outcome.progress)
    } else {
      run.spoiled ??= outcome.failure
      throw new TypeError(outcome.failure.error.description)
    }
  }

  #progressWriter({ taskId, attempt }: Task): ProgressWriter {
    return new ProgressWriter(this.#parts.clock, progress =>
      this.#tell({ type: 'task.progressed', taskId, attempt, progress }),
    )
  }

  async #spawn(
    run: Run,
    child: Call | string,
    args: unknown,
    options: SpawnOptions,
  ): Promise<string> {
    const { engine, registry } = this.#parts
    const { taskId: parentId, attempt, principal } = run.task
    const call = registry.get(child)
    const request: CallRequest = { call, args, ...options }
    const spec = specOf(call, request, [], principal)
    if (!run.live) throw new UnavailableError('a run that has ended cannot spawn')
    const reply = await engine.sendReliably({ type: 'task.spawn', parentId, attempt, spec })
    if (reply.outcome !== 'submitted') throw refusal(reply)
    return reply.tasks[0]?.taskId as string
  }

  #timeOut(run: Run): void {
    if (run.stopping !== null || !run.live) return
    run.stopping = 'timeout'
    // The signal follows when the store knows: the effect of this command aborts.
    this.#tell({ type: 'task.timed_out', taskId: run.task.taskId, attempt: run.task.attempt })
  }

  #stop(run: Run, cause: StopCause): void {
    // A cancellation overrules a timeout; the first of any other two stands.
    if (run.stopping === null || cause === 'cancel') run.stopping = cause
    if (run.controller.signal.aborted) return
    run.controller.abort(
      new DOMException(reasons[cause], cause === 'timeout' ? 'TimeoutError' : 'AbortError'),
    )
    if (cause === 'shutdown') return
    const { unresponsiveAfterMs, clock, log } = this.#parts
    run.timers.push(
      clock.after(unresponsiveAfterMs, () => {
        const { taskId, attempt, call } = run.task
        const description = `the handler was asked to stop (${cause}) more than ${unresponsiveAfterMs} ms ago and has not; it keeps its reservations until it ends`
        log.warn({ taskId, attempt, call }, description)
        this.#tell({
          type: 'task.unresponsive',
          taskId,
          attempt,
          failure: failure('RCL0020', description),
        })
      }),
    )
  }

  #returned(run: Run, returned: unknown): void {
    const { taskId, attempt } = run.task
    const outcome = resultOf(returned, this.#parts.callsFolder)
    if (run.stopping === 'timeout') this.#ended(run, null)
    else if ('failure' in outcome) this.#ended(run, outcome.failure)
    else if (run.spoiled !== null) this.#ended(run, run.spoiled)
    else {
      const { result, location } = outcome
      this.#finish(run, { type: 'task.succeeded', taskId, attempt, result, location })
    }
  }

  /** The handler threw, or its result is no result. */
  #ended(run: Run, thrown: Failure | null): void {
    const { task, call, stopping } = run
    const { taskId, attempt } = task
    if (stopping === 'shutdown') {
      const description =
        'the process was stopped while the call ran, and the call asks not to be run again then'
      const rerun = call.onInterrupted === 'rerun'
      this.#finish(run, {
        type: 'task.interrupted',
        taskId,
        attempt,
        crashed: false,
        rerun,
        failure: failure('RCL0018', description),
      })
      return
    }
    const timedOut = failure(
      'RCL0017',
      `the call ran longer than its timeout of ${call.timeoutMs} ms`,
    )
    const reason = stopping === 'timeout' || thrown === null ? timedOut : (run.spoiled ?? thrown)
    const { clock, random } = this.#parts
    const delayMs =
      call.retry === null
        ? null
        : retryDelayMs(call.retry, task.failedAttempts + 1, random.draw01())
    const retryAtMs = delayMs === null ? null : clock.nowMs() + delayMs
    this.#finish(run, { type: 'task.failed', taskId, attempt, failure: reason, retryAtMs })
  }

  #finish(run: Run, report: Report): void {
    run.live = false
    for (const cancel of run.timers) cancel()
    run.progress?.flush()
    this.#runs.delete(run)
    this.#parts.engine.tell(report, this.#endNotTaken)
    if (this.#runs.size > 0) return
    for (const settled of this.#idle.splice(0)) settled()
  }

  /** A report that broke an assertion would leave its task running for ever: it ends in error instead. */
  readonly #endNotTaken = (error: unknown, report: Report): void => {
    this.#notTaken(error, report)
    if (error instanceof UnavailableError) return
    const { taskId, attempt } = report
    const internal = failure('RCL0021', 'internal error; the log of the server has the details')
    this.#tell({ type: 'task.failed', taskId, attempt, failure: internal, retryAtMs: null })
  }

  #tell(report: Report): void {
    this.#parts.engine.tell(report, this.#notTaken)
  }

  readonly #notTaken = (error: unknown, { type, taskId, attempt }: Report): void => {
    this.#parts.log.error({ err: error, taskId, attempt, report: type }, 'a report was not taken')
  }
}

/** What a handler's message is about. */
function detailsOf({ taskId, groupId, attempt, call }: Task, given: object): object {
  return { taskId, groupId, attempt, call, ...given }
}

/** The arguments for a handler, which may do with them what it likes. */
function argsFor({ args }: Task): JsonObject {
  return (copyOfPlainJson(args) as JsonObject | undefined) ?? structuredClone(args)
}

const reasons: Record<StopCause, string> = {
  cancel: 'the task was cancelled',
  timeout: 'the task ran longer than its timeout',
  shutdown: 'the process is stopping',
}
