// What an open store writes with: the working set, and the thread that brings it to the disk. Both are made again
// when a part of the one has not got there by the other.
import type { DatabaseSync } from 'node:sqlite'
import type { Worker } from 'node:worker_threads'
import { StoreError } from '../../errors.ts'
import { guarded } from './connection.ts'
import { WorkingSet } from './working-set.ts'
import { Writer, type WriterOptions } from './writer.ts'

export interface WritingOptions extends WriterOptions {
  /** How many tasks stay in memory while they wait. */
  tasksInMemory: number
}

export class Writing {
  readonly #options: WritingOptions
  readonly #reader: DatabaseSync
  #writer: Writer
  #set: WorkingSet
  /** Whether the working set holds what was never handed to the writer. */
  #isStale = false

  private constructor(
    options: WritingOptions,
    reader: DatabaseSync,
    set: WorkingSet,
    writer: Writer,
  ) {
    this.#options = options
    this.#reader = reader
    this.#set = set
    this.#writer = writer
    this.#listen()
  }

  /**
   * Opens the database for writing.
   *
   * @param thread What `Writer.thread` gave: it may have been started before the database was looked at.
   * @param reader Sees what is committed, and that alone.
   */
  static async open(
    options: WritingOptions,
    reader: DatabaseSync,
    thread: Worker,
  ): Promise<Writing> {
    const writer = await Writer.open(thread)
    return new Writing(options, reader, workingSet(reader, options), writer)
  }

  get writer(): Writer {
    return this.#writer
  }

  get set(): WorkingSet {
    return this.#set
  }

  /** Whether the working set holds what is on disk, or on its way there, and nothing else. */
  get isCurrent(): boolean {
    return !this.#isStale && this.#writer.failure === null
  }

  /** Says that the working set holds what will never be on disk. */
  spoil(): void {
    this.#isStale = true
  }

  /** Makes sure that transactions work on what is on disk, or on its way there. */
  async renew(): Promise<void> {
    if (this.isCurrent) return
    await this.#writer.settled().catch(() => {})
    if (this.#writer.isDead) {
      this.#writer = await Writer.open(Writer.thread(this.#options))
      this.#listen()
    }
    const renewed = await this.#writer.holding(() => workingSet(this.#reader, this.#options))
    if (renewed === null) {
      const failure = this.#writer.rowsFailure
      const why = failure instanceof Error ? `: ${failure.message}` : ''
      throw new StoreError(`the rows of what was committed cannot be written${why}`, failure)
    }
    this.#set = renewed.result
    this.#writer.resume()
    this.#isStale = false
  }

  #listen(): void {
    this.#writer.onLanded = transaction => this.#set.landed(transaction)
    this.#writer.onApplied = transaction => this.#set.applied(transaction)
  }
}

function workingSet(reader: DatabaseSync, { tasksInMemory }: WritingOptions): WorkingSet {
  return guarded('the store cannot be read', () => new WorkingSet(reader, tasksInMemory))
}
