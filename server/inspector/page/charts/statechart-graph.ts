// A statechart as a graph for the layout: the size of each box and label, and how ELK is to draw it.
import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js'
import type { Chart, ChartEdge, ChartState } from './machine.ts'
import { NOTE_LINE_PX, widthOf } from './text-size.ts'

/** Which way a chart runs: to the right where there is room, down where there is little. */
export type Direction = 'RIGHT' | 'DOWN'

/** Height of a compound state's title bar. */
export const TITLE_PX = 30
/** Height of a simple state's name. */
export const NAME_LINE_PX = 20
/** Widest line of events inside a state, before it is broken. */
const NOTES_WIDTH_MAX = 180
/** Longest label on one line, in characters. */
const LABEL_LENGTH_MAX = 24
const DOT_PX = 12
const PADDING_PX = 18

/** How ELK draws what is inside a compound state; each needs it said again. */
const LAYERED = {
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.nodePlacement.favorStraightEdges': 'true',
  'elk.spacing.nodeNode': '20',
  'elk.spacing.edgeNode': '12',
  'elk.spacing.edgeEdge': '10',
  'elk.spacing.edgeLabel': '4',
  'elk.layered.spacing.nodeNodeBetweenLayers': '20',
  'elk.layered.spacing.edgeNodeBetweenLayers': '10',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '9',
}

/** The graph of a chart; `initialOf(id)` names the dot inside a compound state. */
export function graphOf(chart: Chart, direction: Direction): ElkNode {
  const edges = chart.edges.map(labelledEdge)
  for (const { id, initial } of chart.states) {
    if (initial !== null) {
      edges.push({ id: `${initialOf(id)}>`, sources: [initialOf(id)], targets: [initial] })
    }
  }
  const [machine] = chart.states
  const root = nodeOf(chart, machine as ChartState)
  return {
    ...root,
    layoutOptions: {
      ...root.layoutOptions,
      'elk.algorithm': 'layered',
      'elk.direction': direction,
      'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
      // For the machine alone: ELK fails on it where lines cross a box.
      'elk.layered.cycleBreaking.strategy': 'MODEL_ORDER',
      'elk.json.edgeCoords': 'ROOT',
      'elk.json.shapeCoords': 'ROOT',
    },
    edges,
  }
}

/** Id of the dot from which a compound state is entered. */
export function initialOf(id: string): string {
  return `${id}:initial`
}

/** What a state answers to without leaving it, in lines that fit into its box. */
export function noteLines({ internal }: ChartState): string[] {
  const lines: string[] = []
  for (const label of internal) {
    const joined = `${lines.at(-1)} · ${label}`
    const fits = lines.length > 0 && widthOf(joined, 'note') <= NOTES_WIDTH_MAX
    if (fits) lines[lines.length - 1] = joined
    else lines.push(label)
  }
  return lines
}

/** A transition's label in lines: a long guard stands below its event. */
export function labelLines(labels: readonly string[]): string[] {
  return labels.flatMap(label => {
    const guard = label.indexOf(' [')
    const isLong = guard > 0 && label.length > LABEL_LENGTH_MAX
    return isLong ? [label.slice(0, guard), label.slice(guard + 1)] : [label]
  })
}

function nodeOf(chart: Chart, state: ChartState): ElkNode {
  const title = widthOf(state.name, 'title')
  if (!state.isCompound) {
    const notes = noteLines(state)
    const widest = Math.max(title, ...notes.map(note => widthOf(note, 'note')))
    return {
      id: state.id,
      width: widest + 28,
      height: NAME_LINE_PX + 18 + notes.length * NOTE_LINE_PX + (notes.length > 0 ? 2 : 0),
    }
  }
  const children: ElkNode[] = chart.states
    .filter(({ parent }) => parent === state.id)
    .map(child => nodeOf(chart, child))
  if (state.initial !== null) {
    children.unshift({ id: initialOf(state.id), width: DOT_PX, height: DOT_PX })
  }
  const notes = widthOf(state.internal.join(' · '), 'note')
  return {
    id: state.id === '' ? 'machine' : state.id,
    children,
    layoutOptions: {
      ...LAYERED,
      'elk.padding': `[top=${TITLE_PX + PADDING_PX},left=${PADDING_PX},bottom=${PADDING_PX},right=${PADDING_PX}]`,
      'elk.nodeSize.constraints': 'MINIMUM_SIZE',
      'elk.nodeSize.minimum': `(${title + notes + 48}, 60)`,
    },
  }
}

function labelledEdge({ id, source, target, labels }: ChartEdge): ElkExtendedEdge {
  const lines = labelLines(labels)
  return {
    id,
    sources: [source],
    targets: [target],
    labels: [
      {
        // ELK leaves out a label without a text.
        text: lines.join('\n'),
        width: Math.max(...lines.map(line => widthOf(line, 'note'))) + 8,
        height: lines.length * NOTE_LINE_PX + 4,
        layoutOptions: { 'elk.edgeLabels.inline': 'true' },
      },
    ],
  }
}
