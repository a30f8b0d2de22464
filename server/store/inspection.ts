// What the inspector reads of a store: rows without what a task carries, a page at a time. Each read costs
// what its limit says, whatever the store holds, so that whoever looks does not slow down whoever works.
import type {
  FinalState,
  Group,
  GroupValue,
  Operation,
  Reservation,
  Resource,
  ResourceUse,
  Task,
  TaskState,
} from '../../machines/index.ts'

/** A task without its arguments, its result and its traceback, which may be large. */
export interface TaskLine
  extends Pick<
    Task,
    | 'taskId'
    | 'seq'
    | 'place'
    | 'groupId'
    | 'call'
    | 'value'
    | 'attempt'
    | 'priority'
    | 'submitMs'
    | 'startMs'
    | 'finishMs'
    | 'wakeAtMs'
    | 'worker'
    | 'progress'
    | 'blockers'
  > {
  errorCode: string | null
}

export function taskLine(task: Task): TaskLine {
  const { taskId, seq, place, groupId, call, value, attempt, priority, failure } = task
  const { submitMs, startMs, finishMs, wakeAtMs, worker, progress, blockers } = task
  return {
    ...{ taskId, seq, place, groupId, call, value, attempt, priority },
    ...{ submitMs, startMs, finishMs, wakeAtMs, worker, progress, blockers },
    errorCode: failure?.error.code ?? null,
  }
}

/** What a task is found by. */
export interface TaskWords {
  seq: number
  taskId: string
  call: string
  tags: string[]
}

/** What a group is found by. */
export interface GroupWords {
  seq: number
  groupId: string
  value: GroupValue
  tags: string[]
}

/** One line of a group's history, without its data; no task: an event of the group itself. */
export type EventLine = [
  eventId: number,
  atMs: number,
  taskId: string | null,
  type: string,
  value: string,
  attempt: number | null,
]

/** What a task must have before it may start. */
export interface TaskNeeds {
  resources: ResourceUse[]
  dependencies: { taskId: string; states: FinalState[] }[]
}

/** Running tasks, counted. */
export interface RunningTally {
  /** By the name of their worker. */
  workers: { worker: string; count: number }[]
  /** Those whose handler was asked to stop and has not. */
  unresponsive: number
  /** The last seq that was looked at; null when there was none. */
  lastSeq: number | null
}

/** Committed state only, as of one moment in the order of the commits. */
export interface Inspection {
  /** Groups before a seq, latest first; those that have not settled only, if so asked. */
  groupWords(query: { beforeSeq: number; unsettled: boolean; limit: number }): Promise<GroupWords[]>
  /** The groups with these seqs, latest first. */
  groups(seqs: readonly number[]): Promise<Group[]>

  /** Seqs of a group's tasks behind a seq, in any of these states (null: all), in submission order. */
  taskSeqs(query: {
    groupId: string
    states: readonly TaskState[] | null
    afterSeq: number
    /** Rows passed over first; they cost little, and not nothing. */
    skip: number
    limit: number
  }): Promise<number[]>
  /** A group's tasks behind a seq, in submission order. */
  taskWords(query: { groupId: string; afterSeq: number; limit: number }): Promise<TaskWords[]>
  /** Tasks in any of these states (null: all) before a seq, latest first. */
  latestTasks(query: {
    states: readonly TaskState[] | null
    beforeSeq: number
    limit: number
  }): Promise<TaskWords[]>
  /** The tasks with these seqs, in submission order. */
  lines(seqs: readonly number[]): Promise<TaskLine[]>
  /** The tasks with these ids, in submission order. */
  linesOf(taskIds: readonly string[]): Promise<TaskLine[]>

  /** What a task was submitted with that it may have to wait for. */
  needs(taskId: string): Promise<TaskNeeds | null>
  /** Tasks that wait for the end of this one, in submission order. */
  dependants(taskId: string, limit: number): Promise<string[]>
  /** A resource's reservations behind a place, in order of place. */
  queue(query: { resource: Resource; afterPlace: number; limit: number }): Promise<Reservation[]>
  /** The task's own reservation at a place of the queue. */
  reservation(resource: Resource, place: number): Promise<Reservation | null>
  /** Reservations with an operation before a place: the first ones, or the last ones backwards. */
  ahead(query: {
    resource: Resource
    operation: Operation
    beforePlace: number
    from: 'first' | 'last'
    limit: number
  }): Promise<Reservation[]>

  /** A group's history after an event, oldest first. */
  groupEvents(query: { groupId: string; afterEventId: number; limit: number }): Promise<EventLine[]>

  /** How many of the next tasks behind a seq are in a state: at most `limit`, and the last one's seq. */
  tally(query: {
    state: TaskState
    afterSeq: number
    limit: number
  }): Promise<{ count: number; lastSeq: number | null }>
  /** The next running tasks behind a seq, counted. */
  tallyRunning(afterSeq: number, limit: number): Promise<RunningTally>
  /** When the first was submitted of the next waiting tasks that have their place, and no time to wait for. */
  firstQueued(
    afterSeq: number,
    limit: number,
  ): Promise<{ submitMs: number | null; lastSeq: number | null }>
  /** Calls of the next unfinished tasks behind a seq. */
  callsInUse(
    afterSeq: number,
    limit: number,
  ): Promise<{ calls: { call: string; count: number }[]; lastSeq: number | null }>
  /** How many ready tasks start before this one; counts up to `limit`. */
  readyBefore(task: Pick<Task, 'priority' | 'place'>, limit: number): Promise<number>
}
