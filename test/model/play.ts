// Takes each step of a history on the real engine and on the model, and compares all that a client can
// see, and all that runs, after it.
import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import type { CallReport, TaskState } from '../../machines/index.ts'
import { type Call, type CallRequest, defineCall } from '../../server/calls.ts'
import { type RejectedError, RollcallError } from '../../server/errors.ts'
import { Rollcall } from '../../server/rollcall.ts'
import type { Store } from '../../server/store/store.ts'
import { FaultyStore } from '../../server/testing/faulty-store.ts'
import { countedIds, seededRandom } from '../../server/testing/repeatable.ts'
import { quiet, VirtualClock } from '../../server/testing/virtual-clock.ts'
import { Script } from '../engine/world.ts'
import { type History, POLICIES, type Step, type TaskDraw } from './history.ts'
import { Model } from './model.ts'
import {
  isEnded,
  isLive,
  type ModelGroup,
  type ModelSpec,
  type ModelState,
  type ModelTask,
  type Submission,
  verdict,
} from './rules.ts'

function onWire(state: ModelState): TaskState {
  return state === 'executing' || state === 'cancelling' ? 'running' : state
}

/** Runs a history against the engine on an empty store and the model at once; throws where they part. */
export async function play({ concurrency, steps }: History, store: Store): Promise<void> {
  const run = new Play(concurrency, store)
  await run.start()
  for (const each of steps) {
    await run.take(each)
    await run.compare()
  }
  await run.endAll()
  await run.close()
}

class Play {
  readonly #concurrency: number
  readonly #clock = new VirtualClock()
  readonly #ids = countedIds()
  readonly #script = new Script()
  readonly #model: Model
  readonly #calls: Call[]
  readonly #ended = new Map<string, string>()
  #store: FaultyStore
  #rollcall!: Rollcall

  constructor(concurrency: number, store: Store) {
    this.#concurrency = concurrency
    this.#store = new FaultyStore(store)
    this.#model = new Model(concurrency, this.#clock.nowMs())
    this.#calls = Object.entries(POLICIES).map(([name, policy]) =>
      defineCall({
        name,
        cancellable: policy.cancellable,
        onInterrupted: policy.rerun ? 'rerun' : 'fail',
        ...(policy.timeoutMs === null ? {} : { timeoutMs: policy.timeoutMs }),
        retry: { limit: policy.retries, delayMs: 1_000, backoff: 'fixed' },
        run: this.#script.run,
      }),
    )
  }

  async start(): Promise<void> {
    this.#rollcall = new Rollcall({
      calls: this.#calls,
      store: this.#store,
      concurrency: this.#concurrency,
      clock: this.#clock,
      ids: this.#ids,
      random: seededRandom(1),
      worker: 'w1',
    })
    await this.#rollcall.ready()
    await this.#rest()
  }

  async take(step: Step): Promise<void> {
    const model = this.#model
    switch (step.type) {
      case 'submit': {
        const [request, spec] = this.#request(step.task, [])
        const sent = this.#rollcall.submit(request)
        await this.#submitted(sent, ids => model.submit([spec], null, ids))
        return
      }
      case 'submit group': {
        const group: ModelGroup = {
          id: '',
          open: step.open,
          suspended: false,
          canceled: false,
          onFailure: step.onFailure,
          members: [],
        }
        const [requests, specs] = this.#requests(step.tasks)
        const sent = this.#rollcall.submitGroup({
          calls: requests,
          on_failure: step.onFailure,
          open: step.open,
        })
        const submission = await this.#submitted(sent, ids => model.submit(specs, group, ids))
        if (submission.outcome !== 'submitted') return
        group.id = (await sent).groupId
        model.groups.push(group)
        return
      }
      case 'add': {
        const group = pick(model.groups, step.group)
        if (group === undefined) return
        const refused = !group.open || group.canceled
        const [requests, specs] = this.#requests(step.tasks)
        const sent = this.#rollcall.addToGroup(group.id, requests)
        await this.#submitted(sent, ids =>
          refused ? { outcome: 'refused' } : model.submit(specs, group, ids),
        )
        return
      }
      case 'spawn': {
        const parent = pick(model.running, step.running)
        if (parent === undefined) return
        const { uses, priority } = step
        const { context } = await this.#script.of(parent.id)
        const spec: ModelSpec = {
          policy: POLICIES.plain,
          uses,
          dependsOn: [],
          priority,
          startAfterMs: null,
        }
        const sent = context.spawn('plain', {}, { resources: uses, priority })
        const taskIds = sent.then(taskId => ({ taskIds: [taskId] }))
        await this.#submitted(taskIds, ids => model.spawn(parent, spec, ids))
        return
      }
      case 'cancel': {
        const task = pick(model.tasks, step.task)
        if (task === undefined) return
        const said = await code(this.#rollcall.cancel(task.id))
        assert.equal(said, model.cancel(task) ? null : 'RCL0012')
        return
      }
      case 'cancel group': {
        const group = pick(model.groups, step.group)
        if (group === undefined) return
        const said = await code(this.#rollcall.cancelGroup(group.id))
        assert.equal(said, model.cancelGroup(group) ? null : 'RCL0012')
        return
      }
      case 'suspend':
      case 'resume':
      case 'close': {
        const group = pick(model.groups, step.group)
        if (group === undefined) return
        const said = await code(this.#rollcall.changeGroup(group.id, step.type))
        assert.equal(said, model[step.type](group) ? null : 'RCL0010')
        return
      }
      case 'complete':
      case 'fail': {
        const task = pick(model.running, step.running)
        if (task === undefined) return
        const live = await this.#script.of(task.id)
        if (step.type === 'complete') live.succeed({ done: true })
        else live.fail(new Error('it broke'))
        model[step.type](task)
        return
      }
      case 'advance':
        await this.#clock.advance(step.seconds * 1_000, () => this.#rest())
        model.advance(step.seconds * 1_000)
        return
      case 'crash':
        this.#store = this.#store.reborn()
        this.#clock.forget()
        this.#script.forget()
        model.crash()
        await this.start()
        return
    }
  }

  /** Lets every handler return and time pass until nothing is left to do; everything must end. */
  async endAll(): Promise<void> {
    for (const [index, group] of this.#model.groups.entries()) {
      if (group.suspended && !group.canceled) await this.take({ type: 'resume', group: index })
    }
    for (let left = 1_000; this.#model.tasks.some(each => !isEnded(each)); left -= 1) {
      assert.ok(left > 0, 'a task never ends')
      const busy = this.#model.running.length > 0
      await this.take(busy ? { type: 'complete', running: 0 } : { type: 'advance', seconds: 1 })
      await this.compare()
    }
  }

  async close(): Promise<void> {
    const closing = this.#rollcall.close()
    await this.#clock.advance(2_000, quiet)
    await closing
  }

  /** Resolves when all that goes on by itself has gone on, also what a store's own thread takes part in. */
  async #rest(): Promise<void> {
    await quiet()
    if (this.#store.concurrency === undefined) return
    for (let seen = -1; ; ) {
      await this.#store.transaction(async () => {})
      const rev = await this.#store.rev()
      if (rev === seen) return
      seen = rev
      await quiet()
    }
  }

  /** Everything that a client can see, and everything that runs, as the model has it. */
  async compare(): Promise<void> {
    await this.#rest()
    const { tasks, groups, running } = this.#model
    for (const task of tasks) {
      const report = await this.#rollcall.report(task.id)
      const seen = JSON.stringify(report)
      const atItsEnd = this.#ended.get(task.id)
      if (atItsEnd !== undefined) {
        assert.equal(seen, atItsEnd, `${task.id} changed after its end`)
        continue
      }
      const { afresh } = task
      if (afresh !== null && isDeepStrictEqual(report.reasons, afresh.reasons))
        Object.assign(task, afresh)
      task.afresh = null
      assert.deepEqual(visible(report, task), expected(task))
      if (isEnded(task)) this.#ended.set(task.id, seen)
    }
    for (const group of groups) {
      const { total, accepted: _, ...counts } = await this.#rollcall.summary(group.id)
      const states = group.members.map(each => onWire(each.state))
      for (const [state, count] of Object.entries(counts)) {
        assert.equal(count, states.filter(each => each === state).length, `${group.id} ${state}`)
      }
      assert.equal(total, group.members.length)
    }
    const live = [...this.#script.live.keys()]
    assert.deepEqual(live.sort(), running.map(each => each.id).sort(), 'handlers that run')
    assertNoneConflict(tasks.filter(isLive))
  }

  #request(draw: TaskDraw, siblings: TaskDraw[]): [CallRequest, ModelSpec] {
    const dependsOn: ModelSpec['dependsOn'] = []
    for (const { sibling, on, states } of draw.dependsOn) {
      const target =
        sibling && siblings.length > 0 ? on % siblings.length : pick(this.#model.tasks, on)
      if (target === undefined || dependsOn.some(each => each.on === target)) continue
      dependsOn.push({ on: target, states })
    }
    const startAfterMs = draw.delayMs === 0 ? null : this.#model.nowMs + draw.delayMs
    const { call, uses, priority } = draw
    const request: CallRequest = {
      call,
      resources: uses,
      priority,
      depends_on: dependsOn.map(({ on, states }) => ({
        id: typeof on === 'number' ? `m${on}` : on.id,
        states,
      })),
      ...(siblings.length === 0 ? {} : { id: `m${siblings.indexOf(draw)}` }),
      ...(startAfterMs === null ? {} : { start_after: new Date(startAfterMs).toISOString() }),
    }
    return [request, { policy: POLICIES[call], uses, dependsOn, priority, startAfterMs }]
  }

  #requests(draws: TaskDraw[]): [CallRequest[], ModelSpec[]] {
    const both = draws.map(draw => this.#request(draw, draws))
    return [both.map(([request]) => request), both.map(([, spec]) => spec)]
  }

  async #submitted(
    sent: Promise<{ taskIds: string[] }>,
    expect: (ids: () => string[]) => Submission,
  ): Promise<Submission> {
    let taskIds: string[] = []
    let error: unknown = null
    await sent.then(
      submitted => (taskIds = submitted.taskIds),
      thrown => (error = thrown),
    )
    const submission = expect(() => taskIds)
    const said = error instanceof RollcallError ? error.code : error
    const expected = { submitted: null, rejected: 'RCL0009', invalid: 'RCL0004' } as const
    if (submission.outcome === 'refused')
      assert.ok(said === 'RCL0010' || said === 'RCL0014', `${said}`)
    else assert.equal(said, expected[submission.outcome])
    if (submission.outcome === 'rejected') {
      assert.deepEqual((error as unknown as RejectedError).reasons, submission.reasons)
    }
    return submission
  }
}

function visible(report: CallReport, task: ModelTask) {
  return {
    id: report.task_id,
    state: report.state,
    ...(endsBeforeItRuns(task) ? {} : { response: report.response, reasons: report.reasons }),
    failures: report.dependency_failures,
    attempt: report.attempt,
    spawned: report.spawned_tasks.map(each => each.task_id),
    rejectedBy: report.error?.code === 'RCL0009' ? report.error.data : null,
  }
}

function expected(task: ModelTask) {
  const { id, response, reasons, failures, attempt } = task
  return {
    id,
    state: onWire(task.state),
    ...(endsBeforeItRuns(task) ? {} : { response, reasons }),
    failures,
    attempt,
    spawned: task.children.map(each => each.id),
    rejectedBy: task.rejectedBy === null ? null : { reasons: task.rejectedBy },
  }
}

/** Whether those ahead of it that end by the same command still change its reasons is nobody's business. */
function endsBeforeItRuns({ state }: ModelTask): boolean {
  return state === 'canceled' || state === 'skipped'
}

function assertNoneConflict(live: ModelTask[]): void {
  const inOrder = live.toSorted((a, b) => (a.place as number) - (b.place as number))
  for (const [at, later] of inOrder.entries()) {
    for (const earlier of inOrder.slice(0, at)) {
      const fine = earlier.spec.uses.every(theirs =>
        later.spec.uses.every(own => verdict(theirs, own) === 'A'),
      )
      assert.ok(fine, `${later.id} runs beside ${earlier.id}`)
    }
  }
}

function pick<T>(all: readonly T[], draw: number): T | undefined {
  return all.length === 0 ? undefined : all[draw % all.length]
}

async function code(sent: Promise<unknown>): Promise<string | null> {
  try {
    await sent
    return null
  } catch (error) {
    if (error instanceof RollcallError) return error.code
    throw error
  }
}
