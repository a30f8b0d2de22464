// The mailbox: all commands that wait are taken as one batch, decided one by one on what the store
// holds, and committed together. Replies, effects and notices go out after the commit and never before.
import {
  type Command,
  type Decision,
  decide,
  type Effect,
  type Group,
  type HistoryEvent,
  needs,
  type ReplyOf,
  SLICE_LIMIT,
  type Task,
} from '../machines/index.ts'
import { StoreError, UnavailableError } from './errors.ts'
import type { Clock, Ids } from './ports.ts'
import type { Store, Transaction } from './store/store.ts'

/** What carries out effects: the runner. */
export interface Performer {
  /** Tasks that could be started at this moment, 0 when none or when stopping. */
  freeSlots(): number
  perform(effect: Effect): void
  worker: string
}

/** What a commit changed, for readers to look again. */
export interface Commit {
  /** Number of the last change in it. */
  rev: number
  /** By id, as they are after it; null: deleted. */
  tasks: Map<string, Task | null>
  groups: Map<string, Group | null>
  /** What it added to the history, oldest first. */
  events: HistoryEvent[]
  /** The soonest time at which a task changed in it wants to be woken; null when none does. */
  wakeAtMs: number | null
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

interface Letter {
  command: Command
  /** Must reach the store in the end: a report from the runner, or the rest of a fan-out. */
  reliable: boolean
  resolve: (reply: Decision['reply']) => void
  reject: (error: unknown) => void
}

interface Decided {
  letter: Letter
  reply: Decision['reply']
  later: Command[]
}

interface Committed {
  /** Whether slots were left free that tasks may be ready for. */
  again: boolean
  commit: Commit
  effects: Effect[]
  decided: Decided[]
}

/** Pause before a batch that the store refused is tried again, in ms: doubles up to the second figure. */
const RETRY_MS = [50, 5_000] as const

export class Engine {
  readonly #store: Store
  readonly #clock: Clock
  readonly #ids: Ids
  readonly #batchLimit: number
  readonly #mailboxLimit: number
  readonly #sliceLimit: number
  readonly #listeners = new Set<(commit: Commit) => void>()
  #mailbox: Letter[] = []
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
    this.#batchLimit = parts.batchLimit ?? 128
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
    while (this.#running !== null) await this.#running
    this.#abandoned = true
  }

  #post<C extends Command>(command: C, reliable: boolean): Promise<ReplyOf<C['type']>> {
    if (this.#abandoned) return Promise.reject(new UnavailableError('the engine is closed'))
    return new Promise((resolve, reject) => {
      this.#mailbox.push({ command, reliable, resolve: resolve as Letter['resolve'], reject })
      this.#wake()
    })
  }

  #wake(): void {
    // A microtask later, so that commands which arrive together share a transaction.
    this.#running ??= Promise.resolve()
      .then(() => this.#run())
      .finally(() => {
        this.#running = null
        if (this.#mailbox.length > 0 && !this.#abandoned) this.#wake()
      })
  }

  async #run(): Promise<void> {
    while ((this.#mailbox.length > 0 || this.#fillWanted) && !this.#abandoned) {
      const batch = this.#mailbox.splice(0, this.#batchLimit)
      this.#fillWanted = false
      await this.#take(batch)
      // Short handlers refill the mailbox without end; readers and timers get their turn in between.
      await this.#clock.turn()
    }
    if (this.#abandoned) {
      for (const letter of this.#mailbox.splice(0))
        letter.reject(new UnavailableError('the store refuses to commit'))
    }
  }

  /** Commits a batch; when it fails, finds out whom that concerns. */
  async #take(batch: Letter[]): Promise<void> {
    let committed: Committed
    try {
      committed = await this.#commit(batch)
    } catch (error) {
      if (error instanceof StoreError) await this.#putBack(batch, error)
      // One command broke an assertion: alone, each of the others goes through.
      else if (batch.length > 1) for (const letter of batch) await this.#take([letter])
      else if (batch[0] === undefined) throw error
      else batch[0].reject(error)
      return
    }
    this.#refused = 0
    if (committed.again) this.#fillWanted = true
    this.#publish(committed)
  }

  async #putBack(batch: Letter[], error: StoreError): Promise<void> {
    const kept = batch.filter(letter => letter.reliable)
    for (const letter of batch) if (!letter.reliable) letter.reject(error)
    this.#mailbox = kept.concat(this.#mailbox)
    this.#fillWanted = true
    const [firstMs, maxMs] = RETRY_MS
    const delayMs = Math.min(firstMs * 2 ** Math.min(this.#refused, 10), maxMs)
    this.#refused += 1
    await new Promise<void>(resolve => this.#clock.after(delayMs, resolve))
  }

  async #commit(batch: Letter[]): Promise<Committed> {
    const commit: Commit = {
      rev: 0,
      tasks: new Map(),
      groups: new Map(),
      events: [],
      wakeAtMs: null,
    }
    const effects: Effect[] = []
    let again = false
    const decided = await this.#store.transaction(async tx => {
      const outcome: Decided[] = []
      for (const letter of batch) {
        outcome.push({ letter, ...(await this.#decide(tx, letter.command, commit, effects)) })
      }
      const free = this.#performer?.freeSlots() ?? 0
      if (free > 0) {
        const worker = this.#performer?.worker ?? ''
        const fill: Command = { type: 'slots.fill', free, worker }
        const { reply } = await this.#decide(tx, fill, commit, effects)
        // Not in this transaction: a group's change would reach all of its tasks at once.
        again = (reply as ReplyOf<'slots.fill'>).held > 0
      }
      return outcome
    })
    return { again, commit, effects, decided }
  }

  /** Lets the world see what is on disk. Whatever throws here, the batch is not taken again. */
  #publish({ commit, effects, decided }: Committed): void {
    for (const effect of effects) this.#performer?.perform(effect)
    for (const { letter, reply, later } of decided) this.#answer(letter, reply, later)
    if (commit.rev > 0) for (const listener of this.#listeners) listener(commit)
  }

  /** Decides a command and all that follows from it in the same transaction. */
  async #decide(tx: Transaction, command: Command, commit: Commit, effects: Effect[]) {
    const queue = [command]
    const later: Command[] = []
    let reply: Decision['reply'] | undefined
    for (const each of queue) {
      const nowMs = this.#clock.nowMs()
      const sliceLimit = this.#sliceLimit
      const slice = await tx.load(needs(each, sliceLimit), nowMs)
      const decision = decide(each, slice, { nowMs, newId: () => this.#ids.newId(), sliceLimit })
      if (decision.changes.length > 0) await tx.apply(decision.changes)
      note(commit, decision)
      // Not spread into a call: a cascade has more consequences than a call takes arguments.
      for (const effect of decision.effects) effects.push(effect)
      for (const followUp of decision.followUps) queue.push(followUp)
      for (const command of decision.later) later.push(command)
      reply ??= decision.reply
    }
    return { reply: reply as Decision['reply'], later }
  }

  /** A reply waits for the rest of its own fan-out; everybody else's work goes on in between. */
  #answer(letter: Letter, reply: Decision['reply'], later: Command[]): void {
    if (later.length === 0) letter.resolve(reply)
    else
      Promise.all(later.map(command => this.#post(command, true))).then(
        () => letter.resolve(reply),
        letter.reject,
      )
  }
}

function note(commit: Commit, decision: Decision): void {
  for (const change of decision.changes) {
    switch (change.type) {
      case 'counters.set':
        commit.rev = change.rev
        break
      case 'task.put': {
        commit.tasks.set(change.task.taskId, change.task)
        const { wakeAtMs } = change.task
        if (wakeAtMs !== null) commit.wakeAtMs = Math.min(commit.wakeAtMs ?? wakeAtMs, wakeAtMs)
        break
      }
      case 'task.delete':
        commit.tasks.set(change.taskId, null)
        break
      case 'group.put':
        commit.groups.set(change.group.groupId, change.group)
        break
      case 'group.delete':
        commit.groups.set(change.groupId, null)
        break
      case 'event.append':
        commit.events.push(change.event)
        break
      default:
    }
  }
}
