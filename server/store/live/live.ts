// What unfinished tasks wait for, in memory: the queues of resources, dependants, who is ready, when the
// clock wakes whom, and which members of a group are in which state. It holds ids; rows hold the rest, and
// from rows alone it can be made again.
import {
  type FinalState,
  isFinal,
  isReady,
  stateOf,
  type Task,
  type TaskState,
} from '../../../machines/index.ts'
import { Line, Lines } from './line.ts'
import { Queues } from './queues.ts'
import { Tags } from './tags.ts'

/** That a task waits for another. */
export interface Edge {
  dependantId: string
  states: FinalState[]
}

/** A group's unfinished tasks, by seq. */
interface Members {
  waiting: Line<string>
  suspended: Line<string>
  running: Line<string>
}

export class Live {
  readonly queues = new Queues()
  /** By the dependency's id, and the dependant's seq. */
  readonly edges = new Lines<Edge>()
  readonly tags = new Tags()
  /** By priority, and place. */
  readonly #ready = new Map<number, Line<string>>()
  readonly #due = new Due()
  readonly #members = new Map<string, Members>()

  /** Takes what changed about a task; undefined: it was not there, or is not any more. */
  changed(before: Task | undefined, after: Task | undefined): void {
    this.#changeReady(before, after)
    if (before?.wakeAtMs !== after?.wakeAtMs) {
      if (before?.wakeAtMs != null) this.#due.delete(before.wakeAtMs, before.seq)
      if (after?.wakeAtMs != null) this.#due.put(after.wakeAtMs, after.seq, after.taskId)
    }
    if (before?.value !== after?.value) this.#move(before, after)
    const was = before !== undefined && !isFinal(before.value)
    const is = after !== undefined && !isFinal(after.value)
    if (was && !is) this.tags.delete(before)
    if (is && !was) this.tags.put(after)
  }

  /** Takes a task as its row has it, with the reservations that it holds; its edges are put besides. */
  restore(task: Task): void {
    this.changed(undefined, task)
    const { taskId, place, resources } = task
    if (place === null) return
    for (const use of resources)
      this.queues.put(use, { place, taskId, granted: false, sharing: resources.length !== 1 })
  }

  /** Whether another task depends on this one. */
  isDependedOn(taskId: string): boolean {
    return this.edges.get(taskId) !== undefined
  }

  /** Whether somebody stands behind a reservation of a task whom its end concerns. */
  isFollowed({ place, resources, value }: Task): boolean {
    if (place === null) return false
    // Those whose reservation is granted wait for nothing of one that runs; one that never ran is judged away.
    const waiting = stateOf(value) === 'running'
    return resources.some(use => this.queues.hasBehind(use, place, waiting))
  }

  /** Ids of ready tasks: higher priority first, then by place. */
  ready(limit: number): string[] {
    let found: string[] = []
    for (const priority of this.#priorities()) {
      const next = this.#ready.get(priority)?.first(limit - found.length) ?? []
      found = found.length === 0 ? next : found.concat(next)
      if (found.length >= limit) break
    }
    return found
  }

  /** How many ready tasks come before this one; counts up to `limit`. */
  readyBefore({ priority, place }: Pick<Task, 'priority' | 'place'>, limit: number): number {
    let count = 0
    for (const each of this.#priorities()) {
      if (each < priority || count >= limit) break
      const line = this.#ready.get(each)
      if (each > priority) count += line?.size ?? 0
      else if (place !== null) count += line?.after(-1, limit - count, place - 1).length ?? 0
    }
    return Math.min(count, limit)
  }

  /** Ids of tasks that want to be woken at or before this time, soonest first. */
  due(nowMs: number, limit: number): string[] {
    return this.#due.until(nowMs, limit)
  }

  /** The soonest time at which a task wants to be woken. */
  get nextWakeMs(): number | null {
    return this.#due.firstMs
  }

  /** Ids of a group's members in some states, latest first. Only unfinished states are known. */
  members(groupId: string, states: readonly TaskState[], limit: number): string[] {
    const members = this.#members.get(groupId)
    if (members === undefined) return []
    return [...new Set(states)]
      .flatMap(state =>
        state in members
          ? members[state as keyof Members].before(Number.POSITIVE_INFINITY, limit)
          : [],
      )
      .sort((a, b) => b.key - a.key)
      .slice(0, limit)
      .map(({ item }) => item)
  }

  #changeReady(before: Task | undefined, after: Task | undefined): void {
    const was = before !== undefined && isReady(before)
    const is = after !== undefined && isReady(after)
    if (was && is && before.place === after.place) return
    if (was) {
      const line = this.#ready.get(before.priority)
      line?.delete(before.place ?? 0)
      if (line?.isEmpty) this.#ready.delete(before.priority)
    }
    if (is) {
      let line = this.#ready.get(after.priority)
      if (line === undefined) {
        line = new Line()
        this.#ready.set(after.priority, line)
      }
      line.put(after.place ?? 0, after.taskId)
    }
  }

  /** Highest first. */
  #priorities(): number[] {
    const priorities = [...this.#ready.keys()]
    return priorities.length > 1 ? priorities.sort((a, b) => b - a) : priorities
  }

  #move(before: Task | undefined, after: Task | undefined): void {
    const groupId = (after ?? before)?.groupId
    if (groupId === null || groupId === undefined) return
    let members = this.#members.get(groupId)
    if (before !== undefined && !isFinal(before.value)) {
      if (members !== undefined) lineOf(members, before).delete(before.seq)
    }
    if (after !== undefined && !isFinal(after.value)) {
      if (members === undefined) {
        members = { waiting: new Line(), suspended: new Line(), running: new Line() }
        this.#members.set(groupId, members)
      }
      lineOf(members, after).put(after.seq, after.taskId)
    } else if (members?.waiting.isEmpty && members.suspended.isEmpty && members.running.isEmpty) {
      this.#members.delete(groupId)
    }
  }
}

/** Where an unfinished task stands. */
function lineOf({ waiting, suspended, running }: Members, { value }: Task): Line<string> {
  if (value === 'waiting') return waiting
  return value === 'suspended' ? suspended : running
}

/** Tasks by the time at which they want to be woken. */
class Due {
  readonly #times = new Line<Line<string>>()

  put(wakeAtMs: number, seq: number, taskId: string): void {
    let line = this.#times.get(wakeAtMs)
    if (line === undefined) {
      line = new Line()
      this.#times.put(wakeAtMs, line)
    }
    line.put(seq, taskId)
  }

  delete(wakeAtMs: number, seq: number): void {
    const line = this.#times.get(wakeAtMs)
    line?.delete(seq)
    if (line?.isEmpty) this.#times.delete(wakeAtMs)
  }

  get firstMs(): number | null {
    return this.#times.firstKey() ?? null
  }

  until(nowMs: number, limit: number): string[] {
    const found: string[] = []
    for (const { item: line } of this.#times.after(Number.NEGATIVE_INFINITY, limit, nowMs)) {
      for (const taskId of line.first(limit - found.length)) found.push(taskId)
      if (found.length >= limit) break
    }
    return found
  }
}
