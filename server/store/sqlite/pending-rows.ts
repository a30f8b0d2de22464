// Rows of tasks that entries of the journal tell of and the table does not have yet: however often a task
// changed meanwhile, its row is written once.
import type { SQLInputValue } from 'node:sqlite'
import { layoutOf, PART, ROW_COLUMNS, TAGS_AT } from './row-parts.ts'
import type { Statements } from './statements.ts'

export interface PendingRow {
  seq: number
  /** Which parts of it are to be written; one with all that was submitted is not in the table yet. */
  parts: number
  /** By their place among the columns. */
  values: unknown[]
  /** The tags of the row that goes first; null: none does. */
  removed: readonly string[] | null
  /** The oldest entry that tells of it, and the transaction which that is of. */
  entryId: number
  transaction: number
}

/** Exported for the test that looks at their query plans. */
export const ROW_WRITES = {
  remove: 'DELETE FROM tasks WHERE seq = ?',
  insertTag: 'INSERT OR IGNORE INTO task_tags (tag, seq) VALUES (?, ?)',
  removeTag: 'DELETE FROM task_tags WHERE tag = ? AND seq = ?',
}

export class PendingRows {
  /** By seq; the one that waits longest comes first. */
  readonly #rows = new Map<number, PendingRow>()

  get size(): number {
    return this.#rows.size
  }

  /** The row that waits longest. */
  get oldest(): PendingRow | undefined {
    return this.#rows.values().next().value
  }

  of(seq: number): PendingRow | undefined {
    return this.#rows.get(seq)
  }

  /** Those that wait longest, so many at most. */
  first(limit: number): PendingRow[] {
    return this.#rows.values().take(limit).toArray()
  }

  drop(rows: readonly PendingRow[]): void {
    for (const { seq } of rows) this.#rows.delete(seq)
  }

  /** Takes an entry, which must be later than those before. */
  add(entry: string, entryId: number, transaction: number): void {
    const list = JSON.parse(entry) as unknown[]
    /** What it told last, by the place among the columns. A task repeats only what the one before it was told of. */
    const told = new Array<unknown>(ROW_COLUMNS.length).fill(null)
    for (let at = 0; at < list.length; ) {
      const seq = list[at] as number
      const parts = list[at + 1] as number
      const repeated = list[at + 2] as number
      at += 3
      let row = this.#rows.get(seq)
      if (row === undefined) {
        const values = new Array<unknown>(ROW_COLUMNS.length).fill(null)
        row = { seq, parts: 0, values, removed: null, entryId, transaction }
        this.#rows.set(seq, row)
      }
      if (parts === PART.removed) {
        row.removed ??= list[at] as string[]
        row.parts = 0
        at += 1
        continue
      }
      row.parts |= parts
      for (const place of layoutOf(parts & ~repeated).places) {
        told[place] = list[at]
        row.values[place] = list[at]
        at += 1
      }
      for (const place of layoutOf(repeated).places) row.values[place] = told[place]
    }
  }
}

/** Writes a row. `mayBeThere`: an entry is told of again, and what it made may be in the table already. */
export function writeRow(statements: Statements, row: PendingRow, mayBeThere: boolean): void {
  const { seq, parts, values, removed } = row
  const isNew = (parts & PART.submitted) !== 0
  if (removed !== null || (isNew && mayBeThere)) statements.of(ROW_WRITES.remove).run(seq)
  if (removed !== null) for (const tag of removed) statements.of(ROW_WRITES.removeTag).run(tag, seq)
  if (parts === 0) return
  const { places, isJson, insert, update } = layoutOf(parts)
  const bound: SQLInputValue[] = []
  for (let nth = 0; nth < places.length; nth += 1) {
    const value = values[places[nth] as number]
    bound.push(isJson[nth] ? jsonText(value) : (value as SQLInputValue))
  }
  bound.push(seq)
  statements.of(isNew ? insert : update).run(...bound)
  if (!isNew) return
  for (const tag of values[TAGS_AT] as string[]) statements.of(ROW_WRITES.insertTag).run(tag, seq)
}

/** Most lists are empty. */
function jsonText(value: unknown): string {
  return Array.isArray(value) && value.length === 0 ? '[]' : JSON.stringify(value)
}
