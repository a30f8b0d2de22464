// What is unfinished, counted in small steps, and not again before that has become cheap: whoever looks
// takes a small share of the time at most.

import type { Clock } from '../ports.ts'
import type { Rollcall } from '../rollcall.ts'
import type { Inspection } from '../store/inspection.ts'

export interface Counts {
  waiting: number
  suspended: number
  running: number
  workers: { name: string; running: number }[]
  /** Handlers that were asked to stop and have not. */
  unresponsive: number
  /** When the oldest task was submitted that waits for others or for a slot, and not for a time. */
  oldestWaitingMs: number | null
  /** Calls of unfinished tasks that are not registered in this process. */
  unregistered: { call: string; count: number }[]
}

/** Rows that one step takes, of an index alone. */
const INDEX_STEP = 20_000
/** Rows that one step reads. */
const ROWS_STEP = 1_000
/** Rows that one step groups. */
const CALLS_STEP = 5_000
/** A census of so few steps may be taken whenever somebody asks. */
const CHEAP_STEPS = 8
/** Any other may take one part in so many of the time. */
const SHARE = 20

export class Census {
  readonly #rollcall: Rollcall
  readonly #clock: Clock
  #last: { counts: Counts; rev: number; againMs: number } | null = null
  #taking: Promise<Counts> | null = null
  /** Steps that the census under way has taken. */
  #steps = 0
  /** Only a process before this one can have left tasks whose calls are not registered. */
  #mayBeUnregistered = true

  constructor({ rollcall, clock }: { rollcall: Rollcall; clock: Clock }) {
    this.#rollcall = rollcall
    this.#clock = clock
  }

  /** The counts as they are, or as they were when counting them was last worth its time. */
  async latest(inspection: Inspection): Promise<Counts> {
    const rev = await this.#rollcall.store.rev()
    const last = this.#last
    if (last !== null && (last.rev === rev || performance.now() < last.againMs)) return last.counts
    this.#taking ??= this.#take(inspection, rev).finally(() => {
      this.#taking = null
    })
    return this.#taking
  }

  async #take(inspection: Inspection, rev: number): Promise<Counts> {
    const beganMs = performance.now()
    this.#steps = 0
    const running = await this.#running(inspection)
    const counts = {
      ...running,
      waiting: await this.#tally(inspection, 'waiting'),
      suspended: await this.#tally(inspection, 'suspended'),
      oldestWaitingMs: await this.#oldestWaiting(inspection),
      unregistered: this.#mayBeUnregistered ? await this.#unregistered(inspection) : [],
    }
    this.#mayBeUnregistered = counts.unregistered.length > 0
    const endedMs = performance.now()
    const restMs = this.#steps <= CHEAP_STEPS ? 0 : SHARE * (endedMs - beganMs)
    this.#last = { counts, rev, againMs: endedMs + restMs }
    return counts
  }

  async #tally(inspection: Inspection, state: 'waiting' | 'suspended'): Promise<number> {
    let total = 0
    await this.#walk(INDEX_STEP, async afterSeq => {
      const { count, lastSeq } = await inspection.tally({ state, afterSeq, limit: INDEX_STEP })
      total += count
      return { count, lastSeq }
    })
    return total
  }

  async #running(
    inspection: Inspection,
  ): Promise<Pick<Counts, 'running' | 'workers' | 'unresponsive'>> {
    const workers = new Map<string, number>()
    let running = 0
    let unresponsive = 0
    await this.#walk(ROWS_STEP, async afterSeq => {
      const tally = await inspection.tallyRunning(afterSeq, ROWS_STEP)
      let count = 0
      for (const each of tally.workers) {
        workers.set(each.worker, (workers.get(each.worker) ?? 0) + each.count)
        count += each.count
      }
      running += count
      unresponsive += tally.unresponsive
      return { count, lastSeq: tally.lastSeq }
    })
    return {
      running,
      workers: [...workers].map(([name, count]) => ({ name, running: count })),
      unresponsive,
    }
  }

  /** Submission order is that of time: the first one found is the oldest. */
  async #oldestWaiting(inspection: Inspection): Promise<number | null> {
    let oldestMs: number | null = null
    await this.#walk(1, async afterSeq => {
      const { submitMs, lastSeq } = await inspection.firstQueued(afterSeq, ROWS_STEP)
      oldestMs = submitMs
      return { count: submitMs === null ? 1 : 0, lastSeq }
    })
    return oldestMs
  }

  async #unregistered(inspection: Inspection): Promise<Counts['unregistered']> {
    const counts = new Map<string, number>()
    await this.#walk(CALLS_STEP, async afterSeq => {
      const { calls, lastSeq } = await inspection.callsInUse(afterSeq, CALLS_STEP)
      let seen = 0
      for (const { call, count } of calls) {
        seen += count
        if (this.#rollcall.registry.find(call) !== undefined) continue
        counts.set(call, (counts.get(call) ?? 0) + count)
      }
      return { count: seen, lastSeq }
    })
    return [...counts].map(([call, count]) => ({ call, count }))
  }

  /** Steps on until a step counts fewer than it could; everybody else gets their turn in between. */
  async #walk(
    full: number,
    step: (afterSeq: number) => Promise<{ count: number; lastSeq: number | null }>,
  ): Promise<void> {
    let afterSeq = 0
    for (;;) {
      const { count, lastSeq } = await step(afterSeq)
      this.#steps += 1
      await this.#clock.turn()
      if (count < full || lastSeq === null) return
      afterSeq = lastSeq
    }
  }
}
