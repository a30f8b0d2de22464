// A whole world: a disk, a clock, clients, handlers, and one process after another. It takes the steps of
// a history, and after each looks whether all invariants hold.
import { countedIds, seededRandom } from '../../server/testing/repeatable.ts'
import { quiet, VirtualClock } from '../../server/testing/virtual-clock.ts'
import { act } from './actions.ts'
import { Attempts } from './attempts.ts'
import { Clients } from './clients.ts'
import { Disk } from './disk.ts'
import { Findings } from './findings.ts'
import { Handlers } from './handlers.ts'
import type { History, LifeDraw, Step } from './history.ts'
import type { Journal } from './journal.ts'
import { Ledger } from './ledger.ts'
import { Life } from './life.ts'
import { Observer } from './observer.ts'
import { Readers } from './readers.ts'
import { Requests } from './requests.ts'
import type { Rules } from './rules/rules.ts'
import { Submissions } from './submissions.ts'
import { NO_FAULTS, type Tally } from './tally.ts'

/** Rounds, and the time that passes in each, until what is left at the end of a history must have ended. */
const LAST_ROUNDS = 300
const LAST_ROUND_MS = 60_000
/** The longest pause that the engine makes when its disk refuses, in ms. */
const TRIED_AGAIN_AFTER_MS = 5_000

export class World {
  readonly ledger = new Ledger()
  readonly findings = new Findings()
  readonly clock = new VirtualClock()
  readonly tally: Tally = { ...NO_FAULTS }
  readonly journal: Journal
  readonly handlers: Handlers
  readonly attempts: Attempts
  readonly requests: Requests
  readonly submissions: Submissions
  readonly clients: Clients
  readonly #rules: Rules
  readonly #observer: Observer
  readonly #disk: Disk
  readonly #readers: Readers
  /** What the process after this one is started with. */
  next: LifeDraw
  #lag = 0
  readonly #ids = countedIds()
  readonly #random: ReturnType<typeof seededRandom>
  readonly #startMs = this.clock.nowMs()
  readonly #dueSince = new Map<string, number>()
  #jumpedMs = 0
  #setAtMs = Number.NEGATIVE_INFINITY
  #lives = 0
  #isOver = false
  /** How often this process's disk has refused, and when that was seen. */
  #refused = { count: 0, atMs: 0 }
  #life: Life

  constructor({ seed, first }: Pick<History, 'seed' | 'first'>, journal: Journal, rules: Rules) {
    const { ledger, findings, clock } = this
    const books = { ledger, findings, journal }
    this.journal = journal
    this.#rules = rules
    this.next = first
    this.#random = seededRandom(seed)
    this.#readers = new Readers(ledger, findings)
    this.attempts = new Attempts(books, {
      life: () => this.#life,
      live: () => this.handlers.live,
      spawn: (child, parent) => this.submissions.spawn(this.#life, child, parent),
    })
    this.handlers = new Handlers(clock, this.attempts)
    this.#observer = new Observer(books, rules, {
      clock,
      runs: (taskId, attempt) => this.handlers.live.get(taskId)?.attempt === attempt,
      outcome: (taskId, attempt) => this.attempts.outcome(taskId, attempt),
      deaths: taskId => this.attempts.deaths(taskId),
      isPurged: state => this.clients.isPurging(state),
      changed: (tasks, events) => this.#readers.committed(tasks, events),
      born: (request, tasks) => this.submissions.born(request, tasks),
      over: (taskId, attempt) => this.attempts.ends(taskId, attempt),
    })
    this.#disk = new Disk(this.#observer, () => this.#lag)
    this.requests = new Requests(findings, journal, () => this.#observer.commits)
    this.submissions = new Submissions({ ledger, findings, requests: this.requests, clock })
    const elapsedMs = () => this.elapsedMs
    this.clients = new Clients({ ledger, findings, requests: this.requests, elapsedMs })
    this.#life = this.#begin()
  }

  /** The process that runs, or that ran last. */
  get life(): Life {
    return this.#life
  }

  /** What the clock really went on since the beginning, in ms. */
  get elapsedMs(): number {
    return this.clock.nowMs() - this.#startMs - this.#jumpedMs
  }

  get commits(): number {
    return this.#observer.commits
  }

  /** Takes one step, and looks around when the world rests after it. */
  async take({ action, pause, lag }: Step, number: number): Promise<void> {
    this.#lag = lag
    this.journal.write(`${number} ${JSON.stringify(action)} ${pause} ${lag}`)
    await this.#succeed()
    await act(this, action)
    if (pause === 'rest') await this.rest()
    else for (let left = pause; left > 0; left -= 1) await null
  }

  /** Lets everything come to rest that needs no time; looks around if nothing is in its way. */
  async rest(): Promise<void> {
    await quiet()
    await this.#succeed()
    await quiet()
    this.#checkRetry()
    if (!this.#life.isCalm) {
      this.#dueSince.clear()
      return
    }
    this.findings.check('Every request is answered', this.requests.forgotten)
    this.#check(this.#rules.rests)
    // Nothing else goes on meanwhile, so that it would make no difference how late these reads are.
    this.#lag = 0
    await this.#readers.look(this.#life.rollcall.store)
  }

  /** Lets time pass, timer by timer. */
  async advance(ms: number): Promise<void> {
    await this.clock.advanceTo(this.clock.nowMs() + ms, async () => {
      await quiet()
      await this.#succeed()
    })
  }

  /** Sets the wall clock. */
  jump(ms: number): void {
    this.#setAtMs = this.elapsedMs
    this.#jumpedMs += ms
    this.clock.jump(ms)
  }

  /** Lets everything go on until nothing is left to do: then all that was acknowledged has ended. */
  async finish(): Promise<void> {
    this.journal.write('the end')
    this.handlers.hurry = true
    for (let round = 0; round < LAST_ROUNDS && !this.#isDone; round += 1) {
      if (this.findings.first !== null) return
      this.#life.store.refuse(0)
      this.handlers.endAll()
      if (this.#life.isCalm) this.#release()
      await this.advance(LAST_ROUND_MS)
      await this.rest()
    }
    this.findings.check('Every request is answered', this.requests.forgotten)
    this.#check(this.#rules.ends)
    this.submissions.checkEnds()
    this.#isOver = true
    // One that was still to die at a commit may do so while it ends; the next one ends in order.
    for (let tries = 2; tries > 0 && !this.#life.isClosed; tries -= 1) {
      this.#life.close(0)
      await this.advance(LAST_ROUND_MS)
    }
    if (!this.#life.isClosed) this.findings.note('A process ends when it is told to', 'it goes on')
  }

  get #isDone(): boolean {
    const { unfinished, unsettled } = this.ledger
    return unfinished.size === 0 && unsettled.size === 0 && this.requests.areAllAnswered
  }

  /** Lets suspended groups go on, and closes open ones. */
  #release(): void {
    for (const { groupId, value } of this.ledger.unsettled.values()) {
      if (value.startsWith('suspended')) this.clients.change(this.#life, groupId, 'resume')
      if (value.endsWith('.open')) this.clients.change(this.#life, groupId, 'close')
    }
  }

  #check(rules: Rules['rests']): void {
    const { ledger, elapsedMs } = this
    const { live } = this.handlers
    const { concurrency } = this.#life.draw
    const dueSince = this.#dueSince
    const nowMs = this.clock.nowMs()
    const sinceSetMs = elapsedMs - this.#setAtMs
    const rest = { ledger, live, concurrency, nowMs, elapsedMs, sinceSetMs, dueSince }
    for (const { rule, broken } of rules) this.findings.check(rule, broken(rest))
  }

  /** What the disk refused is tried again after a while. */
  #checkRetry(): void {
    const { connection, rollcall, isClosing, isHeld } = this.#life
    const { refusals } = connection
    if (refusals !== this.#refused.count || isHeld || isClosing || rollcall.engine.refusals === 0)
      this.#refused = { count: refusals, atMs: this.elapsedMs }
    else if (this.elapsedMs - this.#refused.atMs > TRIED_AGAIN_AFTER_MS)
      this.findings.note('What the disk refused is tried again', `${refusals} refusals`)
  }

  /** When the process has ended, another one follows it. */
  async #succeed(): Promise<void> {
    const life = this.#life
    if (life.isAlive || (life.isClosed && this.#isOver)) return
    if (life.isClosed) {
      // Whoever waited is told with the last breath.
      await quiet()
      this.tally['shut down'] += 1
      if (!this.requests.areAllAnswered)
        this.findings.note('A process that ends in order has answered everybody', 'it has not')
    } else this.tally[life.connection.diedAt ?? 'killed'] += 1
    life.kill()
    // What was on its way to the disk arrives, or does not.
    await quiet()
    this.clock.forget()
    this.handlers.forget()
    this.attempts.forget(this.ledger.unfinished.values())
    this.requests.forget()
    this.clients.forget()
    this.#dueSince.clear()
    this.#refused = { count: 0, atMs: this.elapsedMs }
    this.#life = this.#begin()
  }

  #begin(): Life {
    this.#lives += 1
    const number = this.#lives
    const draw = this.next
    this.journal.write(`  process ${number} ${JSON.stringify(draw)}`)
    const life: Life = new Life(
      number,
      draw,
      this.handlers.calls(number, () => life.isAlive),
      {
        clock: this.clock,
        ids: this.#ids,
        random: this.#random,
        connection: this.#disk.connect(),
        failed: (message, error) => {
          if (!life.isDead) this.findings.note('Nothing fails inside', `${message}: ${error}`)
        },
      },
    )
    this.#readers.begin()
    life.rollcall.subscribe(commit => {
      if (!life.isDead) this.#readers.fed(commit)
    })
    return life
  }
}
