// What readers see when a process has come to rest, against what is on disk: rows, lists, the history,
// and the feed of changes.
import type { HistoryEvent } from '../../machines/index.ts'
import { unfinishedCount } from '../../machines/index.ts'
import type { Commit } from '../../server/decisions.ts'
import type { Store } from '../../server/store/store.ts'
import type { Findings } from './findings.ts'
import type { Ledger } from './ledger.ts'

/** Rows that one look compares at most: those that changed since the last one come first. */
const ROWS_MAX = 40

export class Readers {
  readonly #ledger: Ledger
  readonly #findings: Findings
  #changed = new Set<string>()
  #unread: HistoryEvent[] = []
  #lastEventId = 0
  #fedUpTo = 0

  constructor(ledger: Ledger, findings: Findings) {
    this.#ledger = ledger
    this.#findings = findings
  }

  /** A commit is kept. */
  committed(tasks: Iterable<string>, events: readonly HistoryEvent[]): void {
    for (const taskId of tasks) this.#changed.add(taskId)
    for (const event of events) this.#unread.push(event)
  }

  /** A process has begun: its feed tells of what is committed from here on. */
  begin(): void {
    this.#fedUpTo = this.#ledger.counters.rev
  }

  /** The feed tells of a commit. */
  fed({ rev }: Commit): void {
    const { rev: kept } = this.#ledger.counters
    if (rev > kept || rev <= this.#fedUpTo)
      this.#findings.note(
        'The feed tells of every commit once, and after it is on disk',
        `change ${rev} came after ${this.#fedUpTo}, and ${kept} is on disk`,
      )
    this.#fedUpTo = rev
  }

  /** Looks at a store that rests. */
  async look(store: Store): Promise<void> {
    await this.#lookAtRows(store)
    await this.#lookAtLists(store)
    await this.#lookAtHistory(store)
    const { rev } = this.#ledger.counters
    if (this.#fedUpTo !== rev)
      this.#findings.note(
        'The feed tells of every commit once, and after it is on disk',
        `it has told up to ${this.#fedUpTo} of ${rev}`,
      )
  }

  async #lookAtRows(store: Store): Promise<void> {
    const rule = 'A reader sees what is on disk'
    const taskIds = [...this.#changed].slice(-ROWS_MAX)
    this.#changed = new Set()
    const groupIds = new Set<string>()
    for (const taskId of taskIds) {
      const kept = this.#ledger.tasks.get(taskId) ?? null
      if (kept?.groupId != null) groupIds.add(kept.groupId)
      const seen = JSON.stringify(await store.task(taskId))
      if (seen !== JSON.stringify(kept)) this.#findings.note(rule, `${taskId} is ${seen}`)
    }
    for (const groupId of groupIds) {
      const seen = JSON.stringify(await store.group(groupId))
      const kept = JSON.stringify(this.#ledger.groups.get(groupId))
      if (seen !== kept) this.#findings.note(rule, `${groupId} is ${seen}`)
    }
  }

  async #lookAtLists(store: Store): Promise<void> {
    const seen = {
      rev: await store.rev(),
      unfinished: await store.count({ states: 'unfinished' }),
      groups: (await store.activeGroups()).length,
    }
    const kept = {
      rev: this.#ledger.counters.rev,
      unfinished: this.#ledger.unfinished.size,
      groups: [...this.#ledger.unsettled.values()].filter(each => unfinishedCount(each) > 0).length,
    }
    if (JSON.stringify(seen) !== JSON.stringify(kept))
      this.#findings.note(
        'A reader sees what is on disk',
        `${JSON.stringify(seen)}, not ${JSON.stringify(kept)}`,
      )
  }

  /** What was purged meanwhile has taken its lines with it. */
  async #lookAtHistory(store: Store): Promise<void> {
    const kept = this.#unread
      .filter(({ taskId, groupId }) =>
        taskId === null
          ? groupId === null || this.#ledger.groups.has(groupId)
          : this.#ledger.tasks.has(taskId),
      )
      .sort((a, b) => a.eventId - b.eventId)
    this.#unread = []
    const afterEventId = this.#lastEventId
    const seen = await store.history({ afterEventId, limit: kept.length + 1 })
    this.#lastEventId = Math.max(this.#ledger.counters.rev, afterEventId)
    if (JSON.stringify(seen) !== JSON.stringify(kept))
      this.#findings.note(
        'The history keeps every line, in order',
        `${seen.length} lines after ${afterEventId}, and ${kept.length} were written`,
      )
  }
}
