// The idempotency keys of the working set: in memory until their transaction has landed, and from then on in rows.
import type { IdempotencyRecord } from '../../../machines/index.ts'
import type { Changed } from './changed.ts'
import { json } from './rows.ts'
import type { Statements } from './statements.ts'

/** Exported for the test that looks at their query plans. */
export const KEY_LOADS = { idempotency: 'SELECT * FROM idempotency WHERE key = ?' }

export class Keys {
  readonly #statements: Statements
  readonly #pending = new Map<string, { record: IdempotencyRecord; changedIn: number }>()
  /** Keys from before this are forgotten, whether or not their rows are. */
  #fromMs = Number.NEGATIVE_INFINITY

  constructor(statements: Statements) {
    this.#statements = statements
  }

  get(key: string): IdempotencyRecord | null {
    const pending = this.#pending.get(key)
    if (pending !== undefined) return pending.record
    const row = this.#statements.of(KEY_LOADS.idempotency).get(key)
    if (row === undefined || (row.submitted_ms as number) < this.#fromMs) return null
    return {
      key,
      fingerprint: row.fingerprint as string,
      submittedMs: row.submitted_ms as number,
      reply: json(row.reply),
      answer: json(row.answer),
    }
  }

  put(record: IdempotencyRecord, changed: Changed): void {
    this.#pending.set(record.key, { record, changedIn: changed.transaction })
    changed.idempotency.push(record)
  }

  expire(beforeMs: number, changed: Changed): void {
    this.#fromMs = Math.max(this.#fromMs, beforeMs)
    changed.expireBeforeMs = Math.max(changed.expireBeforeMs ?? beforeMs, beforeMs)
    for (const [key, { record }] of this.#pending)
      if (record.submittedMs < beforeMs) this.#pending.delete(key)
    changed.idempotency = changed.idempotency.filter(each => each.submittedMs >= beforeMs)
  }

  /** Takes note that a transaction is on disk. */
  landed({ transaction, idempotency }: Changed): void {
    for (const { key } of idempotency)
      if (this.#pending.get(key)?.changedIn === transaction) this.#pending.delete(key)
  }
}
