// All that the memory store holds, with the orders in which it is looked for. Every change can be undone.
import {
  type Group,
  type HistoryEvent,
  type IdempotencyRecord,
  isFinal,
  isReady,
  type Reservation,
  resourceKey,
  type SimpleChange,
  type Slice,
  stateOf,
  type Task,
  unfinishedCount,
} from '../../../machines/index.ts'
import { SortedList, SortedLists } from './sorted.ts'

/** That a task waits for another. */
export interface Edge {
  dependantId: string
  dependantSeq: number
  states: Task['dependencies'][number]['states']
}

const bySeq = (a: { seq: number }, b: { seq: number }) => a.seq - b.seq
const byPlace = (a: Reservation, b: Reservation) => a.place - b.place
const byReadiness = (a: Task, b: Task) =>
  b.priority - a.priority || (a.place ?? 0) - (b.place ?? 0) || a.seq - b.seq
const byWake = (a: Task, b: Task) => (a.wakeAtMs ?? 0) - (b.wakeAtMs ?? 0) || a.seq - b.seq
const byEventId = (a: HistoryEvent, b: HistoryEvent) => a.eventId - b.eventId

export class Rows {
  counters: Slice['counters'] = { seq: 0, place: 0, rev: 0 }
  readonly tasks = new Map<string, Task>()
  readonly groups = new Map<string, Group>()
  readonly idempotency = new Map<string, IdempotencyRecord>()

  readonly inOrder = new SortedList<Task>(bySeq)
  readonly unfinished = new SortedList<Task>(bySeq)
  readonly ready = new SortedList<Task>(byReadiness)
  readonly waking = new SortedList<Task>(byWake)
  readonly byState = new SortedLists<Task>(bySeq)
  readonly byGroup = new SortedLists<Task>(bySeq)
  readonly byGroupState = new SortedLists<Task>(bySeq)
  readonly unfinishedByParent = new SortedLists<Task>(bySeq)
  readonly groupsInOrder = new SortedList<Group>(bySeq)
  readonly activeGroups = new SortedList<Group>(bySeq)
  readonly unsettledGroups = new SortedList<Group>(bySeq)

  readonly queues = new SortedLists<Reservation>(byPlace)
  readonly queuesByOperation = new SortedLists<Reservation>(byPlace)
  readonly waitingByOperation = new SortedLists<Reservation>(byPlace)

  readonly dependants = new SortedLists<Edge>((a, b) => a.dependantSeq - b.dependantSeq)
  readonly events = new SortedList<HistoryEvent>(byEventId)
  readonly eventsByTask = new SortedLists<HistoryEvent>(byEventId)
  readonly eventsByGroup = new SortedLists<HistoryEvent>(byEventId)

  #undoLog: (() => void)[] = []

  /** Forgets how to undo what was applied so far. */
  keep(): void {
    this.#undoLog = []
  }

  /** Takes back what was applied since the last `keep`, the last first. */
  undo(): void {
    for (const undo of this.#undoLog.reverse()) undo()
    this.#undoLog = []
  }

  apply(change: SimpleChange): void {
    switch (change.type) {
      case 'counters.set': {
        const before = this.counters
        const { seq, place, rev } = change
        this.counters = { seq, place, rev }
        this.#undoLog.push(() => {
          this.counters = before
        })
        return
      }
      case 'task.put':
        this.#replaceTask(change.task.taskId, owned(change.task))
        return
      case 'task.delete':
        this.#deleteTask(change.taskId)
        return
      case 'group.put':
        this.#replaceGroup(change.group.groupId, owned(change.group))
        return
      case 'group.delete':
        for (const event of [...(this.eventsByGroup.get(change.groupId)?.from() ?? [])])
          this.#removeEvent(event)
        this.#replaceGroup(change.groupId, undefined)
        return
      case 'reservation.put':
        this.#putReservation(owned(change.reservation))
        return
      case 'reservation.delete': {
        const reservation = this.reservationAt(resourceKey(change.resource), change.place)
        if (reservation !== undefined) this.#removeReservation(reservation)
        return
      }
      case 'edge.put': {
        const { dependencyId, dependantId, states } = change
        this.#putEdge(dependencyId, {
          dependantId,
          dependantSeq: this.#seqOf(dependantId),
          states: owned(states),
        })
        return
      }
      case 'edge.delete':
        this.#deleteEdge(change.dependencyId, this.#seqOf(change.dependantId))
        return
      case 'event.append':
        this.#addEvent(owned(change.event))
        return
      case 'idempotency.put':
        this.#replaceIdempotency(change.record.key, owned(change.record))
        return
      case 'idempotency.expire':
        for (const { key, submittedMs } of [...this.idempotency.values()]) {
          if (submittedMs < change.beforeMs) this.#replaceIdempotency(key, undefined)
        }
        return
    }
  }

  reservationAt(key: string, place: number): Reservation | undefined {
    const [found] = this.queues.get(key)?.from(each => each.place < place) ?? []
    return found?.place === place ? found : undefined
  }

  #replaceTask(taskId: string, next: Task | undefined): void {
    const before = this.tasks.get(taskId)
    if (before !== undefined) this.#unindexTask(before)
    if (next === undefined) this.tasks.delete(taskId)
    else {
      this.tasks.set(taskId, next)
      this.#indexTask(next)
    }
    this.#undoLog.push(() => {
      if (next !== undefined) this.#unindexTask(next)
      if (before === undefined) this.tasks.delete(taskId)
      else {
        this.tasks.set(taskId, before)
        this.#indexTask(before)
      }
    })
  }

  #indexTask(task: Task): void {
    const { groupId, parentId } = task
    const unfinished = !isFinal(task.value)
    this.inOrder.add(task)
    this.byState.add(stateOf(task.value), task)
    if (unfinished) this.unfinished.add(task)
    if (isReady(task)) this.ready.add(task)
    if (task.wakeAtMs !== null) this.waking.add(task)
    if (parentId !== null && unfinished) this.unfinishedByParent.add(parentId, task)
    if (groupId !== null) {
      this.byGroup.add(groupId, task)
      this.byGroupState.add(groupStateKey(groupId, stateOf(task.value)), task)
    }
  }

  #unindexTask(task: Task): void {
    const { groupId, parentId } = task
    this.inOrder.remove(task)
    this.unfinished.remove(task)
    this.ready.remove(task)
    this.waking.remove(task)
    this.byState.remove(stateOf(task.value), task)
    if (parentId !== null) this.unfinishedByParent.remove(parentId, task)
    if (groupId !== null) {
      this.byGroup.remove(groupId, task)
      this.byGroupState.remove(groupStateKey(groupId, stateOf(task.value)), task)
    }
  }

  /** Deletes a task with its history, and the edges by which it depends on others. */
  #deleteTask(taskId: string): void {
    const task = this.tasks.get(taskId)
    if (task === undefined) return
    for (const { taskId: dependencyId } of task.dependencies)
      this.#deleteEdge(dependencyId, task.seq)
    for (const event of [...(this.eventsByTask.get(taskId)?.from() ?? [])]) this.#removeEvent(event)
    this.#replaceTask(taskId, undefined)
  }

  #replaceGroup(groupId: string, next: Group | undefined): void {
    const before = this.groups.get(groupId)
    const set = (from: Group | undefined, to: Group | undefined) => {
      if (from !== undefined) {
        this.groupsInOrder.remove(from)
        this.activeGroups.remove(from)
        this.unsettledGroups.remove(from)
      }
      if (to === undefined) this.groups.delete(groupId)
      else {
        this.groups.set(groupId, to)
        this.groupsInOrder.add(to)
        if (unfinishedCount(to) > 0) this.activeGroups.add(to)
        if (to.value !== 'settled') this.unsettledGroups.add(to)
      }
    }
    set(before, next)
    this.#undoLog.push(() => set(next, before))
  }

  #putReservation(reservation: Reservation): void {
    const before = this.reservationAt(resourceKey(reservation), reservation.place)
    if (before !== undefined) this.#removeReservation(before)
    this.#indexReservation(reservation)
    this.#undoLog.push(() => this.#unindexReservation(reservation))
  }

  #removeReservation(reservation: Reservation): void {
    this.#unindexReservation(reservation)
    this.#undoLog.push(() => this.#indexReservation(reservation))
  }

  #indexReservation(reservation: Reservation): void {
    const key = resourceKey(reservation)
    this.queues.add(key, reservation)
    this.queuesByOperation.add(operationKey(key, reservation.operation), reservation)
    if (!reservation.granted)
      this.waitingByOperation.add(operationKey(key, reservation.operation), reservation)
  }

  #unindexReservation(reservation: Reservation): void {
    const key = resourceKey(reservation)
    this.queues.remove(key, reservation)
    this.queuesByOperation.remove(operationKey(key, reservation.operation), reservation)
    this.waitingByOperation.remove(operationKey(key, reservation.operation), reservation)
  }

  #putEdge(dependencyId: string, edge: Edge): void {
    this.#deleteEdge(dependencyId, edge.dependantSeq)
    this.dependants.add(dependencyId, edge)
    this.#undoLog.push(() => this.dependants.remove(dependencyId, edge))
  }

  #deleteEdge(dependencyId: string, dependantSeq: number): void {
    const [edge] =
      this.dependants.get(dependencyId)?.from(each => each.dependantSeq < dependantSeq) ?? []
    if (edge?.dependantSeq !== dependantSeq) return
    this.dependants.remove(dependencyId, edge)
    this.#undoLog.push(() => this.dependants.add(dependencyId, edge))
  }

  #addEvent(event: HistoryEvent): void {
    this.#indexEvent(event)
    this.#undoLog.push(() => this.#unindexEvent(event))
  }

  #removeEvent(event: HistoryEvent): void {
    this.#unindexEvent(event)
    this.#undoLog.push(() => this.#indexEvent(event))
  }

  #indexEvent(event: HistoryEvent): void {
    this.events.add(event)
    if (event.taskId !== null) this.eventsByTask.add(event.taskId, event)
    if (event.groupId !== null) this.eventsByGroup.add(event.groupId, event)
  }

  #unindexEvent(event: HistoryEvent): void {
    this.events.remove(event)
    if (event.taskId !== null) this.eventsByTask.remove(event.taskId, event)
    if (event.groupId !== null) this.eventsByGroup.remove(event.groupId, event)
  }

  #replaceIdempotency(key: string, next: IdempotencyRecord | undefined): void {
    const before = this.idempotency.get(key)
    const set = (record: IdempotencyRecord | undefined) => {
      if (record === undefined) this.idempotency.delete(key)
      else this.idempotency.set(key, record)
    }
    set(next)
    this.#undoLog.push(() => set(before))
  }

  #seqOf(taskId: string): number {
    const task = this.tasks.get(taskId)
    if (task === undefined) throw new Error(`an edge names the task ${taskId}, which was never put`)
    return task.seq
  }
}

export function groupStateKey(groupId: string, state: string): string {
  return `${groupId} ${state}`
}

export function operationKey(resource: string, operation: string): string {
  return `${resource}\u0000${operation}`
}

/** A copy that nobody else holds and nobody can change. */
function owned<T>(value: T): T {
  return frozen(structuredClone(value))
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const each of Object.values(value)) frozen(each)
  }
  return value
}
