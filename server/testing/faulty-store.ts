// A store around a real one that refuses, delays or never answers its commits when a test says so.
import { StoreError } from '../errors.ts'
import type { Inspection } from '../store/inspection.ts'
import type { HistoryQuery, Search, Store, TaskQuery, Transaction } from '../store/store.ts'

/** An answer that never comes: one of its own each, so that whoever waits for it can be forgotten. */
const never = () => new Promise<never>(() => {})

export class FaultyStore implements Store {
  readonly #inner: Store
  #isOpen: boolean
  #dead = false
  #dieAtCommit: 'before' | 'after' | null = null
  #refusals = 0
  #gate: Promise<void> | null = null
  /** Transactions that were committed. */
  commits = 0

  constructor(inner: Store, isOpen = false) {
    this.#inner = inner
    this.#isOpen = isOpen
  }

  /** The same rows as the next process finds them; whoever holds this one gets no answer any more. */
  reborn(): FaultyStore {
    this.#dead = true
    return new FaultyStore(this.#inner, this.#isOpen)
  }

  /** Refuses so many commits, each after its work was done: the disk is full. */
  refuse(times: number): void {
    this.#refusals = times
  }

  /** Holds every commit back until the answer is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#gate = promise
    return () => {
      this.#gate = null
      resolve()
    }
  }

  /** Lets the process die at its next commit: before it is on disk, or after that and before it is told. */
  dieAt(moment: 'before' | 'after'): void {
    this.#dieAtCommit = moment
  }

  get concurrency(): number | undefined {
    return this.#inner.concurrency
  }

  async open(): Promise<void> {
    if (!this.#isOpen) await this.#inner.open()
    this.#isOpen = true
  }

  async close(): Promise<void> {
    if (this.#dead) return never()
    this.#isOpen = false
    await this.#inner.close()
  }

  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    if (this.#dead) return never()
    try {
      const result = await this.#inner.transaction(async tx => {
        const worked = await work(tx)
        await this.#gate
        if (this.#dieAtCommit === 'before') this.#dead = true
        if (this.#dead) throw new StoreError('the process died')
        if (this.#refusals > 0) {
          this.#refusals -= 1
          throw new StoreError('the disk is full')
        }
        return worked
      })
      this.commits += 1
      if (this.#dieAtCommit === 'after') this.#dead = true
      return this.#dead ? never() : result
    } catch (error) {
      if (this.#dead) return never()
      throw error
    }
  }

  task(taskId: string) {
    return this.#inner.task(taskId)
  }
  group(groupId: string) {
    return this.#inner.group(groupId)
  }
  activeGroups() {
    return this.#inner.activeGroups()
  }
  tasks(query: TaskQuery) {
    return this.#inner.tasks(query)
  }
  count(query: TaskQuery) {
    return this.#inner.count(query)
  }
  search(search: Search) {
    return this.#inner.search(search)
  }
  history(query: HistoryQuery) {
    return this.#inner.history(query)
  }
  nextWakeMs() {
    return this.#inner.nextWakeMs()
  }
  rev() {
    return this.#inner.rev()
  }
  running(afterSeq: number, limit: number) {
    return this.#inner.running(afterSeq, limit)
  }
  unsettledGroups(afterSeq: number, limit: number) {
    return this.#inner.unsettledGroups(afterSeq, limit)
  }
  unfinishedCalls() {
    return this.#inner.unfinishedCalls()
  }
  get inspection(): Inspection | undefined {
    return this.#inner.inspection
  }
}
