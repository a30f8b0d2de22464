// The groups of the working set, in memory while they have not settled, as far as there is room, or while a
// change of them is on its way; any other is read from its row. Rows of groups are written with their transaction.
import type { Group } from '../../../machines/index.ts'
import type { Changed, KeptGroup } from './changed.ts'
import { groupOf } from './rows.ts'
import type { Statements } from './statements.ts'

/** Groups that have not settled and stay in memory. */
const KEPT_MAX = 4_096

/** Exported for the test that looks at their query plans. */
export const GROUP_LOADS = {
  group: 'SELECT * FROM task_groups WHERE group_id = ?',
  lastGroupSeq: 'SELECT max(seq) AS seq FROM task_groups',
}

export class Groups {
  readonly #statements: Statements
  readonly #groups = new Map<string, KeptGroup>()
  /** Those deleted in transactions that have not landed, with the last of these. */
  readonly #deleted = new Map<string, number>()
  /** Those that were read by the transaction under way. */
  #visitors: string[] = []
  #lastSeq: number

  constructor(statements: Statements) {
    this.#statements = statements
    const last = statements.of(GROUP_LOADS.lastGroupSeq).get()
    this.#lastSeq = (last?.seq as number | null) ?? 0
  }

  /** One in memory. */
  inMemory(groupId: string): KeptGroup | undefined {
    return this.#groups.get(groupId)
  }

  /** One in memory, read from its row when it is not there. */
  get(groupId: string): KeptGroup | undefined {
    const known = this.#groups.get(groupId)
    if (known !== undefined || this.#deleted.has(groupId)) return known
    const row = this.#statements.of(GROUP_LOADS.group).get(groupId)
    if (row === undefined) return undefined
    const kept = { group: groupOf(row), isWritten: true, changedIn: 0 }
    this.#groups.set(groupId, kept)
    this.#visitors.push(groupId)
    return kept
  }

  put(group: Group, changed: Changed): void {
    const { groupId } = group
    const isNew = group.seq > this.#lastSeq
    const known = isNew ? undefined : this.get(groupId)
    if (known === undefined) {
      this.#lastSeq = Math.max(this.#lastSeq, group.seq)
      this.#deleted.delete(groupId)
      const kept = { group, isWritten: false, changedIn: changed.transaction }
      this.#groups.set(groupId, kept)
      changed.groups.push(kept)
      return
    }
    known.group = group
    if (known.changedIn === changed.transaction) return
    known.changedIn = changed.transaction
    changed.groups.push(known)
  }

  delete(groupId: string, changed: Changed): void {
    this.#groups.delete(groupId)
    this.#deleted.set(groupId, changed.transaction)
    changed.deletedGroups.push(groupId)
  }

  /** Ends the transaction under way: what it only looked at is let go. */
  end(): void {
    for (const groupId of this.#visitors)
      if (this.#groups.get(groupId)?.changedIn === 0) this.#groups.delete(groupId)
    this.#visitors = []
  }

  /** Takes note that a transaction is on disk. */
  landed({ transaction, groups, deletedGroups }: Changed): void {
    for (const { group, changedIn } of groups) {
      if (changedIn !== transaction) continue
      const mayLeave = group.value === 'settled' || this.#groups.size > KEPT_MAX
      if (mayLeave) this.#groups.delete(group.groupId)
    }
    for (const groupId of deletedGroups)
      if (this.#deleted.get(groupId) === transaction) this.#deleted.delete(groupId)
  }
}
