// One process: a whole engine on the disk, from its start to its death or its orderly end.
import type { Call } from '../../server/calls.ts'
import { UnavailableError } from '../../server/errors.ts'
import type { Clock, Ids, Random } from '../../server/ports.ts'
import { Rollcall } from '../../server/rollcall.ts'
import { FaultyStore } from '../../server/testing/faulty-store.ts'
import type { Connection } from './disk.ts'
import type { LifeDraw } from './history.ts'

/** What a process finds in the world. */
export interface Surroundings {
  clock: Clock
  ids: Ids
  random: Random
  connection: Connection
  /** What it logs as an error without having been told to end. */
  failed: (message: string, error: unknown) => void
}

export class Life {
  readonly number: number
  readonly draw: LifeDraw
  readonly rollcall: Rollcall
  readonly store: FaultyStore
  readonly connection: Connection
  /** Whether it has taken up what the process before it left. */
  isReady = false
  isClosing = false
  /** Whether it has ended in order. */
  isClosed = false
  #isCut = false
  #release: (() => void) | null = null

  constructor(number: number, draw: LifeDraw, calls: Call[], surroundings: Surroundings) {
    const { clock, ids, random, connection, failed } = surroundings
    this.number = number
    this.draw = draw
    this.connection = connection
    this.store = new FaultyStore(connection)
    this.rollcall = new Rollcall({
      calls,
      store: this.store,
      clock,
      ids,
      random,
      concurrency: draw.concurrency,
      sliceLimit: draw.sliceLimit,
      worker: `w${number}`,
      log: {
        debug() {},
        info() {},
        warn() {},
        error: (details, message) => {
          const { err } = details as { err?: unknown }
          // What the store refuses until the end is given up, as by a crash.
          if (!(this.isClosing && err instanceof UnavailableError)) failed(message, err)
        },
      },
    })
    this.rollcall.ready().then(
      () => {
        this.isReady = true
      },
      error => failed('the process does not start', error),
    )
  }

  /** Whether nobody hears of it again. */
  get isDead(): boolean {
    return this.#isCut || this.connection.diedAt !== null
  }

  get isAlive(): boolean {
    return !this.isDead && !this.isClosed
  }

  get isHeld(): boolean {
    return this.#release !== null
  }

  /** Whether nothing keeps it from doing all that there is to do. */
  get isCalm(): boolean {
    const { refusals } = this.rollcall.engine
    return this.isAlive && this.isReady && !this.isClosing && !this.isHeld && refusals === 0
  }

  /** Lets every commit wait until the answer is called. */
  hold(): () => void {
    const release = this.store.hold()
    this.#release = () => {
      this.#release = null
      release()
    }
    return this.#release
  }

  /** Lets it die at a commit, once so many others have gone before. */
  dieAt(moment: 'before' | 'after', commits: number): void {
    this.connection.dieAt(moment, commits, () => this.store.dieAt(moment))
  }

  /** Ends it at once: nobody hears of it again, and what it had not committed is gone. */
  kill(): void {
    this.#isCut = true
    this.connection.cut()
    this.store.reborn()
    this.#release?.()
  }

  /** Ends it in order; it is closed when the clock has moved far enough. */
  close(graceMs: number): void {
    if (this.isClosing) return
    this.isClosing = true
    this.rollcall.close(graceMs).then(() => {
      this.isClosed = true
    })
  }
}
