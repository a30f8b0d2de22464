// Which states and transitions of a chart the paths took, each way that they were driven, as a table.
import type { Chart, Row } from './chart.ts'

/** The ways that each path is driven. */
export const WAYS = ['machine', 'engine', 'REST'] as const
export type Way = (typeof WAYS)[number]

type Counts = Record<Way, number>

/** A line of the table. */
interface Line {
  text: string
  counts: Counts
}

export class Coverage {
  readonly #name: string
  readonly #states: Map<string, Line>
  readonly #rows: Map<Row, Line>
  readonly #paths = line('all paths')

  constructor({ name, states, rows }: Pick<Chart<never, never>, 'name' | 'states' | 'rows'>) {
    this.#name = name
    this.#states = new Map(states.map(state => [state, line(state)]))
    this.#rows = new Map(rows.map(row => [row, line(`  ${row.name}`)]))
  }

  /** Counts a path that was driven: the states that it was in, and the transitions that it took. */
  count(way: Way, states: ReadonlySet<string>, rows: ReadonlySet<Row>): void {
    this.#paths.counts[way] += 1
    for (const state of states) (this.#states.get(state) as Line).counts[way] += 1
    for (const row of rows) (this.#rows.get(row) as Line).counts[way] += 1
  }

  /** States and transitions that no path took, with the ways in which none did. */
  get missing(): string[] {
    const missed = ({ counts }: Line) => WAYS.filter(way => counts[way] === 0)
    const states = [...this.#states].map(([state, each]) => ({ name: state, ways: missed(each) }))
    const rows = [...this.#rows].map(([row, each]) => ({
      name: `${row.state}: ${row.name}`,
      ways: missed(each),
    }))
    return [...states, ...rows].flatMap(({ name, ways }) =>
      ways.length === 0 ? [] : [`${name} (${ways.join(', ')})`],
    )
  }

  /** The table: a line for each state, its transitions below it, and how many paths took them. */
  toString(): string {
    const lines = [...this.#states].flatMap(([state, each]) => [
      each,
      ...[...this.#rows].flatMap(([row, its]) => (row.state === state ? [its] : [])),
    ])
    const width = Math.max(...lines.map(({ text }) => text.length))
    const cells = (text: string, figures: readonly (string | number)[]) =>
      [text.padEnd(width), ...figures.map(each => `${each}`.padStart(9))].join('')
    return [
      cells(`paths over the ${this.#name} chart`, WAYS),
      ...[...lines, this.#paths].map(({ text, counts }) =>
        cells(
          text,
          WAYS.map(way => counts[way]),
        ),
      ),
      `${this.#states.size} states and ${this.#rows.size} transitions; without a path: ${this.missing.length}`,
    ].join('\n')
  }
}

function line(text: string): Line {
  return { text, counts: { machine: 0, engine: 0, REST: 0 } }
}
