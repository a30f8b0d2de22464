// The part of time that a timeline shows: all of it, the latest so much of it, or what somebody chose.

export interface Span {
  fromMs: number
  toMs: number
}

export type SpanChoice =
  | { mode: 'all' }
  /** Moves on with the present. */
  | { mode: 'latest'; lengthMs: number }
  | ({ mode: 'chosen' } & Span)

const LENGTH_MIN_MS = 4

/** What is shown of `whole` at a choice. */
export function spanOf(choice: SpanChoice, whole: Span): Span {
  const lengthMs = Math.max(LENGTH_MIN_MS, whole.toMs - whole.fromMs)
  switch (choice.mode) {
    case 'all':
      return { fromMs: whole.fromMs - lengthMs * 0.01, toMs: whole.fromMs + lengthMs * 1.02 }
    case 'latest':
      return {
        fromMs: whole.toMs - choice.lengthMs * 0.96,
        toMs: whole.toMs + choice.lengthMs * 0.04,
      }
    case 'chosen':
      return choice
  }
}

/** Zooms by a factor (above 1: closer) around a time, which stays where it is. */
export function zoomed(span: Span, by: number, aroundMs: number, whole: Span): SpanChoice {
  const wholeMs = Math.max(LENGTH_MIN_MS, whole.toMs - whole.fromMs)
  const lengthMs = Math.max(LENGTH_MIN_MS, (span.toMs - span.fromMs) / by)
  if (lengthMs >= wholeMs * 1.02) return { mode: 'all' }
  const share = (aroundMs - span.fromMs) / (span.toMs - span.fromMs)
  return chosen(aroundMs - share * lengthMs, lengthMs, whole)
}

/** Moves by so many ms, positive into the future. */
export function moved(span: Span, byMs: number, whole: Span): SpanChoice {
  return chosen(span.fromMs + byMs, span.toMs - span.fromMs, whole)
}

/** A choice inside the whole; what shows its end goes on with it. */
export function chosen(fromMs: number, lengthMs: number, whole: Span): SpanChoice {
  if (fromMs + lengthMs >= whole.toMs) return { mode: 'latest', lengthMs }
  const from = Math.max(whole.fromMs - lengthMs * 0.04, fromMs)
  return { mode: 'chosen', fromMs: from, toMs: from + lengthMs }
}
