// What is decided in one transaction: commands one after another, each with all that follows from it, on what
// those before it have left; and what that changes, for whoever is told once it is on disk.
import {
  type Command,
  type Decision,
  decide,
  type Effect,
  type Group,
  type HistoryEvent,
  needs,
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
  /** What it added to the history, oldest first. */
  events: HistoryEvent[]
  /** The soonest time at which a task changed in it wants to be woken; null when none does. */
  wakeAtMs: number | null
}

export class Decisions {
  readonly commit: Commit = {
    rev: 0,
    tasks: new Map(),
    groups: new Map(),
    events: [],
    wakeAtMs: null,
  }
  readonly effects: Effect[] = []
  readonly #clock: Clock
  readonly #ids: Ids
  readonly #sliceLimit: number

  constructor(clock: Clock, ids: Ids, sliceLimit: number) {
    this.#clock = clock
    this.#ids = ids
    this.#sliceLimit = sliceLimit
  }

  /** Decides a command and all that follows from it in the same transaction. */
  async take(tx: Transaction, command: Command) {
    const queue = [command]
    const later: Command[] = []
    const sliceLimit = this.#sliceLimit
    let reply: Decision['reply'] | undefined
    for (const each of queue) {
      const nowMs = this.#clock.nowMs()
      const slice = await tx.load(needs(each, sliceLimit), nowMs)
      const decision = decide(each, slice, { nowMs, newId: () => this.#ids.newId(), sliceLimit })
      if (decision.changes.length > 0) await tx.apply(decision.changes)
      note(this.commit, decision)
      // Not spread into a call: a cascade has more consequences than a call takes arguments.
      for (const effect of decision.effects) this.effects.push(effect)
      for (const followUp of decision.followUps) queue.push(followUp)
      for (const command of decision.later) later.push(command)
      reply ??= decision.reply
    }
    return { reply: reply as Decision['reply'], later }
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
