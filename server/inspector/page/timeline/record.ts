// A group's history in columns: each event in some 30 bytes, with links from one event of a task to the
// next. It grows at its end, and knows what each event changed, so that it can be read backwards too.
import type { HistoryTuple, TaskValue } from '../data.ts'

/** The state nodes of a task, by the number that stands for each in a column. */
export const TASK_VALUES = [
  'waiting',
  'suspended',
  'running.executing',
  'running.cancelling',
  'finished',
  'error',
  'canceled',
  'skipped',
] as const satisfies readonly TaskValue[]

/** Stands for "nothing before", "nothing after" and "not submitted". */
export const NONE = 255
const NO_EVENT = -1
const FIRST_LENGTH = 1_024

export class HistoryRecord {
  /** How many events there are. */
  length = 0
  /** Ids of the tasks in order of submission; elsewhere a task is its place here. */
  readonly taskIds: string[] = []

  // Of each event.
  #eventId = new Float64Array(FIRST_LENGTH)
  #atMs = new Float64Array(FIRST_LENGTH)
  #task = new Int32Array(FIRST_LENGTH)
  #type = new Uint8Array(FIRST_LENGTH)
  #value = new Uint8Array(FIRST_LENGTH)
  #before = new Uint8Array(FIRST_LENGTH)
  #attempt = new Uint16Array(FIRST_LENGTH)
  #next = new Int32Array(FIRST_LENGTH)
  // Of each task.
  #first = new Int32Array(FIRST_LENGTH)
  #last = new Int32Array(FIRST_LENGTH)

  readonly #taskNumbers = new Map<string, number>()
  readonly #types = new Names()
  readonly #groupValues = new Names()
  #groupValue = NONE

  /** Adds events in the order of their ids; those that it has are passed over. */
  append(events: readonly HistoryTuple[]): void {
    this.#reserve(this.length + events.length)
    let lastEventId = this.lastEventId
    for (const [eventId, atMs, taskId, type, value, attempt] of events) {
      if (eventId <= lastEventId) continue
      lastEventId = eventId
      const at = this.length
      this.#eventId[at] = eventId
      // A clock that was set back must not take the events out of their order.
      this.#atMs[at] = at === 0 ? atMs : Math.max(atMs, this.#atMs[at - 1] as number)
      this.#type[at] = this.#types.numberOf(type)
      this.#attempt[at] = attempt ?? 0
      this.#next[at] = NO_EVENT
      if (taskId === null) this.#addOfGroup(at, value)
      else this.#addOfTask(at, taskId, value)
      this.length += 1
    }
  }

  get lastEventId(): number {
    return this.length === 0 ? 0 : this.eventIdOf(this.length - 1)
  }

  /** The group's state node after the last event. */
  get groupValue(): string {
    return this.groupValueOf(this.#groupValue)
  }

  eventIdOf(event: number): number {
    return this.#eventId[event] as number
  }

  atMsOf(event: number): number {
    return this.#atMs[event] as number
  }

  /** The task of an event; -1: an event of the group itself. */
  taskOf(event: number): number {
    return this.#task[event] as number
  }

  typeOf(event: number): string {
    return this.#types.nameOf(this.#type[event] as number)
  }

  /** Number of the state node after an event, and before it. */
  valueOf(event: number): number {
    return this.#value[event] as number
  }

  beforeOf(event: number): number {
    return this.#before[event] as number
  }

  attemptOf(event: number): number {
    return this.#attempt[event] as number
  }

  groupValueOf(number: number): string {
    return number === NONE ? 'active.open' : this.#groupValues.nameOf(number)
  }

  /** The task's next event, -1 after the last. */
  nextOf(event: number): number {
    return this.#next[event] as number
  }

  firstOf(task: number): number {
    return this.#first[task] as number
  }

  lastOf(task: number): number {
    return this.#last[task] as number
  }

  taskNumberOf(taskId: string): number | undefined {
    return this.#taskNumbers.get(taskId)
  }

  /** How many events have an id up to this one. */
  upToEvent(eventId: number): number {
    return upTo(this.#eventId, this.length, eventId)
  }

  /** How many events happened up to this time. */
  upToTime(atMs: number): number {
    return upTo(this.#atMs, this.length, atMs)
  }

  #addOfGroup(at: number, value: string): void {
    this.#task[at] = -1
    this.#before[at] = this.#groupValue
    this.#groupValue = this.#groupValues.numberOf(value)
    this.#value[at] = this.#groupValue
  }

  #addOfTask(at: number, taskId: string, name: string): void {
    const value = (TASK_VALUES as readonly string[]).indexOf(name)
    if (value < 0) throw new Error(`no state of a task is called ${name}`)
    this.#value[at] = value
    const known = this.#taskNumbers.get(taskId)
    if (known === undefined) {
      const task = this.taskIds.length
      this.taskIds.push(taskId)
      this.#taskNumbers.set(taskId, task)
      this.#first = longer(this.#first, task + 1)
      this.#last = longer(this.#last, task + 1)
      this.#first[task] = at
      this.#last[task] = at
      this.#task[at] = task
      this.#before[at] = NONE
      return
    }
    const last = this.#last[known] as number
    this.#task[at] = known
    this.#before[at] = this.#value[last] as number
    this.#next[last] = at
    this.#last[known] = at
  }

  #reserve(length: number): void {
    this.#eventId = longer(this.#eventId, length)
    this.#atMs = longer(this.#atMs, length)
    this.#task = longer(this.#task, length)
    this.#type = longer(this.#type, length)
    this.#value = longer(this.#value, length)
    this.#before = longer(this.#before, length)
    this.#attempt = longer(this.#attempt, length)
    this.#next = longer(this.#next, length)
  }
}

/** Names by number, in the order in which they came; at most 255. */
class Names {
  readonly #names: string[] = []
  readonly #numbers = new Map<string, number>()

  numberOf(name: string): number {
    const known = this.#numbers.get(name)
    if (known !== undefined) return known
    const number = this.#names.length
    if (number >= NONE) throw new Error(`a history has at most ${NONE} names of a kind`)
    this.#names.push(name)
    this.#numbers.set(name, number)
    return number
  }

  nameOf(number: number): string {
    return this.#names[number] as string
  }
}

type Column = Float64Array | Int32Array | Uint8Array | Uint16Array

/** The column, or a copy with more room when it is too short. */
function longer<T extends Column>(column: T, length: number): T {
  if (column.length >= length) return column
  const Kind = column.constructor as new (length: number) => T
  const next = new Kind(Math.max(length, column.length * 2))
  next.set(column as never)
  return next
}

/** How many of the first `length` values of a rising column are at most `limit`. */
function upTo(column: Float64Array, length: number, limit: number): number {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((column[middle] as number) <= limit) low = middle + 1
    else high = middle
  }
  return low
}
