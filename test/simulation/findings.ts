// Broken invariants. The first one ends a run; it is kept, not thrown, because what notices it is often
// called by the engine, which would take an exception for its own.

/** A broken invariant: the sentence that does not hold, and what was found instead. */
export interface Finding {
  rule: string
  details: string
}

export class Findings {
  first: Finding | null = null

  note(rule: string, details: string): void {
    this.first ??= { rule, details }
  }

  /** Notes what a check found; null means that the rule holds. */
  check(rule: string, details: string | null): void {
    if (details !== null) this.note(rule, details)
  }
}
