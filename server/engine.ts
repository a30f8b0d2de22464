// The mailbox: all commands that wait are taken as one batch, decided one by one on what the store
// holds, and committed together. Replies, effects and notices go out after the commit and never before.
// While a batch is on its way to the disk, further ones are decided on what it will have left there.
import { type Command, type Effect, type ReplyOf, SLICE_LIMIT } from '../machines/index.ts'
import { type Commit, Decisions } from './decisions.ts'
import { StoreError, UnavailableError } from './errors.ts'
import { Letter, NOTHING_LATER } from './letter.ts'
import type { Clock, Ids } from './ports.ts'
import type { Store } from './store/store.ts'

/** What carries out effects: the runner. */
export interface Performer {
  /** Tasks that run at once at most. */
  readonly concurrency: number
  /** Tasks that could be started at this moment, 0 when none or when stopping. */
  freeSlots(): number
  perform(effect: Effect): void
  worker: string
}

export interface EngineParts {
  store: Store
  clock: Clock
  ids: Ids
  /** Commands in one transaction at most. */
  batchLimit?: number
  /** Commands that may wait before further ones from outside are refused. */
  mailboxLimit?: number
  /** Rows that one step of a fan-out or a cascade takes at most. */
  sliceLimit?: number
}

interface Committed {
  decisions: Decisions
  decided: Letter[]
}

/** A batch that is decided, or on its way to the disk. */
interface Flight {
  batch: Letter[]
  /** Whether nothing else is on its way beside it. */
  isAlone: boolean
  /** Tasks that start when it lands. */
  starting: number
  /** What follows from it in later transactions. */
  following: Letter[]
  /** Resolves when it has been committed and published, or its letters have been seen to. */
  landed: Promise<void>
}

/** Pause before a batch that the store refused is tried again, in ms: doubles up to the second figure. */
const RETRY_MS = [50, 5_000] as const

/** A batch takes the ends of so many attempts, and starts so many tasks, however few slots there are. */
const RUNS_MIN = 16

export class Engine {
  readonly #store: Store
  readonly #clock: Clock
  readonly #ids: Ids
  readonly #batchLimit: number
  readonly #mailboxLimit: number
  readonly #sliceLimit: number
  readonly #listeners = new Set<(commit: Commit) => void>()
  #mailbox: Letter[] = []
  /** The oldest first. */
  readonly #flights: Flight[] = []
  /** Letters of batches that were not committed, in their order, until nothing is under way any more. */
  #returned: Letter[] = []
  /** Whether the store refused one of them: it is asked again after a while. */
  #isRefused = false
  /** Whether a batch without letters broke an assertion, together with others on their way. */
  #fillsAlone = false
  #performer: Performer | null = null
  #running: Promise<void> | null = null
  #fillWanted = false
  #refused = 0
  #closing: string | null = null
  #abandoned = false

  constructor(parts: EngineParts) {
    this.#store = parts.store
    this.#clock = parts.clock
    this.#ids = parts.ids
    this.#batchLimit = parts.batchLimit ?? 512
    this.#mailboxLimit = parts.mailboxLimit ?? 20_000
    this.#sliceLimit = parts.sliceLimit ?? SLICE_LIMIT
  }

  /** Connects the runner; from here on ready tasks are started. */
  attach(performer: Performer): void {
    this.#performer = performer
    this.fill()
  }

  /** How often the store has refused to commit since it last did. */
  get refusals(): number {
    return this.#refused
  }

  /**
   * Decides a command and resolves with its reply once the decision is on disk.
   *
   * @throws {UnavailableError} Too many commands wait, or the engine closes.
   * @throws {StoreError} The commit failed; nothing of the command was kept.
   */
  send<C extends Command>(command: C): Promise<ReplyOf<C['type']>> {
    if (this.#closing !== null) return Promise.reject(new UnavailableError(this.#closing))
    if (this.#mailbox.length >= this.#mailboxLimit) {
      return Promise.reject(
        new UnavailableError(`${this.#mailbox.length} commands wait already; try again later`),
      )
    }
    return this.#post(command, false)
  }

  /** As `send`, for what must not get lost: tried again until the store takes it, also while closing. */
  sendReliably<C extends Command>(command: C): Promise<ReplyOf<C['type']>> {
    return this.#post(command, true)
  }

  /** As `sendReliably`, for who needs no reply and hears only when the command is not taken. */
  tell<C extends Command>(command: C, notTaken: (error: unknown, command: C) => void): void {
    if (this.#abandoned) notTaken(new UnavailableError('the engine is closed'), command)
    else this.#take(command, true, ignored, notTaken as Letter['reject'])
  }

  /** Looks for ready tasks with the next batch: a slot became free. */
  fill(): void {
    this.#fillWanted = true
    this.#wake()
  }

  /** Calls `listener` after each commit; the answer ends it. A listener must not throw. */
  subscribe(listener: (commit: Commit) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Refuses further commands from outside, with this reason. */
  refuse(reason: string): void {
    this.#closing = reason
  }

  /** Waits for the commands taken so far; what the store still refuses is given up, as by a crash. */
  async drain(): Promise<void> {
    if (this.#refused > 0) this.#abandoned = true
    while (this.#running !== null || this.#flights.length > 0) {
      await this.#running
      await this.#flights.at(-1)?.landed
    }
    this.#abandoned = true
    this.#giveUp()
  }

  #post<C extends Command>(command: C, reliable: boolean): Promise<ReplyOf<C['type']>> {
    if (this.#abandoned) return Promise.reject(new UnavailableError('the engine is closed'))
    return this.#put(command, reliable).reply
  }

  #put<C extends Command>(command: C, reliable: boolean) {
    const { promise, resolve, reject } = Promise.withResolvers<ReplyOf<C['type']>>()
    const letter = this.#take(command, reliable, resolve as Letter['resolve'], reject)
    return { letter, reply: promise }
  }

  #take(
    command: Command,
    reliable: boolean,
    resolve: Letter['resolve'],
    reject: Letter['reject'],
  ): Letter {
    const letter = new Letter(command, reliable, resolve, reject)
    this.#mailbox.push(letter)
    this.#wake()
    return letter
  }

  #wake(): void {
    // A microtask later, so that commands which arrive together share a transaction.
    this.#running ??= Promise.resolve()
      .then(() => this.#run())
      .finally(() => {
        this.#running = null
        if (this.#hasWork && !this.#abandoned) this.#wake()
      })
  }

  get #hasWork(): boolean {
    return this.#mailbox.length > 0 || this.#fillWanted || this.#hasReturned
  }

  get #hasReturned(): boolean {
    return this.#isRefused || this.#returned.length > 0
  }

  async #run(): Promise<void> {
    while (this.#hasWork && !this.#abandoned) {
      if (this.#hasReturned) {
        await this.#flights.at(-1)?.landed
        await this.#putBack()
        continue
      }
      const isAlone = this.#mailbox[0]?.alone ?? this.#fillsAlone
      if (isAlone && this.#flights.length > 0) {
        await this.#flights.at(-1)?.landed
        continue
      }
      const batch = this.#nextBatch()
      this.#fillWanted = false
      await this.#launch(batch, isAlone)
      if (isAlone) await this.#flights[0]?.landed
      else if (this.#flights.length >= (this.#store.concurrency ?? 1))
        await this.#flights[0]?.landed
      // Short handlers refill the mailbox without end; readers and timers get their turn in between.
      await this.#clock.turn()
    }
    if (this.#abandoned) this.#giveUp()
  }

  #giveUp(): void {
    for (const letter of [...this.#returned.splice(0), ...this.#mailbox.splice(0)])
      letter.reject(new UnavailableError('the store refuses to commit'), letter.command)
  }

  #nextBatch(): Letter[] {
    const most = Math.min(this.#batchLimit, this.#mailbox.length)
    let count = 0
    let reports = 0
    for (; count < most; count += 1) {
      const { alone, command } = this.#mailbox[count] as Letter
      if (command.type === 'task.succeeded' || command.type === 'task.failed') reports += 1
      if (alone || reports > this.#runsMax) break
    }
    return this.#mailbox.splice(0, Math.max(count, 1))
  }

  /** Decides a batch and sends it on its way; resolves when the next one may be decided. */
  async #launch(batch: Letter[], isAlone: boolean): Promise<void> {
    const flight: Flight = { batch, isAlone, starting: 0, following: [], landed: Promise.resolve() }
    const before = this.#flights.at(-1)?.landed
    this.#flights.push(flight)
    const { promise: isDecided, resolve: decided } = Promise.withResolvers<void>()
    const outcome = this.#commit(flight, decided)
    // Its failure is seen to when it lands, which is after those before it have.
    // What follows from it is void at once: the next batch is decided on what was there before it.
    outcome.catch(() => {
      this.#takeBack(flight.following)
      decided()
    })
    flight.landed = this.#land(flight, outcome, before)
    await isDecided
  }

  async #land(
    flight: Flight,
    outcome: Promise<Committed>,
    before: Promise<void> | undefined,
  ): Promise<void> {
    await before
    let committed: Committed | null = null
    try {
      committed = await outcome
    } catch (error) {
      this.#flights.shift()
      this.#seeTo(flight, error)
    }
    if (committed === null) return
    this.#flights.shift()
    this.#refused = 0
    if (flight.isAlone) this.#fillsAlone = false
    this.#publish(committed)
  }

  /** Decided again, a command asks again for what follows from it. */
  #takeBack(following: Letter[]): void {
    if (following.length === 0) return
    for (const letter of following) letter.isVoid = true
    this.#mailbox = this.#mailbox.filter(letter => !letter.isVoid)
    this.#returned = this.#returned.filter(letter => !letter.isVoid)
  }

  /** Sees to the letters of a batch that was not committed. */
  #seeTo({ batch, isAlone }: Flight, error: unknown): void {
    const letters = batch.filter(letter => !letter.isVoid)
    const [first] = letters
    if (error instanceof StoreError) {
      this.#isRefused = true
      for (const letter of letters) {
        if (letter.reliable) this.#returned.push(letter)
        else letter.reject(error, letter.command)
      }
    } else if (!isAlone) {
      // One command broke an assertion: alone, each of the others goes through.
      for (const letter of letters) {
        letter.alone = true
        this.#returned.push(letter)
      }
      if (first === undefined) this.#fillsAlone = true
    } else if (first === undefined) throw error
    else first.reject(error, first.command)
    this.#fillWanted = true
    this.#wake()
  }

  /** Puts returned letters before all others; where the store refused them it is left alone for a while. */
  async #putBack(): Promise<void> {
    this.#mailbox = this.#returned.splice(0).concat(this.#mailbox)
    if (!this.#isRefused) return
    this.#isRefused = false
    this.#fillWanted = true
    const [firstMs, maxMs] = RETRY_MS
    const delayMs = Math.min(firstMs * 2 ** Math.min(this.#refused, 10), maxMs)
    this.#refused += 1
    await new Promise<void>(resolve => this.#clock.after(delayMs, resolve))
  }

  async #commit(flight: Flight, decided: () => void): Promise<Committed> {
    const decisions = new Decisions(this.#clock, this.#ids, this.#sliceLimit)
    const letters = await this.#store.transaction(async tx => {
      const taken: Letter[] = []
      await decisions.take(tx, flight.batch, (letter, reply, later) => {
        letter.reply = reply
        letter.later = this.#follow(flight, later)
        taken.push(letter)
      })
      const slots = this.#freeSlots()
      const free = Math.min(slots, this.#runsMax)
      if (free > 0) {
        const worker = this.#performer?.worker ?? ''
        const fill: Command = { type: 'slots.fill', free, worker }
        await decisions.take(tx, [{ command: fill, isVoid: false }], (_, reply) => {
          // Not in this transaction: a group's change would reach all of its tasks at once.
          if ((reply as ReplyOf<'slots.fill'>).held > 0) this.#fillWanted = true
        })
      }
      for (const { type } of decisions.effects) if (type === 'task.run') flight.starting += 1
      if (flight.starting === free && free < slots) this.#fillWanted = true
      decided()
      return taken
    })
    return { decisions, decided: letters }
  }

  /**
   * Attempts whose ends a batch takes, and tasks that it starts. Half of what can run: while the disk has
   * one half, the handlers of the other run, and what they report is decided.
   */
  get #runsMax(): number {
    const half = Math.ceil((this.#performer?.concurrency ?? 0) / 2)
    return Math.max(half, RUNS_MIN)
  }

  /** Slots that no task runs in, and none is about to. */
  #freeSlots(): number {
    let free = this.#performer?.freeSlots() ?? 0
    for (const { starting } of this.#flights) free -= starting
    return free
  }

  /** Lets the world see what is on disk. Whatever throws here, the batch is not taken again. */
  #publish({ decisions: { commit, effects }, decided }: Committed): void {
    for (const effect of effects) this.#performer?.perform(effect)
    for (const letter of decided) this.#answer(letter)
    if (commit.rev > 0) for (const listener of this.#listeners) listener(commit)
  }

  /** Queues what follows from a decision, behind whatever waits: it is decided on what this one leaves. */
  #follow(flight: Flight, later: readonly Command[]): readonly Promise<unknown>[] {
    if (later.length === 0) return NOTHING_LATER
    return later.map(command => {
      const { letter, reply } = this.#put(command, true)
      flight.following.push(letter)
      // Whoever waits for it is told; nobody does when its cause is taken back.
      reply.catch(() => {})
      return reply
    })
  }

  /** A reply waits for the rest of its own fan-out; everybody else's work goes on in between. */
  #answer({ command, resolve, reject, reply, later }: Letter): void {
    if (later.length === 0) resolve(reply)
    else {
      Promise.all(later).then(
        () => resolve(reply),
        error => reject(error, command),
      )
    }
  }
}

function ignored(): void {}
