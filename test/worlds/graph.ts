// What is asked of the worlds as a graph: whether all tasks can end from everywhere, and how many
// histories lead through it.

/** Steps between worlds, by number: the nth leads from `from[n]` to `to[n]`, another. */
export interface Arrows {
  from: number[]
  to: number[]
  /** Whether the step is one that neither a client nor a mishap takes. */
  progress: boolean[]
}

/** The first state from which progress alone does not lead to one in which all tasks have ended. */
export function firstThatNeverEnds(
  states: number,
  { from, to, progress }: Arrows,
  ended: ReadonlySet<number>,
): number | null {
  const sources: number[][] = Array.from({ length: states }, () => [])
  for (const [nth, target] of to.entries()) if (progress[nth]) sources[target]!.push(from[nth]!)
  const ends = new Set(ended)
  for (const state of ends) for (const source of sources[state]!) ends.add(source)
  for (let state = 0; state < states; state += 1) if (!ends.has(state)) return state
  return null
}

/** Paths of at most so many steps that begin at the first state. Past 2 ** 53 the number is rounded. */
export function countHistories(states: number, { from, to }: Arrows, steps: number): number {
  let ending = new Float64Array(states)
  ending[0] = 1
  let histories = 1
  for (let step = 0; step < steps; step += 1) {
    const next = new Float64Array(states)
    for (let nth = 0; nth < from.length; nth += 1) next[to[nth]!]! += ending[from[nth]!]!
    ending = next
    for (const each of ending) histories += each
  }
  return histories
}
