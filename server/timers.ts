// What the clock turns into commands: tasks whose time has come, and old idempotency keys.
import type { Log } from './calls.ts'
import type { Engine } from './engine.ts'
import type { Clock } from './ports.ts'
import type { Store } from './store/store.ts'

/** The longest sleep, in ms: a wall clock that was set forward is noticed after this. */
const SLEEP_MAX_MS = 30_000
/** How long idempotency keys are remembered, in ms; CONTRACT §4 promises 24 hours. */
const KEYS_KEPT_MS = 48 * 60 * 60 * 1000
const KEYS_SWEPT_EVERY_MS = 60 * 60 * 1000

export class Timers {
  readonly #engine: Engine
  readonly #store: Store
  readonly #clock: Clock
  readonly #log: Log
  #unsubscribe: (() => void) | null = null
  #dueAtMs = Number.POSITIVE_INFINITY
  #cancelSleep: (() => void) | null = null
  #sweepAtMs = 0

  constructor({
    engine,
    store,
    clock,
    log,
  }: { engine: Engine; store: Store; clock: Clock; log: Log }) {
    this.#engine = engine
    this.#store = store
    this.#clock = clock
    this.#log = log
  }

  async start(): Promise<void> {
    this.#unsubscribe = this.#engine.subscribe(({ wakeAtMs }) => {
      if (wakeAtMs !== null && wakeAtMs < this.#dueAtMs) this.#sleepUntil(wakeAtMs)
      // Keys come with commits: where nothing is committed, none grow old beside new ones.
      if (this.#clock.nowMs() >= this.#sweepAtMs) this.#sweep()
    })
    await this.#sleepUntilNext()
    this.#sweep()
  }

  stop(): void {
    this.#unsubscribe?.()
    this.#cancelSleep?.()
    this.#unsubscribe = null
  }

  /** A time that is committed while the store is asked may be missing from its answer: the sooner counts. */
  async #sleepUntilNext(): Promise<void> {
    this.#sleepUntil(Number.POSITIVE_INFINITY)
    const nextMs = (await this.#store.nextWakeMs()) ?? Number.POSITIVE_INFINITY
    if (this.#unsubscribe !== null) this.#sleepUntil(Math.min(nextMs, this.#dueAtMs))
  }

  #sleepUntil(dueAtMs: number): void {
    this.#cancelSleep?.()
    this.#cancelSleep = null
    this.#dueAtMs = dueAtMs
    if (dueAtMs === Number.POSITIVE_INFINITY) return
    const delayMs = Math.min(dueAtMs - this.#clock.nowMs(), SLEEP_MAX_MS)
    this.#cancelSleep = this.#clock.after(delayMs, () => {
      if (this.#clock.nowMs() < this.#dueAtMs) this.#sleepUntil(this.#dueAtMs)
      else this.#wakeDue()
    })
  }

  #wakeDue(): void {
    const done = async () => {
      await this.#engine.sendReliably({ type: 'timers.due' })
      if (this.#unsubscribe !== null) await this.#sleepUntilNext()
    }
    done().catch(error => {
      if (this.#unsubscribe === null) return
      this.#log.error({ err: error }, 'waking due tasks failed; trying again')
      this.#sleepUntil(this.#clock.nowMs() + SLEEP_MAX_MS)
    })
  }

  #sweep(): void {
    this.#sweepAtMs = this.#clock.nowMs() + KEYS_SWEPT_EVERY_MS
    this.#engine
      .sendReliably({ type: 'idempotency.expire', beforeMs: this.#clock.nowMs() - KEYS_KEPT_MS })
      .catch(error => this.#log.error({ err: error }, 'forgetting old idempotency keys failed'))
  }
}
