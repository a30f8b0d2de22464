// A page of rows, latest first, that fit a question which no index answers: found in steps that each take
// little time, and given up for the next page before they add up.
import type { Clock } from '../ports.ts'

/** Seqs of a page, latest first. */
export interface LatestPage {
  seqs: number[]
  /** Where the next page begins, which may be asked for although this one is not full; null: it was the last. */
  next: number | null
}

export interface Question<Row extends { seq: number }> {
  /** Rows before a seq, latest first. */
  read: (beforeSeq: number, limit: number) => Promise<Row[]>
  /** Null: every row fits. */
  fits: ((row: Row) => boolean) | null
  limit: number
  beforeSeq: number
}

/** Rows that one step looks at. */
const STEP = 500
/** Rows that one page looks at, at most. */
const LOOK_MAX = 20_000

/** Finds a page of what fits. */
export async function latestFirst<Row extends { seq: number }>(
  { read, fits, limit, beforeSeq }: Question<Row>,
  clock: Clock,
): Promise<LatestPage> {
  const step = fits === null ? limit : STEP
  const seqs: number[] = []
  let before = beforeSeq
  for (let looked = 0; looked < LOOK_MAX; looked += step) {
    const rows = await read(before, step)
    for (const [index, row] of rows.entries()) {
      before = row.seq
      if (fits !== null && !fits(row)) continue
      seqs.push(row.seq)
      if (seqs.length < limit) continue
      const isLast = index === rows.length - 1 && rows.length < step
      return { seqs, next: isLast ? null : before }
    }
    if (rows.length < step) return { seqs, next: null }
    await clock.turn()
  }
  return { seqs, next: before }
}
