// Ids: UUIDs of version 7, each above the one before. Random bytes are drawn for many ids at a time, as
// a draw from the system costs several times what all the rest of an id does.
import { randomFillSync } from 'node:crypto'
import { v7 } from 'uuid'

/** Random bytes that are drawn at a time. */
const POOL_LENGTH = 4_096
/** Where the random bytes of an id begin: those before are the time's. */
const RANDOM_AT = 6
const ID_LENGTH = 16

const HEX = Buffer.from('0123456789abcdef')
const NIL = '00000000-0000-0000-0000-000000000000'
const DASH = 0x2d

/**
 * A source of UUIDs of version 7, in canonical lower-case form. Within one millisecond, and while the
 * clock is behind where it was, they count on (RFC 9562, section 6.2, method 1).
 *
 * @param nowMs Milliseconds since the epoch.
 */
export function idSource(nowMs: () => number): () => string {
  const pool = new Uint8Array(POOL_LENGTH)
  const random = new Uint8Array(ID_LENGTH)
  const bytes = new Uint8Array(ID_LENGTH)
  const text = Buffer.from(NIL)
  let drawn = POOL_LENGTH
  let msecs = Number.NEGATIVE_INFINITY
  let seq = 0

  return () => {
    draw()
    const now = nowMs()
    if (now > msecs) {
      msecs = now
      seq = firstSeq()
    } else {
      seq = (seq + 1) | 0
      if (seq === 0) msecs += 1
    }
    v7({ random, msecs, seq }, bytes)
    return written()
  }

  /** In one piece: a text that is joined of twenty is five times as large, and is copied when it is first used. */
  function written(): string {
    let at = 0
    for (let nth = 0; nth < ID_LENGTH; nth += 1) {
      if (text[at] === DASH) at += 1
      const byte = bytes[nth] as number
      text[at++] = HEX[byte >> 4] as number
      text[at++] = HEX[byte & 15] as number
    }
    return text.toString('latin1')
  }

  function draw(): void {
    if (drawn + ID_LENGTH - RANDOM_AT > POOL_LENGTH) {
      randomFillSync(pool)
      drawn = 0
    }
    for (let at = RANDOM_AT; at < ID_LENGTH; at += 1) random[at] = pool[drawn++] as number
  }

  /** 31 random bits, so that there is room to count on. */
  function firstSeq(): number {
    const [a = 0, b = 0, c = 0, d = 0] = random.subarray(RANDOM_AT)
    return ((a & 0x7f) << 24) | (b << 16) | (c << 8) | d
  }
}
