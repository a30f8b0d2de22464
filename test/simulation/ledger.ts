// What is on disk, kept from the changes of each commit, with all that the rules look things up by.
import {
  type FinalState,
  type Group,
  type IdempotencyRecord,
  isFinal,
  NO_TASKS,
  type SimpleChange,
  type Slice,
  stateOf,
  type Task,
  type TaskState,
} from '../../machines/index.ts'

/** Tasks and groups that can still be chosen once they have ended. */
const RECENT = 40

export class Ledger {
  counters: Slice['counters'] = { seq: 0, place: 0, rev: 0 }
  /** Those that were not purged. */
  readonly tasks = new Map<string, Task>()
  readonly groups = new Map<string, Group>()
  readonly deletedGroups = new Set<string>()
  readonly unfinished = new Map<string, Task>()
  readonly unsettled = new Map<string, Group>()
  /** How each task ended, purged ones too. */
  readonly ends = new Map<string, FinalState>()
  /** Members by state, counted from the tasks themselves. */
  readonly counts = new Map<string, Record<TaskState, number>>()
  /** Ids of unfinished members, by group. */
  readonly members = new Map<string, Set<string>>()
  /** Ids of children that were not purged, by parent. */
  readonly children = new Map<string, Set<string>>()
  /** Ids of the tasks of each request, purged ones too. */
  readonly byRequest = new Map<string, string[]>()
  readonly keys = new Map<string, IdempotencyRecord>()
  /** Each committed version of a task that was not purged, by its `rev`. */
  readonly versions = new Map<string, Map<number, string>>()
  readonly recentTasks: string[] = []
  readonly recentGroups: string[] = []
  /** The highest place that was ever given. */
  lastPlace = 0

  /** Applies one change. */
  apply(change: SimpleChange): void {
    switch (change.type) {
      case 'counters.set': {
        const { seq, place, rev } = change
        this.counters = { seq, place, rev }
        return
      }
      case 'task.put':
        this.#putTask(change.task)
        return
      case 'task.delete':
        this.#deleteTask(change.taskId)
        return
      case 'group.put': {
        const { group } = change
        if (!this.groups.has(group.groupId)) remember(this.recentGroups, group.groupId)
        this.groups.set(group.groupId, group)
        if (group.value === 'settled') this.unsettled.delete(group.groupId)
        else this.unsettled.set(group.groupId, group)
        return
      }
      case 'group.delete':
        this.groups.delete(change.groupId)
        this.unsettled.delete(change.groupId)
        this.counts.delete(change.groupId)
        this.members.delete(change.groupId)
        this.deletedGroups.add(change.groupId)
        return
      case 'idempotency.put':
        this.keys.set(change.record.key, change.record)
        return
      case 'idempotency.expire':
        for (const { key, submittedMs } of this.keys.values())
          if (submittedMs < change.beforeMs) this.keys.delete(key)
        return
      default:
    }
  }

  /** Keeps the versions that a commit leaves for readers. */
  keepVersions(taskIds: Iterable<string>): void {
    for (const taskId of taskIds) {
      const task = this.tasks.get(taskId)
      if (task === undefined) continue
      const versions = this.versions.get(taskId) ?? new Map<number, string>()
      this.versions.set(taskId, versions)
      versions.set(task.rev, JSON.stringify(task))
    }
  }

  groupOf(task: Task): Group | undefined {
    return task.groupId === null ? undefined : this.groups.get(task.groupId)
  }

  membersOf(groupId: string): Task[] {
    return [...(this.members.get(groupId) ?? [])].map(taskId => this.tasks.get(taskId) as Task)
  }

  /** Whether anything was ever on disk under this id. */
  knew(taskId: string): boolean {
    return this.tasks.has(taskId) || this.ends.has(taskId)
  }

  #putTask(task: Task): void {
    const { taskId, groupId, parentId } = task
    const before = this.tasks.get(taskId)
    if (before === undefined) {
      remember(this.recentTasks, taskId)
      const request = requestOf(task)
      this.byRequest.set(request, [...(this.byRequest.get(request) ?? []), taskId])
      if (parentId !== null) note(this.children, parentId, taskId)
    }
    this.tasks.set(taskId, task)
    this.lastPlace = Math.max(this.lastPlace, task.place ?? 0)
    if (isFinal(task.value)) {
      this.unfinished.delete(taskId)
      this.ends.set(taskId, task.value)
    } else this.unfinished.set(taskId, task)
    if (groupId === null) return
    const counts = this.counts.get(groupId) ?? { ...NO_TASKS }
    this.counts.set(groupId, counts)
    if (before !== undefined) counts[stateOf(before.value)] -= 1
    counts[stateOf(task.value)] += 1
    if (isFinal(task.value)) this.members.get(groupId)?.delete(taskId)
    else note(this.members, groupId, taskId)
  }

  #deleteTask(taskId: string): void {
    const task = this.tasks.get(taskId)
    if (task === undefined) return
    this.tasks.delete(taskId)
    this.unfinished.delete(taskId)
    this.versions.delete(taskId)
    this.children.delete(taskId)
    if (task.parentId !== null) this.children.get(task.parentId)?.delete(taskId)
    const counts = task.groupId === null ? undefined : this.counts.get(task.groupId)
    if (counts !== undefined) counts[stateOf(task.value)] -= 1
  }
}

/** The request that asked for a task, by the tag that it was given. */
export function requestOf(task: Task): string {
  return task.tags.find(tag => /^request:/.test(tag)) ?? 'none'
}

function note(map: Map<string, Set<string>>, key: string, value: string): void {
  const set = map.get(key) ?? new Set()
  map.set(key, set)
  set.add(value)
}

function remember(recent: string[], id: string): void {
  recent.push(id)
  if (recent.length > RECENT) recent.shift()
}
