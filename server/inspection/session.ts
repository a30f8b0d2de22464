// One inspector outside the process: which actors it has been told of, and what happens, as messages.
import { type Group, type HistoryEvent, isFinal, stateOf, type Task } from '../../machines/index.ts'
import type { FeedItem, Topic } from '../feed.ts'
import type { Clock } from '../ports.ts'
import type { Store } from '../store/store.ts'
import {
  type ActorAddress,
  type ActorSnapshot,
  groupAddress,
  groupEventType,
  movesTask,
  senderOf,
  snapshotAt,
  taskAddress,
} from './actor.ts'
import { fitting, shownData, shownGroup, shownTask } from './contents.ts'
import { actorMessage, eventMessage, type InspectionMessage, snapshotMessage } from './messages.ts'

/** Actors that a new inspector is told of at most; the others when something happens to them. */
const ACTORS_MAX = 1_000
/** Actors that are remembered as told; past it all are told anew, which does no harm. */
const KNOWN_MAX = 50_000

export interface SessionParts {
  store: Store
  clock: Clock
  /** Whether arguments, progress, results and errors are shown. */
  withContents: boolean
}

export class Session {
  readonly #store: Store
  readonly #clock: Clock
  readonly #withContents: boolean
  readonly #known = new Set<string>()

  constructor({ store, clock, withContents }: SessionParts) {
    this.#store = store
    this.#clock = clock
    this.#withContents = withContents
  }

  /** The actors that there are: those that run, then what has not ended, each after its group. */
  async *actors(topic: Topic): AsyncGenerator<InspectionMessage> {
    const { groupId, taskId } = topic
    if (groupId !== undefined) yield* this.#introduceGroup(await this.#store.group(groupId))
    const queries =
      taskId !== undefined
        ? [{ taskIds: [taskId] }]
        : groupId !== undefined
          ? [{ groupId }]
          : [{ states: ['running' as const] }, { states: 'unfinished' as const }]
    for (const query of queries) {
      for await (const task of this.#store.tasks({ ...query, limit: ACTORS_MAX })) {
        if (this.#known.size >= ACTORS_MAX) return
        if (task.groupId !== null && !this.#known.has(task.groupId)) {
          yield* this.#introduceGroup(await this.#store.group(task.groupId))
        }
        yield* this.#introduceTask(task, task.submitMs)
      }
    }
  }

  /** What happened. */
  async *take(items: readonly FeedItem[]): AsyncGenerator<InspectionMessage> {
    const rows = await this.#rowsOf(items)
    for (const item of items) {
      switch (item.kind) {
        case 'event':
          yield* item.event.taskId === null
            ? this.#ofGroup(item.event, rows)
            : this.#ofTask(item.event, item.event.taskId, rows)
          break
        case 'task':
          yield* this.#progressed(item.task.taskId, rows)
          break
        case 'group':
          yield* this.#counted(item.group)
          break
        default:
      }
    }
  }

  async #rowsOf(items: readonly FeedItem[]): Promise<Rows> {
    const rows: Rows = { tasks: new Map(), groups: new Map() }
    const taskIds = new Set<string>()
    const groupIds = new Set<string>()
    for (const item of items) {
      if (item.kind === 'event' && item.event.taskId !== null) taskIds.add(item.event.taskId)
      if (item.kind === 'event' && item.event.groupId !== null) groupIds.add(item.event.groupId)
      if (item.kind === 'task') taskIds.add(item.task.taskId)
    }
    if (taskIds.size > 0) {
      for await (const task of this.#store.tasks({ taskIds: [...taskIds] })) {
        rows.tasks.set(task.taskId, task)
      }
    }
    for (const groupId of groupIds) {
      const group = await this.#store.group(groupId)
      if (group !== null) rows.groups.set(groupId, group)
    }
    return rows
  }

  *#ofTask(
    line: HistoryEvent,
    taskId: string,
    { tasks, groups }: Rows,
  ): Generator<InspectionMessage> {
    const task = tasks.get(taskId)
    // Deleted since: there is nothing left to show.
    if (task === undefined) return
    const { atMs } = line
    const group = task.groupId === null ? undefined : groups.get(task.groupId)
    if (group !== undefined) yield* this.#introduceGroup(group)
    const event = { ...shownData(line, this.#withContents), type: line.type }
    if (line.type === 'task.submitted') yield* this.#introduceTask(task, atMs, line.value)
    else {
      const actor = taskAddress(task)
      if (!this.#known.has(taskId)) yield* this.#introduceTask(task, atMs, line.value)
      yield eventMessage(actor, event, atMs, senderOf(line.type, group))
      yield snapshotMessage(actor, this.#taskSnapshot(task, line.value), event, atMs)
    }
    if (isFinal(line.value as Task['value'])) this.#known.delete(taskId)
    if (group === undefined || !movesTask(line)) return
    const to = stateOf(line.value as Task['value'])
    const moved = { type: 'group.moved', to }
    yield eventMessage(groupAddress(group.groupId), moved, atMs, taskId)
  }

  *#ofGroup(line: HistoryEvent, { groups }: Rows): Generator<InspectionMessage> {
    const group = groups.get(line.groupId ?? '')
    if (group === undefined) return
    const { atMs, value } = line
    const isNew = !this.#known.has(group.groupId)
    yield* this.#introduceGroup(group, value)
    if (isNew && line.type === 'group.submitted') return
    const actor = groupAddress(group.groupId)
    const type = groupEventType(line.type)
    const event = { ...shownData(line, this.#withContents), type }
    // A move was told when its task was.
    if (type === line.type) yield eventMessage(actor, event, atMs)
    yield snapshotMessage(actor, snapshotAt(value, shownGroup(group)), event, atMs)
    if (value === 'settled') this.#known.delete(group.groupId)
  }

  *#progressed(taskId: string, { tasks }: Rows): Generator<InspectionMessage> {
    const task = tasks.get(taskId)
    if (task === undefined) return
    const actor = taskAddress(task)
    const atMs = this.#clock.nowMs()
    const progress = this.#withContents ? { progress: fitting(task.progress) } : {}
    const event = { type: 'task.progressed', ...progress }
    if (!this.#known.has(taskId)) yield* this.#introduceTask(task, atMs)
    yield eventMessage(actor, event, atMs)
    yield snapshotMessage(actor, this.#taskSnapshot(task), event, atMs)
  }

  *#counted(group: Group): Generator<InspectionMessage> {
    // That it has settled was the last to be told of it.
    if (group.value !== 'settled') yield* this.#introduceGroup(group)
    if (!this.#known.has(group.groupId)) return
    const snapshot = snapshotAt(group.value, shownGroup(group))
    const event = { type: 'group.moved' }
    yield snapshotMessage(groupAddress(group.groupId), snapshot, event, this.#clock.nowMs())
  }

  *#introduceGroup(
    group: Group | null,
    value: string | undefined = group?.value,
  ): Generator<InspectionMessage> {
    if (group === null || value === undefined || this.#known.has(group.groupId)) return
    const snapshot = snapshotAt(value, shownGroup(group))
    yield* this.#introduce(groupAddress(group.groupId), snapshot, group.submitMs)
  }

  *#introduceTask(
    task: Task,
    atMs: number,
    value: string = task.value,
  ): Generator<InspectionMessage> {
    yield* this.#introduce(taskAddress(task), this.#taskSnapshot(task, value), atMs)
  }

  *#introduce(
    actor: ActorAddress,
    snapshot: ActorSnapshot,
    atMs: number,
  ): Generator<InspectionMessage> {
    if (this.#known.has(actor.sessionId)) return
    if (this.#known.size >= KNOWN_MAX) this.#known.clear()
    this.#known.add(actor.sessionId)
    yield actorMessage(actor, snapshot, atMs)
  }

  #taskSnapshot(task: Task, value: string = task.value): ActorSnapshot {
    return snapshotAt(value, shownTask(task, this.#withContents))
  }
}

interface Rows {
  tasks: Map<string, Task>
  groups: Map<string, Group>
}
