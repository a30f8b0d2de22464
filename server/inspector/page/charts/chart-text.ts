// A statechart in words: what a screen reader says for the drawing.
import type { Chart, ChartEdge, ChartState } from './machine.ts'

/** The drawing in a few sentences: where it is, and how many states and transitions there are. */
export function summaryOf(chart: Chart, active: string, path: readonly string[]): string {
  const leaves = chart.states.filter(state => !state.isCompound)
  const past = path.length > 1 ? ` It went ${path.map(spoken).join(', then ')}.` : ''
  return (
    `Statechart of a ${chart.name}, which is ${spoken(active)}.${past}` +
    ` States: ${leaves.map(({ id }) => spoken(id)).join(', ')}.` +
    ` Transitions: ${chart.edges.map(sentenceOf).join('; ')}.`
  )
}

/** One line: "from waiting to canceled on cancel". */
export function sentenceOf({ source, target, labels }: ChartEdge): string {
  return `from ${spoken(source)} to ${spoken(target)} on ${labels.join(' or ')}`
}

/** A state's name with what it is inside of, outermost first. */
export function spoken(id: string): string {
  return id.replaceAll('.', ', ')
}

/** What a state answers to without leaving it. */
export function staysOn({ internal }: ChartState): string {
  return internal.length === 0 ? '' : `stays on ${internal.join(', ')}`
}
