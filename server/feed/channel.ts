// What the readers of one topic have in common: its latest events, how things changed without an event,
// and who waits for more. A reader itself is a place in them, whatever it has not read.
import type { Group, HistoryEvent, Task } from '../../machines/index.ts'
import type { FeedItem, Topic } from './item.ts'

/** Events that a reader is given at a time: few at first, since it may have come for few. */
export const PAGE = { first: 32, max: 512 }
/** Tasks and groups whose last change without an event is kept; the latest count. */
const CHANGES_MAX = 4_096

export interface Page {
  items: FeedItem[]
  /** The event up to which it goes. */
  after: number
  /** The change up to which it goes. */
  mark: number
  /** Whether there may be more behind it. */
  isFull: boolean
}

/** Reads events of the topic from the store, oldest first. */
export type ReadEvents = (afterEventId: number, limit: number) => Promise<HistoryEvent[]>

/** What a page was made for. */
interface Wanted {
  after: number
  mark: number
  limit: number
  merging: boolean
}

export class Channel {
  readonly topic: Topic
  readonly #read: ReadEvents
  readonly #recentLimit: number
  readonly #changes = new Map<string, { mark: number; item: FeedItem }>()
  readonly #waiting = new Set<() => void>()
  /** The latest events, without a gap: all whose id is above `#recentAfter`. */
  #recent: HistoryEvent[] = []
  #recentAfter: number | null = null
  #last: { wanted: Wanted; version: number; page: Promise<Page> } | null = null
  /** How many follow the topic. */
  readers = 0
  /** Rises whenever there is something to read. */
  version = 0
  /** The number of the last change without an event. */
  mark = 0
  /** Set when the task or group was deleted. */
  hasEnded = false

  constructor(topic: Topic, read: ReadEvents, recentLimit: number) {
    this.topic = topic
    this.#read = read
    this.#recentLimit = recentLimit
  }

  /** Takes an event of the topic. */
  addEvent(event: HistoryEvent): void {
    this.#recent.push(event)
    // A half at a time: to shorten the list costs its length.
    if (this.#recent.length < 2 * this.#recentLimit) return
    const over = this.#recent.length - this.#recentLimit
    this.#recentAfter = (this.#recent[over - 1] as HistoryEvent).eventId
    this.#recent = this.#recent.slice(over)
  }

  /** Takes how a task is, which has no event to say so. */
  addTask({ taskId, groupId, attempt, value, progress, rev }: Task): void {
    // Not the task itself: its arguments may be large, and the list outlives it.
    this.#keep(taskId, { kind: 'task', task: { taskId, groupId, attempt, value, progress, rev } })
  }

  /** Takes how a group is. */
  addGroup(group: Group): void {
    this.#keep(group.groupId, { kind: 'group', group })
  }

  /** Forgets how a task was: its events tell the rest. */
  dropTask(taskId: string): void {
    this.#changes.delete(taskId)
  }

  /**
   * Tells those that wait that there is something to read.
   *
   * @param before An id below those of the commit's events, and not below that of any earlier event.
   */
  publish(before: number): void {
    this.#recentAfter ??= before
    this.version += 1
    this.wake()
  }

  /** Lets those that wait look again. */
  wake(): void {
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }

  /** Calls `wake` once, with what is published next; the answer ends it. */
  onWake(wake: () => void): () => void {
    this.#waiting.add(wake)
    return () => this.#waiting.delete(wake)
  }

  /**
   * What comes after an event and a change. Readers at the same place are given the same page.
   *
   * @param limit Events at most.
   * @param merging Gives of each task and group the last event of a page, when they are so far behind
   *   that it has to be read from the store.
   */
  page(after: number, mark: number, limit: number, merging: boolean): Promise<Page> {
    const last = this.#last
    if (
      last !== null &&
      last.version === this.version &&
      last.wanted.after === after &&
      last.wanted.mark === mark &&
      last.wanted.limit === limit &&
      last.wanted.merging === merging
    ) {
      return last.page
    }
    const wanted = { after, mark, limit, merging }
    const page = this.#compose(wanted)
    const kept = { wanted, version: this.version, page }
    this.#last = kept
    // Whoever asks again after a failure is not given the same failure.
    page.catch(() => {
      if (this.#last === kept) this.#last = null
    })
    return page
  }

  async #compose({ after, mark, limit, merging }: Wanted): Promise<Page> {
    const recentAfter = this.#recentAfter
    const isRecent = recentAfter !== null && after >= recentAfter
    const events = isRecent ? this.#recentOnes(after, limit) : await this.#read(after, limit)
    const isFull = events.length === limit
    const isBehind = isFull && !isRecent && limit === PAGE.max
    const items = merging && isBehind ? lastOfEach(events) : events.map(alone)
    const last = events.at(-1)?.eventId ?? after
    if (isFull) return { items, after: last, mark, isFull }
    // Nothing was published so far, so that whatever will be comes after what the store had.
    this.#recentAfter ??= last
    // How things are is for those who have arrived at the present.
    for (const change of this.#changes.values()) if (change.mark > mark) items.push(change.item)
    return { items, after: Math.max(last, recentAfter ?? 0), mark: this.mark, isFull }
  }

  #recentOnes(after: number, limit: number): HistoryEvent[] {
    const first = firstAfter(this.#recent, after)
    return this.#recent.slice(first, first + limit)
  }

  #keep(id: string, item: FeedItem): void {
    this.mark += 1
    // Deleted first, so that the oldest change is the first of them.
    this.#changes.delete(id)
    this.#changes.set(id, { mark: this.mark, item })
    if (this.#changes.size > CHANGES_MAX) {
      this.#changes.delete(this.#changes.keys().next().value as string)
    }
  }
}

const alone = (event: HistoryEvent): FeedItem => ({ kind: 'event', event, merged: 0 })

function lastOfEach(events: readonly HistoryEvent[]): FeedItem[] {
  const last = new Map<string, { event: HistoryEvent; merged: number }>()
  for (const event of events) {
    const whose = event.taskId ?? event.groupId ?? ''
    const merged = (last.get(whose)?.merged ?? -1) + 1
    // Deleted first, so that the order is that of the last events.
    last.delete(whose)
    last.set(whose, { event, merged })
  }
  return [...last.values()].map(each => ({ kind: 'event', ...each }))
}

function firstAfter(events: readonly HistoryEvent[], eventId: number): number {
  let low = 0
  let high = events.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((events[middle] as HistoryEvent).eventId <= eventId) low = middle + 1
    else high = middle
  }
  return low
}
