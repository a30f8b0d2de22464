// The queue of every resource in use: who holds a reservation, at which place, and who still waits.
import {
  ByResource,
  type Firsts,
  grantBounds,
  type Need,
  OPERATIONS,
  type Operation,
  type Reservation,
  type Resource,
  type ResourceUse,
} from '../../../machines/index.ts'
import { Line } from './line.ts'

/** Ids of tasks by their place, for each operation that somebody has a reservation with. */
class Places {
  create: Line<string> | null = null
  read: Line<string> | null = null
  update: Line<string> | null = null
  delete: Line<string> | null = null

  get isEmpty(): boolean {
    return OPERATIONS.every(operation => this[operation] === null)
  }

  put(operation: Operation, place: number, taskId: string): void {
    this[operation] ??= new Line()
    this[operation].put(place, taskId)
  }

  /** False when nothing was there. */
  remove(operation: Operation, place: number): boolean {
    const line = this[operation]
    if (line === null || !line.delete(place)) return false
    if (line.isEmpty) this[operation] = null
    return true
  }
}

/** One resource's reservations; most are granted, and of tasks that use nothing else. */
class Queue {
  readonly held = new Places()
  /** Of those, the ones that are not granted. */
  waiting: Places | null = null
  /** Of those, the ones of tasks that use other resources too. */
  sharing: Line<string> | null = null

  put({ operation, place, taskId, granted, sharing }: Entry): void {
    this.held.put(operation, place, taskId)
    if (granted) this.grant(operation, place)
    else {
      this.waiting ??= new Places()
      this.waiting.put(operation, place, taskId)
    }
    if (!sharing) return
    this.sharing ??= new Line()
    this.sharing.put(place, taskId)
  }

  grant(operation: Operation, place: number): void {
    if (this.waiting === null) return
    this.waiting.remove(operation, place)
    if (this.waiting.isEmpty) this.waiting = null
  }

  delete(place: number): void {
    for (const operation of OPERATIONS) {
      if (!this.held.remove(operation, place)) continue
      this.grant(operation, place)
      this.sharing?.delete(place)
      if (this.sharing?.isEmpty) this.sharing = null
    }
  }
}

/** One reservation in its queue. Most queues have no other, and then it stands for the queue. */
class Entry {
  readonly operation: Operation
  readonly place: number
  readonly taskId: string
  granted: boolean
  readonly sharing: boolean

  constructor(
    operation: Operation,
    place: number,
    taskId: string,
    granted: boolean,
    sharing: boolean,
  ) {
    this.operation = operation
    this.place = place
    this.taskId = taskId
    this.granted = granted
    this.sharing = sharing
  }
}

/** A task behind a place, and where. */
export interface Holder {
  place: number
  taskId: string
}

export class Queues {
  readonly #queues = new ByResource<Queue | Entry>()

  /** Puts a task's reservation, or changes whether it is granted. */
  put(
    use: ResourceUse,
    {
      place,
      taskId,
      granted,
      sharing,
    }: Pick<Reservation, 'place' | 'taskId' | 'granted'> & { sharing: boolean },
  ): void {
    const entry = new Entry(use.operation, place, taskId, granted, sharing)
    const known = this.#queues.get(use)
    if (known instanceof Queue) known.put(entry)
    else if (known === undefined || known.place === entry.place) this.#queues.set(use, entry)
    else {
      const queue = queueOf(known)
      queue.put(entry)
      this.#queues.set(use, queue)
    }
  }

  delete(resource: Resource, place: number): void {
    const queue = this.#queues.get(resource)
    if (queue instanceof Entry) {
      if (queue.place === place) this.#queues.delete(resource)
    } else if (queue !== undefined) {
      queue.delete(place)
      if (queue.held.isEmpty) this.#queues.delete(resource)
    }
  }

  /** For each operation, the first place that holds it, of those before a place; null: nobody uses it. */
  firsts(resource: Resource, before = Number.POSITIVE_INFINITY): Firsts | null {
    const queue = this.#queues.get(resource)
    return queue === undefined ? null : firstsOf(queue, before)
  }

  /** Whether anybody stands in a queue behind a place; `waiting`: whose reservation is not granted. */
  hasBehind(resource: Resource, place: number, waiting: boolean): boolean {
    const queue = this.#queues.get(resource)
    if (queue === undefined) return false
    if (queue instanceof Entry) return queue.place > place && !(waiting && queue.granted)
    const places = waiting ? queue.waiting : queue.held
    if (places === null) return false
    return OPERATIONS.some(operation => places[operation]?.hasAfter(place))
  }

  /** Reservations that wait, behind `after` and up to a place for each operation (absent: to the end), by place. */
  grantable({
    resource,
    after = -1,
    bounds,
    limit,
  }: NonNullable<Need['grantable']>): Reservation[] {
    const { resource_type, resource_id } = resource
    const queue = this.#queue(resource)
    if (queue === undefined) return []
    return OPERATIONS.flatMap(operation =>
      (queue.waiting?.[operation]?.after(after, limit, bounds[operation]) ?? []).map(
        ({ key: place, item: taskId }): Reservation => {
          return { resource_type, resource_id, operation, place, taskId, granted: false }
        },
      ),
    )
      .sort((a, b) => a.place - b.place)
      .slice(0, limit)
  }

  /** Who stands behind `after`, up to `until`, by place; when `sharing`, those that use other resources too. */
  behind(
    resource: Resource,
    {
      after,
      until,
      limit,
      sharing,
    }: { after: number; until: number; limit: number; sharing: boolean },
  ): Holder[] {
    const queue = this.#queue(resource)
    if (queue === undefined) return []
    const lines = sharing ? [queue.sharing] : OPERATIONS.map(operation => queue.held[operation])
    return lines
      .flatMap(line => line?.after(after, limit, until) ?? [])
      .map(({ key: place, item: taskId }) => ({ place, taskId }))
      .sort((a, b) => a.place - b.place)
      .slice(0, limit)
  }

  /** The reservation at a place. */
  at(resource: Resource, place: number): Reservation | null {
    const queue = this.#queue(resource)
    for (const operation of OPERATIONS) {
      const taskId = queue?.held[operation]?.get(place)
      if (queue === undefined || taskId === undefined) continue
      const granted = queue.waiting?.[operation]?.get(place) === undefined
      const { resource_type, resource_id } = resource
      return { resource_type, resource_id, operation, place, taskId, granted }
    }
    return null
  }

  /** Reservations with an operation before a place: the first ones, or the last ones backwards. */
  ahead(
    resource: Resource,
    operation: Operation,
    { beforePlace, from, limit }: { beforePlace: number; from: 'first' | 'last'; limit: number },
  ): Reservation[] {
    const line = this.#queue(resource)?.held[operation]
    if (line === undefined || line === null) return []
    const found =
      from === 'last'
        ? line.before(beforePlace, limit)
        : line.after(-1, limit).filter(({ key }) => key < beforePlace)
    return found.flatMap(({ key }) => this.at(resource, key) ?? [])
  }

  /** Grants whatever nothing stands before: what is so in every state that a store commits. */
  settle(): void {
    for (const queue of this.#queues.values()) {
      if (queue instanceof Entry) {
        queue.granted = true
        continue
      }
      const bounds = grantBounds(firstsOf(queue, Number.POSITIVE_INFINITY))
      for (const operation of OPERATIONS) {
        const bound = bounds[operation]
        const waiting = queue.waiting?.[operation]
        for (const { key: place } of waiting?.after(-1, Number.POSITIVE_INFINITY, bound) ?? [])
          queue.grant(operation, place)
      }
    }
  }

  #queue(resource: Resource): Queue | undefined {
    const known = this.#queues.get(resource)
    return known instanceof Entry ? queueOf(known) : known
  }
}

function firstsOf(queue: Queue | Entry, before: number): Firsts {
  const firsts: Firsts = {}
  if (queue instanceof Entry) {
    if (queue.place < before) firsts[queue.operation] = queue.place
    return firsts
  }
  for (const operation of OPERATIONS) {
    const place = queue.held[operation]?.firstKey()
    if (place !== undefined && place < before) firsts[operation] = place
  }
  return firsts
}

function queueOf(entry: Entry): Queue {
  const queue = new Queue()
  queue.put(entry)
  return queue
}
