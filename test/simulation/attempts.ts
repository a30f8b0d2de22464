// Each attempt from its start to its end, as its handler lives it: what a handler must find on disk when
// it starts and when it is asked to stop, and what became of it.
import type { Task } from '../../machines/index.ts'
import type { Findings } from './findings.ts'
import type { HandlerWatcher, Live } from './handlers.ts'
import type { ChildDraw, Ending } from './history.ts'
import { type Journal, short } from './journal.ts'
import type { Ledger } from './ledger.ts'
import type { Life } from './life.ts'
import type { Outcome } from './rules/moves.ts'
import { conflict } from './standing.ts'

/** Attempts that are over and can still be reported on. */
const OVER_MAX = 60

export interface Surroundings {
  life: () => Life
  /** Handlers that run, those that are starting left out. */
  live: () => ReadonlyMap<string, Live>
  spawn: (child: ChildDraw, parent: Live) => void
}

export class Attempts implements HandlerWatcher {
  /** Attempts whose end is on disk, the last ones. */
  readonly over: { taskId: string; attempt: number }[] = []
  readonly #ledger: Ledger
  readonly #findings: Findings
  readonly #journal: Journal
  readonly #around: Surroundings
  readonly #outcomes = new Map<string, Outcome>()
  /** By task, the attempts that were running when their process ended. */
  readonly #deaths = new Map<string, Set<number>>()
  /** The last attempt of each task that was started. */
  readonly #started = new Map<string, number>()

  constructor(
    { ledger, findings, journal }: { ledger: Ledger; findings: Findings; journal: Journal },
    around: Surroundings,
  ) {
    this.#ledger = ledger
    this.#findings = findings
    this.#journal = journal
    this.#around = around
  }

  started(live: Live): void {
    const { taskId, attempt } = live
    this.#journal.write(`  + ${short(taskId)} attempt ${attempt}`)
    const task = this.#ledger.tasks.get(taskId)
    if (task?.value !== 'running.executing' || task.attempt !== attempt)
      this.#findings.note(
        'A handler starts when that is on disk',
        `${taskId} is ${task?.value ?? 'not there'}, and attempt ${attempt} starts`,
      )
    const before = this.#started.get(taskId) ?? 0
    if (attempt <= before)
      this.#findings.note('Every attempt is run once', `${taskId}: ${attempt} after ${before}`)
    this.#started.set(taskId, attempt)
    if (task !== undefined) this.#beside(task)
  }

  asked({ taskId, attempt, askedBy }: Live): void {
    this.#journal.write(`  ? ${short(taskId)} attempt ${attempt} ${askedBy}`)
    const task = this.#ledger.tasks.get(taskId)
    if (task?.value !== 'running.cancelling' && !this.#around.life().isClosing)
      this.#findings.note(
        'A handler is asked to stop when that is on disk',
        `${taskId} is ${task?.value ?? 'not there'}`,
      )
  }

  ended({ taskId, attempt, progress, spoiled }: Live, how: Ending | 'stops'): void {
    this.#journal.write(`  - ${short(taskId)} attempt ${attempt} ${how}`)
    this.#outcomes.set(taskId, { attempt, how, progress, spoiled })
  }

  spawns(live: Live, child: ChildDraw): void {
    this.#around.spawn(child, live)
  }

  outcome(taskId: string, attempt: number): Outcome | null {
    const outcome = this.#outcomes.get(taskId)
    return outcome?.attempt === attempt ? outcome : null
  }

  /** The end of an attempt is on disk. */
  ends(taskId: string, attempt: number): void {
    this.over.push({ taskId, attempt })
    if (this.over.length > OVER_MAX) this.over.shift()
  }

  /** How many attempts of a task a process has taken with it. */
  deaths(taskId: string): number {
    return this.#deaths.get(taskId)?.size ?? 0
  }

  /** The process has ended, and with it all that its handlers would have said. */
  forget(unfinished: Iterable<Task>): void {
    this.#outcomes.clear()
    for (const { taskId, value, attempt } of unfinished) {
      if (!value.startsWith('running')) continue
      const deaths = this.#deaths.get(taskId) ?? new Set()
      this.#deaths.set(taskId, deaths.add(attempt))
    }
  }

  #beside(task: Task): void {
    const live = this.#around.live()
    const { concurrency } = this.#around.life().draw
    if (live.has(task.taskId))
      this.#findings.note('No task has two handlers at a time', task.taskId)
    if (live.size >= concurrency)
      this.#findings.note('No more run than there are slots', `${live.size + 1} in ${concurrency}`)
    for (const { taskId } of live.values()) {
      const other = this.#ledger.tasks.get(taskId)
      if (other !== undefined && taskId !== task.taskId && conflict(task, other))
        this.#findings.note('Handlers that run never conflict', `${task.taskId} and ${taskId}`)
    }
  }
}
