// Walks a family, and says in figures what was walked or as a story what was broken.
import { type Explored, explore } from './explore.ts'
import { checkMove, type Move } from './moves.ts'
import type { Family } from './steps.ts'
import { explained } from './story.ts'

export interface Walked extends Explored {
  name: string
  seconds: number
  /** From where to where tasks went, as `waiting → canceled`. */
  moves: Set<string>
}

/** @throws {Error} A promise was broken; the message has the shortest history, and how to see it again. */
export async function walkWhole(family: Family, bound: number): Promise<Walked> {
  const startedMs = performance.now()
  const moves = new Set<string>()
  try {
    const explored = await explore(family, move => {
      checkMove(move)
      noteMoves(moves, move)
    })
    const seconds = (performance.now() - startedMs) / 1_000
    return { name: family.name, ...explored, seconds, moves }
  } catch (error) {
    const replay = `npm run worlds -- --bound ${bound} --family ${family.name} --replay`
    throw await explained(family, error, replay)
  }
}

function noteMoves(moves: Set<string>, { before, after }: Move): void {
  for (const [at, { value }] of before.rows.tasks.entries()) {
    const next = after.rows.tasks[at]!.value
    if (next !== value) moves.add(`${value} → ${next}`)
  }
}

/** Prints a line for each family, and one for all. */
export function printTable(walked: readonly Walked[]): void {
  const sum = (of: (each: Walked) => number) => walked.reduce((total, each) => total + of(each), 0)
  const figures = (of: Pick<Walked, 'states' | 'transitions' | 'histories' | 'seconds'>) => ({
    states: of.states,
    transitions: of.transitions,
    histories: of.histories.toPrecision(3),
    seconds: Number(of.seconds.toFixed(1)),
  })
  const lines = walked.map(each => [each.name, { 'steps at most': each.depth, ...figures(each) }])
  const total = {
    states: sum(each => each.states),
    transitions: sum(each => each.transitions),
    histories: sum(each => each.histories),
    seconds: sum(each => each.seconds),
  }
  console.table(Object.fromEntries([...lines, [`all ${walked.length}`, figures(total)]]))
}
