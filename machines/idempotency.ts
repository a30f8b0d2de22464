// A client's key and the first answer to it: the same key gives that answer again, and for another
// request it is refused.
import type { Idempotency } from './commands.ts'
import type { Replayed } from './effects.ts'
import type { Json } from './task.machine.ts'
import type { Work } from './work.ts'

/**
 * Answers a request once for its key.
 *
 * @param keeps Whether an answer is remembered: a request that could not be read leaves nothing behind,
 *              its key included.
 */
export function once<Reply extends { outcome: string }>(
  work: Work,
  idempotency: Idempotency | null,
  keeps: readonly Reply['outcome'][],
  answer: () => Reply,
): (Reply & Replayed) | { outcome: 'key_reused' } {
  if (idempotency === null) return answer()
  const { idempotency: known } = work.slice
  if (known !== null) {
    if (known.fingerprint !== idempotency.fingerprint) return { outcome: 'key_reused' }
    return { ...(known.reply as unknown as Reply), replayed: { answer: known.answer } }
  }
  const reply = answer()
  if (!keeps.includes(reply.outcome)) return reply
  const kept = reply as unknown as Json
  const record = { ...idempotency, submittedMs: work.env.nowMs, reply: kept, answer: null }
  work.change({ type: 'idempotency.put', record })
  return reply
}
