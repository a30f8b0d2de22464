// An independent model of CONTRACT §3, written from its text: plain arrays, brute force, no cleverness.
// What it calls a cascade is everything that one command means, decided first come, first served.
import type { FinalState, ResourceUse } from '../../machines/index.ts'
import {
  isEnded,
  isLive,
  isPending,
  judge,
  type ModelGroup,
  type ModelSpec,
  type ModelTask,
  runOrder,
  type Submission,
  sameResource,
  unborn,
  verdict,
} from './rules.ts'

const RETRY_MS = 1_000
const RERUNS = 5
export class Model {
  readonly tasks: ModelTask[] = []
  readonly groups: ModelGroup[] = []
  nowMs: number
  readonly #concurrency: number
  #places = 0
  #cascade: (() => void)[] = []

  constructor(concurrency: number, nowMs: number) {
    this.#concurrency = concurrency
    this.nowMs = nowMs
  }

  get running(): ModelTask[] {
    return this.tasks.filter(isLive)
  }

  isSettled(group: ModelGroup): boolean {
    return (!group.open || group.canceled) && group.members.every(isEnded)
  }

  /** Admits all of the specs or none, to a group that exists or to none; the ids come from outside. */
  submit(specs: ModelSpec[], group: ModelGroup | null, ids: () => string[]): Submission {
    const order = runOrder(specs)
    if (order === null) return { outcome: 'invalid' }
    const tasks = specs.map(spec => unborn(spec, group))
    for (const task of tasks) {
      for (const { on, states } of task.spec.dependsOn) {
        const dependency = typeof on === 'number' ? (tasks[on] as ModelTask) : on
        task.dependsOn.push({ task: dependency, states })
      }
    }

    const earlier = this.#queue()
    for (const index of order) {
      const task = tasks[index] as ModelTask
      const { startAfterMs, uses } = task.spec
      if (startAfterMs !== null && startAfterMs > this.nowMs) {
        task.wakeAtMs = startAfterMs
        task.heldBy.add('time')
      }
      for (const { task: dependency } of task.dependsOn) {
        if (isEnded(dependency)) continue
        task.awaits.add(dependency)
        if (dependency.place === null) task.heldBy.add(dependency)
      }
      if (task.heldBy.size > 0) continue
      const { response, reasons } = judge(uses, earlier)
      if (response === 'rejected') return { outcome: 'rejected', member: index, reasons }
      this.#takePlace(task, response, reasons)
      earlier.push(task)
    }

    for (const [nth, id] of ids().entries()) (tasks[nth] as ModelTask).id = id
    this.tasks.push(...tasks)
    group?.members.push(...tasks)
    if (group?.suspended) for (const task of tasks) task.state = 'suspended'
    for (const index of order) this.#skipAtOnce(tasks[index] as ModelTask)
    this.settle()
    return { outcome: 'submitted', group, tasks }
  }

  spawn(parent: ModelTask, spec: ModelSpec, ids: () => string[]): Submission {
    if (parent.state !== 'executing' || parent.group?.canceled) return { outcome: 'refused' }
    const submission = this.submit([spec], parent.group, ids)
    if (submission.outcome === 'submitted') parent.children.push(...submission.tasks)
    return submission
  }

  /** @returns Whether the task could be cancelled, or had ended. */
  cancel(task: ModelTask): boolean {
    const possible = isEnded(task) || isPending(task) || task.spec.policy.cancellable
    this.#cancel(task)
    this.settle()
    return possible
  }

  cancelGroup(group: ModelGroup): boolean {
    if (this.isSettled(group)) return true
    const unfinished = group.members.filter(each => !isEnded(each))
    const possible = unfinished.some(each => isPending(each) || each.spec.policy.cancellable)
    if (unfinished.length > 0 && !possible) return false
    this.#cancelMembers(group)
    this.settle()
    return true
  }

  suspend(group: ModelGroup): boolean {
    if (group.canceled || this.isSettled(group)) return false
    group.suspended = true
    for (const each of group.members) if (each.state === 'waiting') each.state = 'suspended'
    return true
  }

  resume(group: ModelGroup): boolean {
    if (group.canceled || this.isSettled(group)) return false
    group.suspended = false
    for (const each of group.members) if (each.state === 'suspended') each.state = 'waiting'
    this.settle()
    return true
  }

  close(group: ModelGroup): boolean {
    if (!group.open || group.canceled) return false
    group.open = false
    return true
  }

  /** The handler returned. */
  complete(task: ModelTask): void {
    if (task.state === 'executing') this.#end(task, 'finished')
    else if (task.stopCause === 'cancel') this.#end(task, 'canceled')
    else this.#fail(task)
    this.settle()
  }

  /** The handler threw. */
  fail(task: ModelTask): void {
    if (task.stopCause === 'cancel') this.#end(task, 'canceled')
    else this.#fail(task)
    this.settle()
  }

  advance(ms: number): void {
    const untilMs = this.nowMs + ms
    for (;;) {
      const times = this.tasks.flatMap(task => {
        const timeoutMs = task.state === 'executing' ? task.spec.policy.timeoutMs : null
        return [
          ...(task.wakeAtMs === null ? [] : [task.wakeAtMs]),
          ...(timeoutMs === null ? [] : [task.startedMs + timeoutMs]),
        ]
      })
      const nextMs = Math.min(...times)
      if (nextMs > untilMs) break
      this.nowMs = nextMs
      this.#timeOut()
      this.#wake()
      this.settle()
    }
    this.nowMs = untilMs
  }

  /** The process died, and another one took up what it left. */
  crash(): void {
    for (const task of this.running) {
      const { policy } = task.spec
      if (task.stopCause === 'cancel') this.#end(task, 'canceled')
      else if (policy.rerun && task.crashes < RERUNS) {
        task.crashes += 1
        this.#again(task, null)
      } else this.#end(task, 'error')
      this.#runCascade()
    }
    this.settle()
  }

  /** Runs the cascade to its end, then fills the free slots. */
  settle(): void {
    this.#runCascade()
    while (this.running.length < this.#concurrency) {
      const ready = this.tasks.filter(each => this.#isReady(each))
      const [next] = ready.sort(
        (a, b) => b.spec.priority - a.spec.priority || (a.place as number) - (b.place as number),
      )
      if (next === undefined) break
      next.state = 'executing'
      next.startedMs = this.nowMs
    }
  }

  /** Those that hold a place, in the order of their places. */
  #queue(): ModelTask[] {
    return this.tasks
      .filter(each => each.place !== null && !isEnded(each))
      .sort((a, b) => (a.place as number) - (b.place as number))
  }

  #before(task: ModelTask): ModelTask[] {
    return this.#queue().filter(each => (each.place as number) < (task.place as number))
  }

  #isReady(task: ModelTask): boolean {
    if (task.state !== 'waiting' || task.place === null || task.wakeAtMs !== null) return false
    if (task.awaits.size > 0) return false
    return this.#before(task).every(each =>
      each.spec.uses.every(theirs => task.spec.uses.every(own => verdict(theirs, own) === 'A')),
    )
  }

  #runCascade(): void {
    for (let next = this.#cascade.shift(); next !== undefined; next = this.#cascade.shift()) next()
  }

  #takePlace(task: ModelTask, response: 'accepted' | 'postponed', reasons: ResourceUse[]): void {
    this.#places += 1
    task.place = this.#places
    task.response = response
    task.reasons = reasons
  }

  #skipAtOnce(task: ModelTask): void {
    const failures: ModelTask['failures'] = {}
    for (const { task: dependency, states } of task.dependsOn) {
      const actual = dependency.state as FinalState
      if (isEnded(dependency) && !states.includes(actual)) {
        failures[dependency.id] = { expected: states, actual }
      }
    }
    if (Object.keys(failures).length > 0) this.#cascade.push(() => this.#skip(task, failures))
  }

  #skip(task: ModelTask, failures: ModelTask['failures']): void {
    if (isEnded(task)) return
    task.failures = failures
    this.#end(task, 'skipped')
  }

  #cancel(task: ModelTask): void {
    if (isEnded(task)) return
    if (isPending(task)) this.#end(task, 'canceled')
    else if (!task.spec.policy.cancellable) return
    else {
      task.state = 'cancelling'
      task.stopCause = 'cancel'
    }
    for (const child of task.children) this.#cascade.push(() => this.#cancel(child))
  }

  #cancelMembers(group: ModelGroup): void {
    group.canceled = true
    this.#cascade.push(() => {
      for (const each of group.members.toReversed()) {
        if (isLive(each)) this.#cascade.push(() => this.#cancel(each))
      }
    })
    this.#cascade.push(() => {
      const pending = group.members.toReversed().filter(isPending)
      // At once, but for those that have children, of which each has a step of its own.
      for (const each of pending)
        if (each.children.length > 0) this.#cascade.push(() => this.#cancel(each))
      for (const each of pending) if (each.children.length === 0) this.#cancel(each)
    })
  }

  #end(task: ModelTask, state: FinalState): void {
    const neverRan = isPending(task)
    const queueBefore = this.#queue()
    task.state = state
    task.wakeAtMs = null
    if (neverRan && task.place !== null) this.#judgeAgain(task, queueBefore)
    const { group } = task
    if (state === 'error' && group?.onFailure === 'cancel' && !group.canceled) {
      this.#cancelMembers(group)
    }
    this.#cascade.push(() => this.#tellDependants(task, state))
  }

  /**
   * Those behind a task that left before it ran. Who has a reason less, or reasons in another order,
   * must be told at once; the others may keep what they were told, or be judged afresh.
   */
  #judgeAgain(left: ModelTask, queueBefore: ModelTask[]): void {
    for (const each of this.#queue()) {
      if (!isPending(each) || (each.place as number) < (left.place as number)) continue
      if (!each.spec.uses.some(own => left.spec.uses.some(theirs => sameResource(own, theirs))))
        continue
      const { uses } = each.spec
      const before = judge(uses, queueBefore.slice(0, queueBefore.indexOf(each)))
      const { response, reasons } = judge(uses, this.#before(each))
      if (response === 'rejected') throw new Error(`${each.id} is rejected while it waits`)
      if (JSON.stringify(before.reasons) === JSON.stringify(reasons)) {
        each.afresh = { response, reasons }
      } else {
        each.response = response
        each.reasons = reasons
        each.afresh = null
      }
    }
  }

  #tellDependants(ended: ModelTask, state: FinalState): void {
    for (const task of this.tasks) {
      if (!task.awaits.delete(ended) || isEnded(task)) continue
      const states = task.dependsOn.find(each => each.task === ended)?.states ?? []
      if (!states.includes(state)) {
        const failures = { [ended.id]: { expected: states, actual: state } }
        // In a group that is being cancelled, every member that has not started is cancelled.
        this.#cascade.push(() =>
          task.group?.canceled ? this.#cancel(task) : this.#skip(task, failures),
        )
      } else if (task.heldBy.delete(ended)) this.#placeWhenFree(task)
    }
  }

  #placeWhenFree(task: ModelTask): void {
    if (task.heldBy.size === 0) this.#cascade.push(() => this.#place(task))
  }

  #place(task: ModelTask): void {
    if (isEnded(task)) return
    const { response, reasons } = judge(task.spec.uses, this.#queue())
    if (response === 'rejected') {
      task.rejectedBy = reasons
      this.#end(task, 'error')
      return
    }
    this.#takePlace(task, response, reasons)
    this.#cascade.push(() => {
      for (const each of this.tasks) {
        if (!isEnded(each) && each.heldBy.delete(task)) this.#placeWhenFree(each)
      }
    })
  }

  #fail(task: ModelTask): void {
    const failed = task.attempt - task.crashes
    if (failed <= task.spec.policy.retries) this.#again(task, this.nowMs + RETRY_MS)
    else this.#end(task, 'error')
  }

  #again(task: ModelTask, wakeAtMs: number | null): void {
    task.state = task.group?.suspended && !task.group.canceled ? 'suspended' : 'waiting'
    task.attempt += 1
    task.stopCause = null
    task.wakeAtMs = wakeAtMs
    if (task.group?.canceled) this.#cascade.push(() => this.#cancel(task))
  }

  #timeOut(): void {
    for (const task of this.tasks) {
      const { timeoutMs } = task.spec.policy
      if (task.state !== 'executing' || timeoutMs === null) continue
      if (task.startedMs + timeoutMs > this.nowMs) continue
      task.state = 'cancelling'
      task.stopCause = 'timeout'
    }
  }

  #wake(): void {
    const due = this.tasks
      .filter(each => each.wakeAtMs !== null && each.wakeAtMs <= this.nowMs)
      .sort((a, b) => (a.wakeAtMs as number) - (b.wakeAtMs as number))
    for (const task of due) {
      this.#cascade.push(() => {
        task.wakeAtMs = null
        if (task.heldBy.delete('time')) this.#placeWhenFree(task)
      })
    }
  }
}
