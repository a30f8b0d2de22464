// Inspection in process: what `createEngine({ inspect })` is told after each commit, in the shape in which
// XState tells of its own actors, so that whatever takes those takes ours.
import type { InspectionEvent, Observer } from 'xstate'
import { type Group, type HistoryEvent, stateOf, type Task } from '../../machines/index.ts'
import type { Log } from '../calls.ts'
import type { Commit } from '../decisions.ts'
import type { Engine } from '../engine.ts'
import {
  type ActorAddress,
  type ActorSnapshot,
  contextOf,
  groupAddress,
  groupEventType,
  movesTask,
  senderOf,
  snapshotAt,
  taskAddress,
} from './actor.ts'

/** As `inspect` of XState's `createActor`. */
export type Inspect = Observer<InspectionEvent> | ((event: InspectionEvent) => void)

/**
 * Tells an inspector of every task and group: `@xstate.actor` when it is submitted, `@xstate.event` for
 * what it is sent, `@xstate.snapshot` for what became of it. Told is what is on disk, with arguments and
 * results as they are; of several events in one commit each has its state node, and the last one's context.
 *
 * An actor is known by its `sessionId`, the id of the task or group; a reference to it is of the moment.
 *
 * @returns Ends it.
 */
export function inspectCommits(engine: Engine, inspect: Inspect, log: Log): () => void {
  const next = typeof inspect === 'function' ? inspect : inspect.next?.bind(inspect)
  return engine.subscribe(commit => {
    for (const event of inspectionEventsOf(commit)) {
      try {
        next?.(event)
      } catch (err) {
        // An inspector looks on: what is inspected goes on without it.
        log.error({ err, inspected: event.type }, 'the inspector threw')
      }
    }
  })
}

/** What a commit means to an inspector, in order. */
export function* inspectionEventsOf(commit: Commit): Generator<InspectionEvent> {
  const { tasks, groups } = commit
  const told = new Set<string>()
  const joined = new Map<string, number>()
  for (const { type, groupId } of commit.events) {
    if (type === 'task.submitted' && groupId !== null) {
      joined.set(groupId, (joined.get(groupId) ?? 0) + 1)
    }
  }
  for (const line of commit.events) {
    const { taskId, groupId } = line
    const group = groupId === null ? null : (groups.get(groupId) ?? null)
    if (taskId !== null) {
      const task = tasks.get(taskId)
      if (task) yield* ofTask(line, task, group)
      told.add(taskId)
    } else if (group !== null) {
      yield* ofGroup(line, group)
      told.add(group.groupId)
    }
    const count = group === null ? undefined : joined.get(group.groupId)
    if (group === null || count === undefined) continue
    joined.delete(group.groupId)
    yield sent(groupRef(group), { type: 'group.joined', count })
  }
  yield* ofTheRest(commit, told)
}

function* ofTask(line: HistoryEvent, task: Task, group: Group | null): Generator<InspectionEvent> {
  const ref = taskRef(task, line.value)
  if (line.type === 'task.submitted') {
    yield { type: '@xstate.actor', rootId: ref.rootId, actorRef: ref }
    yield* taken(ref, { type: 'xstate.init', input: contextOf(task) })
    return
  }
  const sender = senderOf(line.type, group ?? undefined)
  yield* taken(ref, eventOf(line), sender === undefined ? undefined : groupRef(group as Group))
  if (group !== null && movesTask(line)) {
    yield sent(
      groupRef(group),
      { type: 'group.moved', to: stateOf(line.value as Task['value']) },
      ref,
    )
  }
}

function* ofGroup(line: HistoryEvent, group: Group): Generator<InspectionEvent> {
  const ref = groupRef(group, line.value)
  if (line.type === 'group.submitted') {
    yield { type: '@xstate.actor', rootId: ref.rootId, actorRef: ref }
    yield* taken(ref, { type: 'xstate.init', input: contextOf(group) })
    return
  }
  const event = { ...eventOf(line), type: groupEventType(line.type) }
  // A move was told when its task was.
  if (event.type === line.type) yield sent(ref, event)
  yield became(ref, event)
}

/** What changed and left no line: progress, and the counts of groups. */
function* ofTheRest(
  { tasks, groups }: Commit,
  told: ReadonlySet<string>,
): Generator<InspectionEvent> {
  for (const task of tasks.values()) {
    if (task === null || told.has(task.taskId)) continue
    const hasProgress = task.value.startsWith('running') && Object.keys(task.progress).length > 0
    if (hasProgress) {
      yield* taken(taskRef(task), { type: 'task.progressed', progress: task.progress })
    }
  }
  for (const group of groups.values()) {
    if (group !== null && !told.has(group.groupId)) {
      yield became(groupRef(group), { type: 'group.moved' })
    }
  }
}

interface Event {
  type: string
  [detail: string]: unknown
}

function eventOf({ type, data }: HistoryEvent): Event {
  return { ...(typeof data === 'object' ? data : {}), type }
}

function* taken(ref: ActorRef, event: Event, source?: ActorRef): Generator<InspectionEvent> {
  yield sent(ref, event, source)
  yield became(ref, event)
}

function sent(actorRef: ActorRef, event: Event, sourceRef?: ActorRef): InspectionEvent {
  return { type: '@xstate.event', rootId: actorRef.rootId, actorRef, sourceRef, event }
}

function became(actorRef: ActorRef, event: Event): InspectionEvent {
  const { rootId } = actorRef
  return { type: '@xstate.snapshot', rootId, actorRef, event, snapshot: actorRef.getSnapshot() }
}

function taskRef(task: Task, value: string = task.value): ActorRef {
  return new ActorRef(taskAddress(task), snapshotAt(value, contextOf(task)))
}

function groupRef(group: Group, value: string = group.value): ActorRef {
  return new ActorRef(groupAddress(group.groupId), snapshotAt(value, contextOf(group)))
}

/** An actor as inspectors look at one. */
class ActorRef {
  readonly sessionId: string
  readonly rootId: string
  readonly id: string
  /** The statechart. */
  readonly logic: ActorAddress['machine']
  readonly _parent: { sessionId: string } | undefined
  readonly #snapshot: ActorSnapshot

  constructor(
    { sessionId, rootId, name, machine, parentId }: ActorAddress,
    snapshot: ActorSnapshot,
  ) {
    this.sessionId = sessionId
    this.rootId = rootId
    this.id = name
    this.logic = machine
    this._parent = parentId === undefined ? undefined : { sessionId: parentId }
    this.#snapshot = snapshot
  }

  getSnapshot(): ActorSnapshot {
    return this.#snapshot
  }

  /** An inspector looks on. @throws {Error} Always: whoever wants a change asks the engine. */
  send(event: { type: string }): never {
    throw new Error(`${this.id} takes no ${event.type} from an inspector; ask the engine instead`)
  }
}
