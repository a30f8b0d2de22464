// What happens, for whoever follows it: the events of the history, each once and in order, from wherever
// a reader left off, and between them what has no line in the history, such as progress.
import type { Engine } from './engine.ts'
import { type Channel, PAGE } from './feed/channel.ts'
import { Channels } from './feed/channels.ts'
import type { FeedItem, Position, Topic } from './feed/item.ts'
import { Pace } from './feed/pace.ts'
import type { Clock } from './ports.ts'
import type { Store } from './store/store.ts'

export type { FeedItem, Position, Topic }

export interface FeedParts {
  engine: Engine
  store: Store
  clock: Clock
  /** Events of everything that are kept in memory while somebody reads; further back is the store. */
  recentLimit?: number
}

/** How a reader is served. */
export interface Following {
  /** Ends it. */
  signal: AbortSignal
  /** After how long without anything else it is told where it is, in ms. */
  idleMs: number
}

type Start = FeedItem & { kind: 'position' | 'gap' }

export class Feed {
  readonly #store: Store
  readonly #clock: Clock
  readonly #pace: Pace
  readonly #channels: Channels
  readonly #unsubscribe: () => void
  /** The last event of the store; null until somebody asked or something happened. */
  #last: Position | null = null
  #isClosed = false

  constructor({ engine, store, clock, recentLimit = 4_096 }: FeedParts) {
    this.#store = store
    this.#clock = clock
    this.#pace = new Pace(clock)
    this.#channels = new Channels({
      read: (topic, afterEventId, limit) => store.history({ ...topic, afterEventId, limit }),
      recentLimit,
    })
    this.#unsubscribe = engine.subscribe(commit => {
      const last = commit.lastEvent
      if (last !== null) this.#last = { eventId: last.eventId, atMs: last.atMs }
      this.#channels.take(commit)
    })
  }

  /** How many follow it at this moment. */
  get readers(): number {
    return this.#channels.readers
  }

  /** Ends every reader's list. */
  close(): void {
    this.#isClosed = true
    this.#unsubscribe()
    this.#channels.wake()
  }

  /**
   * Follows a topic: lists of what has happened since, the first at once. Nothing is read ahead of
   * whoever iterates, so that a reader which does not read costs a page of memory and no work.
   *
   * The first item says where the reader starts. Every event from there to the present is given, then how
   * the task or group is, then what comes. A reader that falls so far behind what comes that it has to
   * be read from the store is given the last event of each task and group of a page instead of them all.
   *
   * @param from What the reader knows already; null: it wants what comes.
   */
  async *follow(
    topic: Topic,
    from: Position | null,
    { signal, idleMs }: Following,
  ): AsyncGenerator<FeedItem[]> {
    const channel = this.#channels.join(topic)
    try {
      const start = await this.#start(from)
      yield [start]
      let told = start.position
      let after = told.eventId
      let { mark } = channel
      let limit = PAGE.first
      let hasCaughtUp = false
      let seen = -1
      while (!signal.aborted && !this.#isClosed) {
        if (channel.version === seen && !(await this.#woken(channel, signal, idleMs))) {
          const here = await this.#present()
          yield here.eventId === told.eventId ? [] : [{ kind: 'position', position: here }]
          told = here
          continue
        }
        await this.#pace.turn()
        if (signal.aborted || this.#isClosed) return
        const { version } = channel
        const page = await channel.page(after, mark, limit, hasCaughtUp)
        limit = Math.min(2 * limit, PAGE.max)
        after = page.after
        mark = page.mark
        seen = page.isFull ? -1 : version
        if (page.items.length > 0) yield page.items
        if (page.isFull) continue
        if (channel.hasEnded) {
          yield [{ kind: 'deleted', topic }]
          return
        }
        if (hasCaughtUp) continue
        hasCaughtUp = true
        const now = await this.#now(topic)
        if (now !== null) yield [now]
      }
    } finally {
      this.#channels.leave(channel)
    }
  }

  /** Waits for something to read, or for the reader's end; false when nothing came for so long. */
  async #woken(channel: Channel, signal: AbortSignal, idleMs: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const wake = () => resolve(true)
    const forget = channel.onWake(wake)
    const cancelTimer = this.#clock.after(idleMs, () => resolve(false))
    signal.addEventListener('abort', wake)
    try {
      return await promise
    } finally {
      signal.removeEventListener('abort', wake)
      cancelTimer()
      forget()
    }
  }

  /** Where a reader starts, and whether what it knows is of this store. */
  async #start(from: Position | null): Promise<Start> {
    const last = await this.#present()
    if (from === null) return { kind: 'position', position: last }
    const { eventId: afterEventId, atMs } = from
    const lastEventId = last.eventId
    // Changes without an event have numbers, too.
    if (afterEventId > lastEventId && afterEventId > (await this.#store.rev())) {
      return { kind: 'gap', afterEventId, lastEventId, position: last }
    }
    if (atMs === null || (await this.#has(afterEventId, atMs))) {
      return { kind: 'position', position: from }
    }
    const position = { eventId: afterEventId, atMs: null }
    return { kind: 'gap', afterEventId, lastEventId, position }
  }

  async #has(eventId: number, atMs: number): Promise<boolean> {
    const [event] = await this.#store.history({ afterEventId: eventId - 1, limit: 1 })
    return event?.eventId === eventId && event.atMs === atMs
  }

  /** The last event of the store. */
  async #present(): Promise<Position> {
    if (this.#last === null) {
      const found = await lastEvent(this.#store)
      // What was committed meanwhile is later.
      this.#last ??= found
    }
    return this.#last
  }

  /** How the task or group that is followed is. */
  async #now({ taskId, groupId }: Topic): Promise<FeedItem | null> {
    if (taskId !== undefined) {
      const task = await this.#store.task(taskId)
      return task && { kind: 'task', task }
    }
    if (groupId === undefined) return null
    const group = await this.#store.group(groupId)
    return group && { kind: 'group', group }
  }
}

/** Finds the last event by halves: a store gives events from a place onward. */
async function lastEvent(store: Store): Promise<Position> {
  let found: Position = { eventId: 0, atMs: null }
  let high = await store.rev()
  while (found.eventId < high) {
    const middle = Math.floor((found.eventId + high) / 2)
    const [event] = await store.history({ afterEventId: middle, limit: 1 })
    if (event === undefined) high = middle
    else found = { eventId: event.eventId, atMs: event.atMs }
  }
  return found
}
