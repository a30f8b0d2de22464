// Runs the history of a group through the machines again: its lines in, the state before and after each
// out, and where the machines say otherwise than the record.
import type { HistoryEvent } from './effects.ts'
import type { Group, GroupEvent } from './group.machine.ts'
import { taskEventOf } from './history.ts'
import {
  type PastGroup,
  type PastTask,
  recordedGroup,
  stepPastTask,
  submittedGroup,
  submittedTask,
  unlikeRow,
} from './past.ts'
import { stateOf, type Task, type TaskState, type TaskValue } from './task.machine.ts'
import { stepGroup } from './work.ts'

/** One line of the history, taken again. */
export interface ReplayStep {
  event: HistoryEvent
  /** The task that it happened to; null for what happened to the group itself. */
  task: { before: PastTask | null; after: PastTask } | null
  /**
   * The group around it. A task's move may be the one that settles or cancels its group: the group's own
   * line follows at once, and shows that change again.
   */
  group: { before: PastGroup | null; after: PastGroup }
  /** Where the machines say otherwise than the record: a sentence each. What was recorded goes on. */
  differences: string[]
}

export interface ReplayOptions {
  /**
   * Whether tasks of the group were deleted since. The group's machine counts those that are left, so it
   * is not run: the group follows the record, and its counts lack the deleted ones.
   */
  purged?: boolean
}

/** A replay under way: `group` and `tasks` are as they were after the last line that it took. */
export class Replay {
  /** By id, in the order of their submissions' lines. */
  readonly tasks = new Map<string, PastTask>()
  readonly #rows = new Map<string, Task>()
  readonly #groupRow: Group
  readonly #runsGroup: boolean
  #group: PastGroup | null = null
  /** A change of the group by a task's move, whose line has to follow. */
  #awaited: { before: PastGroup; after: PastGroup } | null = null
  #lastEventId = 0
  #differences: string[] = []

  /** @param group Its row; what it was submitted with is taken from it. */
  constructor(group: Group, { purged = false }: ReplayOptions = {}) {
    this.#groupRow = group
    this.#runsGroup = !purged
  }

  /** Null before its submission. */
  get group(): PastGroup | null {
    return this.#group
  }

  /**
   * Takes the next line.
   *
   * @param row The task that a `task.submitted` is about, as it stands now; otherwise unused.
   */
  take(event: HistoryEvent, row?: Task): ReplayStep {
    this.#differences = []
    const { eventId, taskId, type } = event
    const before = this.#group
    const awaited = this.#awaited
    this.#awaited = null
    if (eventId <= this.#lastEventId) this.#differ(`it comes after event ${this.#lastEventId}`)
    this.#lastEventId = eventId
    if ((before === null) !== (type === 'group.submitted')) {
      this.#differ(`the group was ${before === null ? 'not ' : ''}submitted before it`)
    }
    this.#group ??= submittedGroup(this.#groupRow)

    const confirms = awaited !== null && type === `group.${awaited.after.value}`
    if (awaited !== null && !confirms) this.#takeBack(awaited)
    const task = taskId === null ? null : this.#takeTask(event, row)
    if (taskId === null) this.#takeGroup(event, confirms)
    return {
      event,
      task,
      group: { before: confirms ? awaited.before : before, after: this.#group },
      differences: this.#differences,
    }
  }

  /**
   * Compares what came of it with the rows.
   *
   * @param lastEventId The end of the history: rows that changed after it are left out.
   * @returns A sentence for each difference.
   */
  end(lastEventId: number): string[] {
    this.#differences = []
    if (this.#awaited !== null) this.#takeBack(this.#awaited)
    this.#awaited = null
    for (const [taskId, row] of this.#rows) {
      if (row.rev > lastEventId) continue
      const found = unlikeRow(this.tasks.get(taskId) as PastTask, row)
      // Children that were deleted since are still named by their parent.
      if (!this.#runsGroup) found.delete('spawned')
      for (const says of found.values()) this.#differ(`of task ${taskId}, ${says}`)
    }
    const row = this.#groupRow
    if (this.#group !== null && row.rev <= lastEventId) {
      for (const says of unlikeRow(this.#group, row).values()) this.#differ(`of the group, ${says}`)
    }
    return this.#differences
  }

  #takeTask(event: HistoryEvent, row: Task | undefined): ReplayStep['task'] {
    const taskId = event.taskId as string
    const before = this.tasks.get(taskId) ?? null
    if (event.type === 'task.submitted' && before === null && row !== undefined) {
      return { before, after: this.#submit(event, row) }
    }
    const known = this.#rows.get(taskId)
    if (before === null || known === undefined) {
      this.#differ(`the record has no submission of the task ${taskId}`)
      return null
    }
    const attempt = event.attempt ?? before.attempt
    if (attempt !== before.attempt) {
      this.#differ(`it is of attempt ${attempt}, and the task is in attempt ${before.attempt}`)
    }
    const taken = attempt === before.attempt ? before : { ...before, attempt }
    const after = this.#stepTask(event, taken, known)
    this.tasks.set(taskId, after)
    this.#moveInGroup(event, stateOf(before.value), stateOf(after.value))
    return { before, after }
  }

  #submit(event: HistoryEvent, row: Task): PastTask {
    const after = submittedTask(row, event)
    this.#rows.set(row.taskId, row)
    this.tasks.set(row.taskId, after)
    this.#expect(event, after.value)
    if (!this.#runsGroup || !this.#sendGroup({ type: 'group.joined', count: 1 })) {
      this.#count(null, 'waiting')
    }
    const parent = row.parentId === null ? undefined : this.tasks.get(row.parentId)
    if (parent !== undefined) {
      const spawned = stepPastTask(parent, { type: 'task.spawned', childId: row.taskId })
      if (spawned === null) this.#differ(`its parent is ${parent.value} and can spawn nothing`)
      else this.tasks.set(parent.taskId, spawned)
    }
    return after
  }

  /** What the task's machine makes of it; what was recorded where that differs. */
  #stepTask(event: HistoryEvent, before: PastTask, row: Task): PastTask {
    const taken = taskEventOf(event, row)
    const after = taken === null ? null : stepPastTask(before, taken)
    if (taken === null) this.#differ(`no task knows the event ${event.type}`)
    else if (after === null) this.#differ(`a task that is ${before.value} does not handle it`)
    else this.#expect(event, after.value)
    const value = event.value as TaskValue
    return after?.value === value ? after : { ...(after ?? before), value }
  }

  #moveInGroup({ atMs: nowMs }: HistoryEvent, from: TaskState, to: TaskState): void {
    if (from === to) return
    const before = this.#group as PastGroup
    const moved = { type: 'group.moved', from, to, count: 1, nowMs } as const
    if (!this.#runsGroup || !this.#sendGroup(moved)) {
      this.#count(from, to)
      return
    }
    const after = this.#group as PastGroup
    if (after.value !== before.value) this.#awaited = { before, after }
  }

  /** @param confirms Whether a task's move has made this change of the group already. */
  #takeGroup(event: HistoryEvent, confirms: boolean): void {
    const { type, atMs: nowMs } = event
    const { value } = this.#group as PastGroup
    switch (type) {
      case 'group.submitted':
        if (!event.value.startsWith('active')) this.#differ(`no group begins as ${event.value}`)
        break
      case 'group.purged':
        // The tasks are gone, and their lines with them.
        break
      case 'group.cancelling':
      case 'group.settled':
        if (confirms) this.#expect(event, value)
        else if (this.#runsGroup) {
          this.#differ(`the group is ${value}, and no task's move changes that`)
        }
        break
      case 'group.close':
      case 'group.cancel':
      case 'group.suspend':
      case 'group.resume':
        if (!this.#runsGroup || !this.#sendGroup({ type, nowMs })) break
        this.#expect(event, (this.#group as PastGroup).value)
        break
      default:
        this.#differ(`no group knows the event ${type}`)
    }
    const reached = this.#group as PastGroup
    if (reached.value !== event.value) this.#group = recordedGroup(reached, event)
  }

  /** Undoes a change of the group that the record does not have, but for the count. */
  #takeBack({ before, after }: { before: PastGroup; after: PastGroup }): void {
    this.#differ(`a task's move made the group ${after.value}, of which the record says nothing`)
    const { value, canceled, finishMs } = before
    this.#group = { ...after, value, canceled, finishMs }
  }

  /** False when the group's state does not handle it. */
  #sendGroup(event: GroupEvent): boolean {
    const group = this.#group as PastGroup
    const next = stepGroup(group as Group, event)
    if (next === null) this.#differ(`a group that is ${group.value} does not handle ${event.type}`)
    else this.#group = next
    return next !== null
  }

  /** Counts a task without the machine. */
  #count(from: TaskState | null, to: TaskState): void {
    const group = this.#group as PastGroup
    const counts = { ...group.counts, [to]: group.counts[to] + 1 }
    if (from !== null) counts[from] -= 1
    this.#group = { ...group, counts }
  }

  #expect({ value }: HistoryEvent, made: string): void {
    if (made !== value) this.#differ(`the machine goes to ${made}, and the record says ${value}`)
  }

  #differ(says: string): void {
    this.#differences.push(says)
  }
}
