// The writing connection lives on a thread of its own, so that the engine decides the next transaction while
// the disk takes the last one. What was handed over is committed in order; several small ones that wait
// share one commit. When one fails, so do those behind it, and nothing is taken until whoever handed them
// over has thrown away what it thought to be on disk.
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { StoreError } from '../../errors.ts'
import type { Batch } from './batch.ts'
import { asStoreError } from './connection.ts'

/** A part of a transaction for the writing thread. */
export interface Part extends Batch {
  transaction: number
  /** Parts from before the last failure are left out. */
  era: number
  /** `more`: another part follows. */
  end: 'more' | 'commit' | 'undo'
}

/** `hold`: write all rows that the journal tells of, and no others until `release`. */
export type ToWriter =
  | Part
  | { open: true }
  | { hold: number }
  | { release: true }
  | { close: true }

/**
 * `taken`: a part of this transaction is written, and more of it may come. `landed`: this transaction, and all
 * before it, are on disk. `applied`: and so are the rows of their tasks. `held`: whether those of all transactions
 * that have landed are, and why they could not be written.
 */
export type FromWriter =
  | { opened: true }
  | { taken: number; era: number }
  | { landed: number }
  | { applied: number }
  | { held: boolean; hold: number; failure?: Told }
  | { failed: Told; era: number }

/** An error as it comes from the thread. */
interface Told {
  message: string
  errcode?: number
  errstr?: string
}

const NOTHING: Batch = { entries: [], size: 0, runs: [] }

export interface WriterOptions {
  path: string
  pageCountMax: number | null
}

/** Parts of one transaction that may wait for the thread. */
const PARTS_MAX = 8

interface Pending {
  transaction: number
  resolve: () => void
  reject: (error: unknown) => void
}

export class Writer {
  readonly #worker: Worker
  /** Told of every commit, before whoever waits for it. */
  onLanded: (transaction: number) => void = () => {}
  /** Told when the rows of a transaction, and of all before it, are written. */
  onApplied: (transaction: number) => void = () => {}
  #pending: Pending[] = []
  /** Who waits for rows, by number. */
  readonly #holds = new Map<number, (isHeld: boolean) => void>()
  #lastHold = 0
  #era = 0
  #failure: { error: unknown } | null = null
  #rowsFailure: unknown = null
  /** Parts that were handed over and not taken, of transactions that go on. */
  #waiting = 0
  #onRoom: (() => void) | null = null
  #isClosing = false
  #isDead = false

  private constructor(worker: Worker) {
    this.#worker = worker
    worker.on('message', (message: FromWriter) => this.#hear(message))
    let cause: unknown
    // An error may overtake what the thread told before it; its end does not.
    worker.on('error', error => {
      cause = error
    })
    worker.on('exit', code => {
      for (const resolve of this.#holds.values()) resolve(false)
      this.#holds.clear()
      if (this.#isClosing) return
      this.#die(new StoreError(`the writing thread ended with code ${code}`, cause))
    })
    worker.unref()
  }

  /** Starts a thread, which does nothing until `open`: it gets ready while the database is looked at. */
  static thread(options: WriterOptions): Worker {
    const file = new URL(`./writing-thread${extname(import.meta.url)}`, import.meta.url)
    return new Worker(file, {
      workerData: options,
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    })
  }

  /** Lets a thread open the database. @throws {StoreError} It cannot. */
  static async open(worker: Worker): Promise<Writer> {
    worker.postMessage({ open: true } satisfies ToWriter)
    const message = await firstOf(worker)
    if ('failed' in message) throw new StoreError(message.failed.message)
    return new Writer(worker)
  }

  /** The error for which nothing is taken; null while all is well. */
  get failure(): { error: unknown } | null {
    return this.#failure
  }

  /** Why rows could not be written when they were to be read; null: they could, or something else was under way. */
  get rowsFailure(): unknown {
    return this.#rowsFailure
  }

  /** Whether its thread has ended by itself: another must be started. */
  get isDead(): boolean {
    return this.#isDead
  }

  /**
   * Hands a part over that is not the last of its transaction; resolves when another one may follow, so that
   * they do not pile up in memory.
   */
  async begin(transaction: number, part: Batch): Promise<void> {
    if (this.#failure !== null) throw this.#failure.error
    this.#post({ transaction, era: this.#era, ...part, end: 'more' })
    this.#worker.ref()
    this.#waiting += 1
    if (this.#waiting < PARTS_MAX) return
    await new Promise<void>(resolve => {
      this.#onRoom = resolve
    })
    if (this.#failure !== null) throw (this.#failure as { error: unknown }).error
  }

  /** Takes back the parts that were handed over of a transaction. */
  undo(transaction: number): void {
    if (this.#failure !== null) return
    this.#post({ transaction, era: this.#era, ...NOTHING, end: 'undo' })
  }

  /** Hands the rest of a transaction over; resolves when it is on disk. */
  commit(transaction: number, rest: Batch): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure.error)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#post({ transaction, era: this.#era, ...rest, end: 'commit' })
    // Whoever waits for it keeps the process alive.
    this.#worker.ref()
    this.#pending.push({ transaction, resolve, reject })
    return promise
  }

  /** Resolves when all that was handed over is on disk; rejects when it cannot be. */
  settled(): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure.error)
    const last = this.#pending.at(-1)
    if (last === undefined) return Promise.resolve()
    const { resolve, reject } = last
    return new Promise((landed, failed) => {
      last.resolve = () => {
        resolve()
        landed()
      }
      last.reject = error => {
        reject(error)
        failed(error)
      }
    })
  }

  /**
   * Lets `read` see the rows of tasks as a transaction has left them, the last that has landed or a later one.
   * When they cannot be written now it is not called, and null is the answer.
   */
  async holding<T>(read: () => T): Promise<{ result: T } | null> {
    if (this.#isDead) return null
    this.#lastHold += 1
    const hold = this.#lastHold
    this.#worker.postMessage({ hold } satisfies ToWriter)
    this.#worker.ref()
    const isHeld = await new Promise<boolean>(resolve => this.#holds.set(hold, resolve))
    if (!isHeld) return null
    try {
      return { result: read() }
    } finally {
      this.#worker.postMessage({ release: true } satisfies ToWriter)
    }
  }

  /** Takes transactions again after a failure. */
  resume(): void {
    this.#failure = null
  }

  /** Closes the database, and ends the thread. */
  async close(): Promise<void> {
    this.#isClosing = true
    if (this.#isDead) return
    this.#worker.ref()
    const ended = new Promise(resolve => this.#worker.once('exit', resolve))
    this.#worker.postMessage({ close: true } satisfies ToWriter)
    await ended
  }

  #post(part: Part): void {
    this.#worker.postMessage(part)
  }

  #hear(message: FromWriter): void {
    if ('landed' in message) {
      this.onLanded(message.landed)
      while (this.#pending[0] !== undefined && this.#pending[0].transaction <= message.landed)
        this.#pending.shift()?.resolve()
      this.#rest()
    } else if ('applied' in message) this.onApplied(message.applied)
    else if ('held' in message) {
      this.#rowsFailure = message.failure === undefined ? null : failureOf(message.failure)
      this.#holds.get(message.hold)?.(message.held)
      this.#holds.delete(message.hold)
      this.#rest()
    } else if ('taken' in message) {
      if (message.era !== this.#era) return
      this.#waiting -= 1
      this.#makeRoom()
      this.#rest()
    } else if ('failed' in message && message.era === this.#era)
      this.#fail(failureOf(message.failed))
  }

  #die(error: StoreError): void {
    if (this.#isDead) return
    this.#isDead = true
    this.#fail(error)
  }

  #fail(error: unknown): void {
    this.#era += 1
    this.#failure = { error }
    for (const { reject } of this.#pending.splice(0)) reject(error)
    this.#waiting = 0
    this.#makeRoom()
    this.#rest()
  }

  #makeRoom(): void {
    this.#onRoom?.()
    this.#onRoom = null
  }

  /** A process may end while nothing is on its way. */
  #rest(): void {
    if (this.#pending.length === 0 && this.#waiting === 0 && this.#holds.size === 0)
      this.#worker.unref()
  }
}

/** The first message of a thread; that one ends without any may pass. */
function firstOf(worker: Worker): Promise<FromWriter> {
  return new Promise((resolve, reject) => {
    let cause: unknown
    worker.once('message', resolve)
    worker.once('error', error => {
      cause = error
    })
    worker.once('exit', () => reject(new StoreError('the writing thread cannot be started', cause)))
  })
}

function failureOf(failed: Told): unknown {
  const { message, errcode, errstr } = failed
  const error = new Error(message)
  if (errcode === undefined) return error
  return asStoreError(
    'the store cannot commit',
    Object.assign(error, { code: 'ERR_SQLITE_ERROR', errcode, errstr }),
  )
}
