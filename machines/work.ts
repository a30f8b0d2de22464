// One decision in the making: the slice as it stands after what was decided so far, and the changes,
// effects and further commands collected on the way. Tasks and groups change only through their machines.
import type { Command, Slice } from './commands.ts'
import type { Change, Decision, Effect, HistoryEvent } from './effects.ts'
import { Few } from './few.ts'
import {
  type Group,
  type GroupEvent,
  groupActions,
  groupGuards,
  groupMachine,
} from './group.machine.ts'
import { eventData, leavesLine } from './history.ts'
import type { Releases } from './releases.ts'
import type { Granted } from './reservations.ts'
import { deriveStep, sameUnlessChanged } from './table.ts'
import {
  type Json,
  stateOf,
  type Task,
  type TaskEvent,
  type TaskState,
  taskActions,
  taskGuards,
  taskMachine,
} from './task.machine.ts'

const nextTask = deriveStep<Task, TaskEvent>(taskMachine, taskGuards, taskActions)
const nextGroup = deriveStep<Group, GroupEvent>(groupMachine, groupGuards, groupActions)

export const stepTask = sameUnlessChanged(nextTask)
export const stepGroup = sameUnlessChanged(nextGroup)

/** The world, as values. */
export interface Env {
  /** The time of the decision, in ms since the epoch. */
  nowMs: number
  newId: () => string
  /** The limit that `needs` was given. */
  sliceLimit: number
}

/** Tasks of a group that went the same way, one after another. */
interface Moves {
  groupId: string
  from: TaskState
  to: TaskState
  count: number
  /** That of the last of them. */
  rev: number
}

type Purged = Partial<Record<TaskState, number>>

export class Work {
  readonly effects: Effect[] = []
  readonly followUps: Command[] = []
  readonly later: Command[] = []
  readonly #changes: Change[] = []
  /** As they are by now. */
  readonly #tasks = new Few<Task>()
  readonly #groups = new Few<Group>()
  /** Tasks that no store has seen and nobody has asked for: all of most submissions, however large. */
  #added: Task[] = []
  /** What a group has not counted yet: it counts them at once, before anybody looks at it. */
  #moves: Moves | null = null
  /** Tasks deleted by this decision, by state: of each group, and in all; null while there is none. */
  #purged: Map<string, Purged> | null = null
  #purgedInAll: Purged | null = null
  #seq: number
  #place: number
  #rev: number
  readonly slice: Slice
  readonly env: Env

  constructor(slice: Slice, env: Env) {
    this.slice = slice
    this.env = env
    const { seq, place, rev } = slice.counters
    this.#seq = seq
    this.#place = place
    this.#rev = rev
  }

  task(taskId: string): Task | undefined {
    this.#enterAdded()
    return this.#tasks.get(taskId) ?? this.slice.tasks.get(taskId)
  }

  group(groupId: string): Group | undefined {
    if (this.#moves?.groupId === groupId) this.#count()
    return this.#groups.get(groupId) ?? this.slice.groups.get(groupId)
  }

  groupOf(task: Task): Group | undefined {
    return task.groupId === null ? undefined : this.group(task.groupId)
  }

  nextSeq(): number {
    this.#seq += 1
    return this.#seq
  }

  nextPlace(): number {
    this.#place += 1
    return this.#place
  }

  nextRev(): number {
    this.#rev += 1
    return this.#rev
  }

  change(change: Change): void {
    this.#changes.push(change)
  }

  /** Takes a task that no store has seen. */
  addTask(task: Task, granted: Granted): void {
    this.#added.push(task)
    this.#changes.push({ type: 'task.add', task, granted })
  }

  /** Takes a group that no store has seen. */
  addGroup(group: Group): void {
    this.#groups.set(group.groupId, group)
    this.#appendForGroup(group, 'group.submitted', null)
  }

  /**
   * Sends an event to a task, and counts the move in its group.
   *
   * @returns The next snapshot, or null when its state does not handle the event.
   */
  send(task: Task, event: TaskEvent): Task | null {
    this.#enterAdded()
    const current = this.#tasks.get(task.taskId) ?? task
    const next = nextTask(current, event)
    if (next === null) return null
    next.rev = this.nextRev()
    const before = current.value
    this.#tasks.set(next.taskId, next)
    if (leavesLine(event)) {
      const line = this.#lineOf(next, event.type, current.attempt, eventData(event, next.value))
      this.#changes.push({ type: 'task.step', task: next, event: line })
    } else this.#changes.push({ type: 'task.put', task: next })
    if (next.groupId !== null) this.#move(next.groupId, before, next)
    return next
  }

  /** Sends an event to a group; null when its state does not handle it. */
  sendGroup(group: Group, event: GroupEvent): Group | null {
    this.#count()
    const current = this.#groups.get(group.groupId) ?? group
    const next = nextGroup(current, event)
    if (next === null) return null
    next.rev = this.nextRev()
    this.#groups.set(next.groupId, next)
    if (next.value !== current.value) {
      const type = event.type === 'group.moved' ? `group.${next.value}` : event.type
      this.#appendForGroup(next, type, null)
    }
    return next
  }

  /** Asks the group's running tasks to stop, and cancels those that have not started. */
  fanOutCancel(groupId: string): void {
    this.followUps.push({ type: 'group.fan_out', groupId, action: 'stop' })
    this.followUps.push({ type: 'group.fan_out', groupId, action: 'cancel' })
  }

  /** Takes a deleted task out of its group's count; a settled group without tasks goes with its last. */
  forget(task: Task): void {
    const state = stateOf(task.value)
    this.#purgedInAll ??= {}
    this.#purgedInAll[state] = (this.#purgedInAll[state] ?? 0) + 1
    const group = this.groupOf(task)
    if (group === undefined) return
    const next = {
      ...group,
      counts: { ...group.counts, [state]: group.counts[state] - 1 },
      rev: this.nextRev(),
    }
    const tasksLeft = Object.values(next.counts).some(count => count > 0)
    if (next.value === 'settled' && !tasksLeft) {
      this.#groups.delete(group.groupId)
      this.#changes.push({ type: 'group.delete', groupId: group.groupId })
    } else {
      this.#groups.set(group.groupId, next)
      this.#purged ??= new Map()
      const purged = this.#purged.get(group.groupId) ?? {}
      this.#purged.set(group.groupId, { ...purged, [state]: (purged[state] ?? 0) + 1 })
    }
  }

  /** Asks for what follows when tasks have ended. */
  follow(releases: Releases): void {
    for (const command of releases.followUps()) this.followUps.push(command)
  }

  decision(reply: Decision['reply']): Decision {
    this.#count()
    if (this.#purgedInAll !== null) this.#appendPurges(this.#purgedInAll)
    const ofGroups: Change[] = []
    this.#groups.forEach(group => {
      ofGroups.push({ type: 'group.put', group })
    })
    const changes = ofGroups.concat(this.#changes)
    const seq = this.#seq
    const place = this.#place
    const rev = this.#rev
    const before = this.slice.counters
    if (seq !== before.seq || place !== before.place || rev !== before.rev)
      changes.push({ type: 'counters.set', seq, place, rev })
    return { changes, effects: this.effects, reply, followUps: this.followUps, later: this.later }
  }

  #enterAdded(): void {
    if (this.#added.length === 0) return
    for (const task of this.#added) this.#tasks.set(task.taskId, task)
    this.#added = []
  }

  /** A member changed: its group's count moves with it, and the group's own `rev` in any case. */
  #move(groupId: string, before: Task['value'], { value, rev }: Task): void {
    const from = stateOf(before)
    const to = stateOf(value)
    const moves = this.#moves
    if (moves?.groupId === groupId && moves.from === from && moves.to === to) {
      moves.count += 1
      moves.rev = rev
    } else {
      this.#count()
      this.#moves = { groupId, from, to, count: 1, rev }
    }
    // An error may cancel the group, and whatever is decided next has to know.
    if (to === 'error') this.#count()
  }

  #count(): void {
    const moves = this.#moves
    if (moves === null) return
    this.#moves = null
    const { groupId, from, to, count, rev } = moves
    const group = this.group(groupId)
    if (group === undefined) return
    if (from === to) {
      this.#groups.set(groupId, { ...group, rev })
      return
    }
    const { nowMs } = this.env
    const moved = this.sendGroup(group, { type: 'group.moved', from, to, count, nowMs })
    if (moved?.value === 'cancelling' && group.value !== 'cancelling') this.fanOutCancel(groupId)
  }

  #lineOf(task: Task, type: string, attempt: number, data: Json): HistoryEvent {
    const { taskId, groupId, rev: eventId, value } = task
    const { nowMs: atMs } = this.env
    return { eventId, atMs, taskId, groupId, type, attempt, value, data }
  }

  #appendForGroup(group: Group, type: string, data: Json): void {
    const { groupId, rev: eventId, value } = group
    const { nowMs: atMs } = this.env
    const event = { eventId, atMs, taskId: null, groupId, type, attempt: null, value, data }
    this.#changes.push({ type: 'event.append', event })
  }

  /**
   * A deleted task takes its history with it; how many there were stays in that of the group. Whoever reads
   * everything is told too: some were of no group, or went with theirs.
   */
  #appendPurges(inAll: Purged): void {
    for (const [groupId, states] of this.#purged ?? []) {
      const group = this.#groups.get(groupId)
      if (group !== undefined) this.#appendForGroup(group, 'group.purged', states)
    }
    const event: HistoryEvent = {
      eventId: this.nextRev(),
      atMs: this.env.nowMs,
      taskId: null,
      groupId: null,
      type: 'tasks.purged',
      attempt: null,
      value: '',
      data: inAll,
    }
    this.#changes.push({ type: 'event.append', event })
  }
}
