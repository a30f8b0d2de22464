// What is decided in one transaction: commands one after another, each with all that follows from it, on what
// those before it have left; and what that changes, for whoever is told once it is on disk.
import {
  type Change,
  type Command,
  type Decision,
  decide,
  type Effect,
  type Group,
  type HistoryEvent,
  needs,
  type ReplyOf,
  type Succeeded,
  submissionEvent,
  type Task,
} from '../machines/index.ts'
import type { Clock, Ids } from './ports.ts'
import type { Transaction } from './store/store.ts'

/** What a commit changed, for readers to look again. */
export interface Commit {
  /** Number of the last change in it. */
  rev: number
  /** By id, as they are after it; null: deleted. */
  tasks: Map<string, Task | null>
  groups: Map<string, Group | null>
  /** What it added to the history, oldest first; to be asked for when the commit is whole. */
  readonly events: HistoryEvent[]
  /** The last of these, for whom that is enough. */
  readonly lastEvent: HistoryEvent | null
  /** The soonest time at which a task changed in it wants to be woken; null when none does. */
  wakeAtMs: number | null
}

type Reply = Decision['reply']

export class Decisions {
  readonly commit = new Changed()
  readonly effects: Effect[] = []
  readonly #clock: Clock
  readonly #sliceLimit: number
  readonly #newId: () => string

  constructor(clock: Clock, ids: Ids, sliceLimit: number) {
    this.#clock = clock
    this.#sliceLimit = sliceLimit
    this.#newId = () => ids.newId()
  }

  /**
   * Decides commands, each with all that follows from it in the same transaction; not those that have
   * become void when it is their turn. Where the store answers at once nothing is waited for: two promises
   * for each command would cost as much as its decision.
   *
   * @param decided Called after each, with its reply and what follows in later transactions.
   */
  async take<Letter extends { readonly command: Command; readonly isVoid: boolean }>(
    tx: Transaction,
    letters: readonly Letter[],
    decided: (letter: Letter, reply: Reply, later: readonly Command[]) => void,
  ): Promise<void> {
    const newId = this.#newId
    const sliceLimit = this.#sliceLimit
    for (let from = 0; from < letters.length; ) {
      const letter = letters[from] as Letter
      const reports = letter.isVoid ? NO_REPORTS : reportsFrom(letters, from, sliceLimit)
      from += Math.max(reports.length, 1)
      if (letter.isVoid) continue
      const queue: Command[] = [
        reports.length > 1 ? { type: 'tasks.succeeded', reports } : letter.command,
      ]
      let later: Command[] | null = null
      let reply: Reply | undefined
      for (let next = 0; next < queue.length; next += 1) {
        const command = queue[next] as Command
        const nowMs = this.#clock.nowMs()
        const loaded = tx.load(needs(command, sliceLimit), nowMs)
        const slice = loaded instanceof Promise ? await loaded : loaded
        const decision = decide(command, slice, { nowMs, newId, sliceLimit })
        if (decision.changes.length > 0) {
          const applied = tx.apply(decision.changes)
          if (applied instanceof Promise) await applied
          this.commit.note(decision.changes)
        }
        append(this.effects, decision.effects)
        append(queue, decision.followUps)
        if (decision.later.length > 0) {
          later ??= []
          append(later, decision.later)
        }
        reply ??= decision.reply
      }
      if (reports.length < 2) decided(letter, reply as Reply, later ?? NOTHING)
      else {
        const replies = reply as ReplyOf<'tasks.succeeded'>
        const first = from - replies.length
        replies.forEach((each, nth) => {
          decided(letters[first + nth] as Letter, each, nth === 0 ? (later ?? NOTHING) : NOTHING)
        })
      }
    }
  }
}

const NO_REPORTS: readonly Succeeded[] = []

/** The successes that were reported next to each other, from one letter on: they can be decided as one. */
function reportsFrom(
  letters: readonly { readonly command: Command; readonly isVoid: boolean }[],
  from: number,
  limit: number,
): readonly Succeeded[] {
  if (letters[from]?.command.type !== 'task.succeeded') return NO_REPORTS
  const reports: Succeeded[] = []
  for (let at = from; at < letters.length && reports.length < limit; at += 1) {
    const letter = letters[at]
    if (letter === undefined || letter.isVoid || letter.command.type !== 'task.succeeded') break
    reports.push(letter.command)
  }
  return reports
}

const NOTHING: readonly Command[] = []

/** Not spread into a call of `push`: a cascade has more consequences than a call takes arguments. */
function append<T>(list: T[], more: readonly T[]): void {
  for (const each of more) list.push(each)
}

/** What was changed so far. Most commits concern nobody who asks: what can be asked for is made for who does. */
class Changed implements Commit {
  rev = 0
  wakeAtMs: number | null = null
  /** In order; of what was deleted the id. */
  readonly #ofTasks: (Task | string)[] = []
  readonly #ofGroups: (Group | string)[] = []
  /** What it added to the history; of a submission the task. */
  readonly #lines: (HistoryEvent | Task)[] = []
  #tasks: Map<string, Task | null> | null = null
  #groups: Map<string, Group | null> | null = null
  #events: HistoryEvent[] | null = null

  note(changes: readonly Change[]): void {
    for (let nth = 0; nth < changes.length; nth += 1) {
      const change = changes[nth] as Change
      switch (change.type) {
        case 'counters.set':
          this.rev = change.rev
          break
        case 'task.add':
        case 'task.step':
        case 'task.put': {
          this.#ofTasks.push(change.task)
          if (change.type === 'task.add') this.#lines.push(change.task)
          else if (change.type === 'task.step') this.#lines.push(change.event)
          const { wakeAtMs } = change.task
          if (wakeAtMs !== null) this.wakeAtMs = Math.min(this.wakeAtMs ?? wakeAtMs, wakeAtMs)
          break
        }
        case 'task.delete':
          this.#ofTasks.push(change.taskId)
          break
        case 'group.put':
          this.#ofGroups.push(change.group)
          break
        case 'group.delete':
          this.#ofGroups.push(change.groupId)
          break
        case 'event.append':
          this.#lines.push(change.event)
          break
        default:
      }
    }
  }

  get tasks(): Map<string, Task | null> {
    this.#tasks ??= lastOfEach(this.#ofTasks, task => task.taskId)
    return this.#tasks
  }

  get events(): HistoryEvent[] {
    this.#events ??= this.#lines.map(eventOf)
    return this.#events
  }

  get lastEvent(): HistoryEvent | null {
    const last = this.#lines.at(-1)
    return last === undefined ? null : eventOf(last)
  }

  get groups(): Map<string, Group | null> {
    this.#groups ??= lastOfEach(this.#ofGroups, group => group.groupId)
    return this.#groups
  }
}

function eventOf(line: HistoryEvent | Task): HistoryEvent {
  return 'eventId' in line ? line : submissionEvent(line)
}

function lastOfEach<Row extends object>(
  changes: readonly (Row | string)[],
  idOf: (row: Row) => string,
): Map<string, Row | null> {
  const last = new Map<string, Row | null>()
  for (const change of changes) {
    if (typeof change === 'string') last.set(change, null)
    else last.set(idOf(change), change)
  }
  return last
}
