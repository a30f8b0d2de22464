// A transaction under way: it works in memory, and hands what it changed to the writer when it ends. A large
// one is handed over in parts, so that others get their turn and the writer begins meanwhile.
import { setImmediate } from 'node:timers/promises'
import type { Change, Need, Slice } from '../../../machines/index.ts'
import type { Transaction } from '../store.ts'
import { type Batch, partOf, restOf } from './batch.ts'
import type { Changed } from './changed.ts'
import { guarded } from './connection.ts'
import type { WorkingSet } from './working-set.ts'

/** Tasks from which on a transaction is handed over in parts. */
const PARTLY_MIN = 2_048
/** Rows of tasks in a part at most. */
const PART_MAX = 512
/** Changes that are applied at once at most. */
const APPLIED_MAX = 4_000

export class SqliteTransaction implements Transaction {
  readonly #set: WorkingSet
  readonly #changed: Changed
  readonly #handOver: (part: Batch) => Promise<void>
  #failure: { error: unknown } | null = null
  #over = false
  /** Whether a part of it is with the writer already. */
  isPartlyWritten = false
  /** Whether it changed what is in memory. */
  hasChanged = false

  /** @param handOver Gives a part to the writer, which commits nothing of it yet, and waits for room for another. */
  constructor(set: WorkingSet, changed: Changed, handOver: (part: Batch) => Promise<void>) {
    this.#set = set
    this.#changed = changed
    this.#handOver = handOver
  }

  load(need: Need, nowMs: number): Slice {
    this.#assertUnderWay()
    return guarded('the store cannot be read', () => this.#set.load(need, nowMs))
  }

  apply(changes: readonly Change[]): void | Promise<void> {
    this.#assertUnderWay()
    this.hasChanged = true
    if (changes.length > APPLIED_MAX) return this.#applyPartly(changes)
    this.#applyAtOnce(changes)
    if (this.#dirtyCount > PARTLY_MIN) return this.#handOverParts()
  }

  async #applyPartly(changes: readonly Change[]): Promise<void> {
    for (let from = 0; from < changes.length; from += APPLIED_MAX) {
      if (from > 0) await setImmediate()
      this.#applyAtOnce(changes.slice(from, from + APPLIED_MAX))
      if (this.#dirtyCount > PARTLY_MIN) await this.#handOverParts()
    }
  }

  #applyAtOnce(changes: readonly Change[]): void {
    this.#attempt(() => {
      for (let nth = 0; nth < changes.length; nth += 1)
        this.#set.apply(changes[nth] as Change, this.#changed)
    })
  }

  async #handOverParts(): Promise<void> {
    while (this.#dirtyCount > PART_MAX) {
      await setImmediate()
      const part = this.#attempt(() => this.#part())
      await this.#handOver(part).catch(error => this.#fail(error))
    }
  }

  /** What is left to write. What failed before fails again, so that it cannot be committed. */
  finish(): Batch {
    if (this.#failure !== null) throw this.#failure.error
    return this.#attempt(() => restOf(this.#set, this.#changed))
  }

  end(): void {
    this.#over = true
  }

  /** Tasks that changed and are not with the writer. */
  get #dirtyCount(): number {
    return this.#changed.dirtyTasks.length - this.#changed.dirtyFrom
  }

  #part(): Batch {
    this.isPartlyWritten = true
    return partOf(this.#set, this.#changed, PART_MAX)
  }

  #attempt<T>(work: () => T): T {
    try {
      return guarded('the store cannot be written', work)
    } catch (error) {
      return this.#fail(error)
    }
  }

  #fail(error: unknown): never {
    this.#failure = { error }
    throw error
  }

  #assertUnderWay(): void {
    if (this.#over) throw new Error('the transaction is over')
    if (this.#failure !== null) throw this.#failure.error
  }
}
