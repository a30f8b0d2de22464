// The library's face: what a program or a route asks of the engine, in the words of the contract.
// Requests become validated commands here, and refusals become errors.
import { hostname } from 'node:os'
import {
  type CallReport,
  callReport,
  type Group,
  type Hrefs,
  hrefs,
  isFinal,
  type Json,
  type StateSummary,
  stateSummary,
  type Task,
  type TaskSpec,
} from '../machines/index.ts'
import { type CallRequest, type Log, Registry } from './calls.ts'
import { Horizon } from './committed-cache.ts'
import { CONCURRENCY } from './concurrency.ts'
import type { Commit } from './decisions.ts'
import { Engine } from './engine.ts'
import { GroupStateError, KeyReusedError, NotCancellableError, NotFoundError } from './errors.ts'
import { Feed } from './feed.ts'
import { exportGroup } from './history/export.ts'
import { type Inspect, inspectCommits } from './inspection/observer.ts'
import { type Clock, type Ids, type Random, systemClock, systemIds, systemRandom } from './ports.ts'
import { recover } from './recovery.ts'
import { RenderedReports } from './rendered.ts'
import { Runner } from './runner.ts'
import type { Store, TaskQuery } from './store/store.ts'
import { idempotencyOf, type SubmitOptions, type Submitted } from './submission.ts'
import { type GroupRequest, Submitter } from './submitter.ts'
import { Timers } from './timers.ts'
import { until, type Watch } from './watch.ts'

export interface RollcallOptions {
  /** What `defineCall` returned. */
  calls: readonly unknown[]
  store: Store
  /** Handlers that run at once; default 100. */
  concurrency?: number
  /** Prefix of the paths in reports; default `/pulp/api`. */
  mount?: string
  /** Folder that file paths in tracebacks are given relative to; default the working directory. */
  callsFolder?: string
  /** Shown as `worker_name`; default host and process id. */
  worker?: string
  /** When a handler that was asked to stop and has not is reported, in ms; default 10 000. */
  unresponsiveAfterMs?: number
  /** Rows that one step of a fan-out or a cascade takes at most; default 256. */
  sliceLimit?: number
  /** Told of every task and group in the shape of XState's inspection events, after each commit. */
  inspect?: Inspect
  log?: Log
  clock?: Clock
  ids?: Ids
  random?: Random
}

/** How long interrupted handlers get to stop when the process ends, in ms. */
const INTERRUPT_MS = 1_000

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

export class Rollcall {
  readonly registry: Registry
  readonly hrefs: Hrefs
  readonly engine: Engine
  readonly store: Store
  /** What happens, for whoever follows it. */
  readonly feed: Feed
  /** Reports as they are sent, for whoever serves polls. */
  readonly rendered: RenderedReports
  readonly #horizon = new Horizon()
  readonly #runner: Runner
  readonly #submitter: Submitter
  readonly #timers: Timers
  readonly #clock: Clock
  readonly #log: Log
  readonly #ready: Promise<void>
  #isReady = false
  readonly #stopping = new AbortController()
  readonly #stopped = new AbortController()
  readonly #waits = new Set<Promise<unknown>>()
  #closed: Promise<void> | null = null

  constructor(options: RollcallOptions) {
    const { store, clock = systemClock, log = silent } = options
    this.registry = new Registry(options.calls)
    this.hrefs = hrefs(options.mount ?? '/pulp/api')
    this.store = store
    this.#clock = clock
    this.#log = log
    const { ids = systemIds, sliceLimit } = options
    this.engine = new Engine({ store, clock, ids, sliceLimit })
    this.rendered = new RenderedReports({
      source: {
        task: taskId => this.task(taskId),
        group: groupId => this.group(groupId),
        members: groupId => this.#tasks({ groupId }),
      },
      hrefs: this.hrefs,
      clock,
      horizon: this.#horizon,
    })
    // Before anybody else who looks again after a commit.
    this.engine.subscribe(commit => this.rendered.take(commit))
    this.feed = new Feed({ engine: this.engine, store, clock })
    if (options.inspect !== undefined) inspectCommits(this.engine, options.inspect, log)
    this.#timers = new Timers({ engine: this.engine, store, clock, log })
    this.#runner = new Runner({
      engine: this.engine,
      registry: this.registry,
      clock,
      random: options.random ?? systemRandom,
      log,
      worker: options.worker ?? `${hostname()}:${process.pid}`,
      concurrency: options.concurrency ?? CONCURRENCY,
      callsFolder: options.callsFolder ?? process.cwd(),
      unresponsiveAfterMs: options.unresponsiveAfterMs ?? 10_000,
    })
    this.#submitter = new Submitter({ engine: this.engine, registry: this.registry, store, clock })
    this.#ready = this.#start()
    // Reported to whoever awaits `ready` or calls a method; not as an unhandled rejection besides.
    this.#ready.catch(() => {})
  }

  async #start(): Promise<void> {
    await this.store.open()
    const interrupted = await recover(this.engine, this.store, this.registry)
    if (interrupted > 0)
      this.#log.warn(
        { interrupted },
        'attempts had been interrupted by the end of the last process',
      )
    for (const { call, count } of await this.store.unfinishedCalls()) {
      if (this.registry.find(call) === undefined) {
        this.#log.warn(
          { call, count },
          'unfinished tasks need a call that is not registered; they will end in error',
        )
      }
    }
    await this.#timers.start()
    this.#horizon.tell(await this.store.rev())
    this.engine.attach(this.#runner)
    this.#isReady = true
  }

  /** Resolves when the store is open and what a crash left has been taken up; rejects when it cannot be. */
  ready(): Promise<void> {
    return this.#ready
  }

  /**
   * Submits one task; resolves once it is on disk.
   *
   * @throws {BadRequestError | UnknownCallError | BadDependencyError} The request is malformed.
   * @throws {RejectedError} It can never be served; `reasons` says why.
   */
  submit(request: CallRequest, options: SubmitOptions = {}): Promise<Submitted> {
    // What is ready is not waited for: a turn or two for each request of many.
    return this.#isReady
      ? this.#submitter.submit(request, options)
      : this.#ready.then(() => this.#submitter.submit(request, options))
  }

  /** Submits a group, whole or not at all. */
  async submitGroup(
    request: GroupRequest,
    options: SubmitOptions = {},
  ): Promise<Submitted & { groupId: string }> {
    await this.#ready
    return this.#submitter.submitGroup(request, options)
  }

  /** Adds calls to a group that was submitted open. */
  async addToGroup(
    groupId: string,
    calls: CallRequest[],
    options: SubmitOptions = {},
  ): Promise<Submitted> {
    await this.#ready
    return this.#submitter.addToGroup(groupId, calls, options)
  }

  /** Keeps what a synchronous call answered first, for later requests with the same key. */
  async rememberAnswer(key: string, answer: Json): Promise<void> {
    await this.engine.sendReliably({ type: 'idempotency.answered', key, answer })
  }

  /** @throws {NotFoundError} No task has that id. */
  async task(taskId: string): Promise<Task> {
    await this.#ready
    const task = await this.store.task(taskId)
    if (task === null) {
      // What nobody finds may be of a deletion that listeners have not been told of.
      this.#horizon.see(await this.store.rev())
      throw new NotFoundError(`no task has the id ${taskId}`)
    }
    this.#horizon.see(task.rev)
    return task
  }

  /** @throws {NotFoundError} No group has that id. */
  async group(groupId: string): Promise<Group> {
    await this.#ready
    const group = await this.store.group(groupId)
    if (group === null) {
      this.#horizon.see(await this.store.rev())
      throw new NotFoundError(`no task group has the id ${groupId}`)
    }
    this.#horizon.see(group.rev)
    return group
  }

  /** The call report of one task. @throws {NotFoundError} No task has that id. */
  async report(taskId: string): Promise<CallReport> {
    return callReport(await this.task(taskId), this.hrefs)
  }

  /** Call reports in submission order, a page of rows in memory at a time. */
  async *reports(query: TaskQuery = {}): AsyncGenerator<CallReport> {
    await this.#ready
    const within = query.groupId === undefined ? 'tasks' : 'group'
    for await (const task of this.#tasks(query)) yield callReport(task, this.hrefs, within)
  }

  async *#tasks(query: TaskQuery): AsyncGenerator<Task> {
    for await (const task of this.store.tasks(query)) {
      this.#horizon.see(task.rev)
      yield task
    }
  }

  /** The number of the last committed change. */
  async rev(): Promise<number> {
    await this.#ready
    const rev = await this.store.rev()
    this.#horizon.see(rev)
    return rev
  }

  /** Counts of a group's tasks by state. @throws {NotFoundError} No group has that id. */
  async summary(groupId: string): Promise<StateSummary> {
    return stateSummary(await this.group(groupId))
  }

  /**
   * Cancels a task; one that is final already stays as it is.
   *
   * @throws {NotFoundError} No task has that id.
   * @throws {NotCancellableError} It runs, and its call is not cancellable.
   */
  async cancel(taskId: string): Promise<void> {
    await this.#ready
    const { outcome } = await this.engine.send({ type: 'task.cancel', taskId })
    if (outcome === 'missing') throw new NotFoundError(`no task has the id ${taskId}`)
    if (outcome === 'not_cancellable') {
      throw new NotCancellableError(`task ${taskId} is running, and its call cannot be cancelled`)
    }
  }

  /**
   * Cancels every unfinished task of a group; resolves when all that had not started are cancelled.
   *
   * @throws {NotFoundError} No group has that id.
   * @throws {NotCancellableError} It has unfinished tasks, and not one can be cancelled.
   */
  async cancelGroup(groupId: string): Promise<void> {
    await this.#ready
    const { outcome } = await this.engine.send({ type: 'group.cancel', groupId })
    if (outcome === 'missing') throw new NotFoundError(`no task group has the id ${groupId}`)
    if (outcome === 'not_cancellable') {
      throw new NotCancellableError(
        `not one unfinished task of the group ${groupId} can be cancelled`,
      )
    }
  }

  /** Suspends, resumes or closes a group. @throws {GroupStateError} Its state does not allow it. */
  async changeGroup(
    groupId: string,
    change: 'suspend' | 'resume' | 'close',
    options: SubmitOptions = {},
  ): Promise<void> {
    await this.#ready
    const { outcome, value } = await this.engine.send({
      type: `group.${change}`,
      groupId,
      idempotency: idempotencyOf(options),
    })
    if (outcome === 'key_reused') throw new KeyReusedError(options.idempotency?.key ?? '')
    if (outcome === 'missing') throw new NotFoundError(`no task group has the id ${groupId}`)
    if (outcome === 'not_handled') {
      throw new GroupStateError(
        `the group ${groupId} is ${value?.replace('.', ' and ')}: it cannot ${change}`,
      )
    }
  }

  /** Deletes the reports of final tasks in the given states. */
  async purge(states: TaskSpec['dependsOn'][number]['states']): Promise<void> {
    await this.#ready
    await this.engine.send({ type: 'tasks.purge', states })
  }

  /** The lines of a group's history file. @throws {NotFoundError} No group has that id. */
  async *exportGroup(groupId: string): AsyncGenerator<string> {
    await this.#ready
    yield* exportGroup(this.store, groupId, this.#clock.nowMs())
  }

  /** Calls `listener` after each commit with what changed; the answer ends it. */
  subscribe(listener: (commit: Commit) => void): () => void {
    return this.engine.subscribe(listener)
  }

  /** Resolves with what `read` gives once `done` holds of it, or with what it gives when time is up. */
  async until<T>(watch: Watch<T>): Promise<T> {
    const signals = [this.#stopped.signal, ...(watch.signal === undefined ? [] : [watch.signal])]
    const wait = until(this.engine, this.#clock, { ...watch, signal: AbortSignal.any(signals) })
    this.#waits.add(wait)
    try {
      return await wait
    } finally {
      this.#waits.delete(wait)
    }
  }

  /** Resolves with the task when it has ended, or as it is after `timeoutMs`. */
  async ended(taskId: string, timeoutMs: number, signal?: AbortSignal): Promise<Task> {
    await this.#ready
    return this.until({
      read: () => this.task(taskId),
      done: task => isFinal(task.value),
      concerns: ({ tasks }) => tasks.has(taskId),
      timeoutMs,
      ...(signal === undefined ? {} : { signal }),
    })
  }

  /** The clock that it goes by. */
  get clock(): Clock {
    return this.#clock
  }

  /** Handlers that may run at once in this process, and how many do. */
  get slots(): { total: number; busy: number } {
    return { total: this.#runner.concurrency, busy: this.#runner.runningCount }
  }

  /** Aborted as soon as no more work is taken. */
  get stopping(): AbortSignal {
    return this.#stopping.signal
  }

  /** Refuses further work and starts nothing more; what runs goes on. */
  stopTakingWork(): void {
    this.engine.refuse('the server is shutting down')
    this.#stopping.abort()
    this.#runner.pause()
    this.#timers.stop()
  }

  /**
   * Stops taking work, lets running tasks end for `graceMs`, then interrupts them, and closes the store.
   * A handler that does not stop within a second after that is left to the next start's recovery.
   */
  close(graceMs = 0): Promise<void> {
    this.#closed ??= this.#close(graceMs)
    return this.#closed
  }

  async #close(graceMs: number): Promise<void> {
    await this.#ready.catch(() => {})
    this.stopTakingWork()
    if (!(await this.#runner.settle(graceMs))) {
      this.#runner.interrupt()
      if (!(await this.#runner.settle(INTERRUPT_MS))) {
        this.#log.warn(
          { running: this.#runner.runningCount },
          'handlers did not stop; the next start takes them up',
        )
      }
    }
    await this.engine.drain()
    // Whoever waits looks at the store a last time.
    this.#stopped.abort()
    this.feed.close()
    await Promise.allSettled(this.#waits)
    await this.store.close()
  }
}
