// The disk that outlives the processes: rows in a memory store, and one connection for each process.
// It tells of every commit what it changed, decision by decision, in the moment in which it is kept.
import type { Change, Slice } from '../../machines/index.ts'
import { StoreError } from '../../server/errors.ts'
import { memoryStore } from '../../server/store/memory.ts'
import type {
  HistoryQuery,
  Search,
  Store,
  TaskQuery,
  Transaction,
} from '../../server/store/store.ts'

/** An answer that never comes: one of its own each, so that whoever waits for it can be forgotten. */
const never = () => new Promise<never>(() => {})

/** What a disk tells as it happens. */
export interface Watcher {
  /** A commit is kept; each list is what one decision changed. */
  committed(decisions: readonly (readonly Change[])[]): void
  /** A transaction finds the counters like this before it has changed anything. */
  counted(counters: Slice['counters']): void
  /** A process writes that has closed its store. */
  wroteAfterClose(): void
}

export class Disk {
  readonly #store = memoryStore()
  readonly #watcher: Watcher
  readonly #latency: () => number
  #isOpen = false

  /** @param latency Microtasks that a read is late at most: on its way to the disk, and on its way back. */
  constructor(watcher: Watcher, latency: () => number) {
    this.#watcher = watcher
    this.#latency = latency
  }

  /** The disk as a process sees it that has just been started. */
  connect(): Connection {
    return new Connection(this.#store, this.#watcher, this.#latency, {
      open: async () => {
        // A process that died has left it open.
        if (!this.#isOpen) await this.#store.open()
        this.#isOpen = true
      },
      close: async () => {
        this.#isOpen = false
        await this.#store.close()
      },
    })
  }
}

/** Takes the rows into use for one process, and gives them up. */
interface Lock {
  open: () => Promise<void>
  close: () => Promise<void>
}

/** How a process is to die at one of its commits. */
interface Death {
  moment: 'before' | 'after'
  /** Commits that go before that one. */
  commits: number
  /** Whether the transaction under way is the one. */
  isNear: boolean
  arm: () => void
}

export class Connection implements Store {
  readonly #store: Store
  readonly #watcher: Watcher
  readonly #latency: () => number
  readonly #lock: Lock
  #isCut = false
  #isClosed = false
  #death: Death | null = null
  /** Where the process at its end has died, if it was at one of its commits. */
  diedAt: 'died before a commit' | 'died after a commit' | null = null
  #reads = 0
  /** Transactions that the store refused. */
  refusals = 0

  constructor(store: Store, watcher: Watcher, latency: () => number, lock: Lock) {
    this.#store = store
    this.#watcher = watcher
    this.#latency = latency
    this.#lock = lock
  }

  /** The process at its end has died: it hears nothing any more, and does nothing. */
  cut(): void {
    this.#isCut = true
  }

  /** Lets the process die at a commit, once so many others have gone before; `arm` sees to the dying. */
  dieAt(moment: 'before' | 'after', commits: number, arm: () => void): void {
    this.#death ??= { moment, commits, isNear: false, arm }
  }

  open(): Promise<void> {
    return this.#lock.open()
  }

  async close(): Promise<void> {
    if (this.#isCut) return never()
    this.#isClosed = true
    await this.#lock.close()
  }

  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    if (this.#isCut) return never()
    if (this.#isClosed) this.#watcher.wroteAfterClose()
    this.#begin()
    const decisions: (readonly Change[])[] = []
    try {
      const result = await this.#store.transaction(tx => work(this.#watched(tx, decisions)))
      this.#watcher.committed(decisions)
      this.#passed()
      return result
    } catch (error) {
      if (error instanceof StoreError) this.#refused()
      throw error
    }
  }

  #watched(tx: Transaction, decisions: (readonly Change[])[]): Transaction {
    return {
      load: async (need, nowMs) => {
        const slice = await tx.load(need, nowMs)
        if (decisions.length === 0) this.#watcher.counted(slice.counters)
        return slice
      },
      apply: async changes => {
        await tx.apply(changes)
        decisions.push(changes)
      },
    }
  }

  #begin(): void {
    if (this.#death === null || this.#death.commits > 0) return
    this.#death.isNear = true
    this.#death.arm()
  }

  #passed(): void {
    if (this.#death === null) return
    if (this.#death.isNear && this.#death.moment === 'after') this.diedAt = 'died after a commit'
    this.#death.commits -= 1
  }

  /** Where a process is to die before a commit, that comes before all other refusals. */
  #refused(): void {
    this.refusals += 1
    if (this.#death?.isNear && this.#death.moment === 'before') this.diedAt = 'died before a commit'
  }

  task(taskId: string) {
    return this.#read(store => store.task(taskId))
  }
  group(groupId: string) {
    return this.#read(store => store.group(groupId))
  }
  activeGroups() {
    return this.#read(store => store.activeGroups())
  }
  async *tasks(query: TaskQuery) {
    for await (const task of this.#store.tasks(query)) yield await this.#read(async () => task)
  }
  count(query: TaskQuery) {
    return this.#read(store => store.count(query))
  }
  search(search: Search) {
    return this.#read(store => store.search(search))
  }
  history(query: HistoryQuery) {
    return this.#read(store => store.history(query))
  }
  nextWakeMs() {
    return this.#read(store => store.nextWakeMs())
  }
  rev() {
    return this.#read(store => store.rev())
  }
  running(afterSeq: number, limit: number) {
    return this.#read(store => store.running(afterSeq, limit))
  }
  unsettledGroups(afterSeq: number, limit: number) {
    return this.#read(store => store.unsettledGroups(afterSeq, limit))
  }
  unfinishedCalls() {
    return this.#read(store => store.unfinishedCalls())
  }

  async #read<T>(look: (store: Store) => Promise<T>): Promise<T> {
    // A question may come late, and an answer when there has been another commit since.
    await this.#dawdle()
    const seen = await look(this.#store)
    await this.#dawdle()
    return this.#isCut ? never() : seen
  }

  /** Not every read is as late as another. */
  async #dawdle(): Promise<void> {
    this.#reads += 1
    for (let left = (this.#reads * 7) % (this.#latency() + 1); left > 0; left -= 1) await null
  }
}
