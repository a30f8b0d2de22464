// The drawing of a statechart from its layout: boxes, lines, labels. It knows nothing of which state is
// active; that is a matter of classes (statechart.tsx).
import type { Box, Layout } from './layout.ts'
import type { Chart, ChartEdge, ChartState } from './machine.ts'
import { headOf, roundedPath } from './route.ts'
import { initialOf, labelLines, NAME_LINE_PX, noteLines, TITLE_PX } from './statechart-graph.ts'
import { NOTE_LINE_PX } from './text-size.ts'

export interface StatechartDrawingProps {
  chart: Chart
  layout: Layout
  onHover: (edge: string | null) => void
  onSelect: ((state: string) => void) | undefined
}

export function StatechartDrawing({ chart, layout, onHover, onSelect }: StatechartDrawingProps) {
  const compounds = chart.states.filter(({ isCompound }) => isCompound)
  const leaves = chart.states.filter(({ isCompound }) => !isCompound)
  const select = (state: ChartState) => onSelect && (() => onSelect(state.id))
  return (
    <>
      {compounds.map(state => (
        <Compound key={state.id} state={state} box={boxOf(layout, state)} />
      ))}
      {compounds.map(({ id }) => (
        <Initial key={id} id={id} layout={layout} />
      ))}
      {chart.edges.map(edge => (
        <EdgeLine key={edge.id} edge={edge} layout={layout} onHover={onHover} />
      ))}
      {leaves.map(state => (
        <Leaf key={state.id} state={state} box={boxOf(layout, state)} onClick={select(state)} />
      ))}
      {chart.edges.map(edge => (
        <EdgeLabel key={edge.id} edge={edge} layout={layout} onHover={onHover} />
      ))}
    </>
  )
}

function Compound({ state, box }: { state: ChartState; box: Box }) {
  return (
    <g data-state={state.id} class={`chart-compound${state.id === '' ? ' is-machine' : ''}`}>
      <rect class="chart-box" {...box} rx={10} />
      <path class="chart-title-line" d={`M${box.x},${box.y + TITLE_PX}h${box.width}`} />
      <text class="chart-name" x={box.x + 14} y={box.y + TITLE_PX / 2} dominant-baseline="central">
        {state.name}
      </text>
      {state.internal.length > 0 && (
        <text
          class="chart-note"
          x={box.x + box.width - 14}
          y={box.y + TITLE_PX / 2}
          text-anchor="end"
          dominant-baseline="central"
        >
          {state.internal.join(' · ')}
        </text>
      )}
    </g>
  )
}

function Leaf({
  state,
  box,
  onClick,
}: {
  state: ChartState
  box: Box
  onClick: (() => void) | undefined
}) {
  const notes = noteLines(state)
  const middle = box.x + box.width / 2
  const top = box.y + (box.height - NAME_LINE_PX - notes.length * NOTE_LINE_PX) / 2
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys reach the same from the list of states
    <g
      data-state={state.id}
      class={`chart-leaf${state.isFinal ? ' is-final' : ''}${onClick ? ' is-link' : ''}`}
      onClick={onClick}
    >
      <rect class="chart-box" {...box} rx={8} />
      {state.isFinal && (
        <rect
          class="chart-inner"
          x={box.x + 3}
          y={box.y + 3}
          width={box.width - 6}
          height={box.height - 6}
          rx={5.5}
        />
      )}
      <text
        class="chart-name"
        x={middle}
        y={top + NAME_LINE_PX / 2}
        text-anchor="middle"
        dominant-baseline="central"
      >
        {state.name}
      </text>
      {notes.map((note, line) => (
        <text
          key={note}
          class="chart-note"
          x={middle}
          y={top + NAME_LINE_PX + (line + 0.5) * NOTE_LINE_PX}
          text-anchor="middle"
          dominant-baseline="central"
        >
          {note}
        </text>
      ))}
    </g>
  )
}

function Initial({ id, layout }: { id: string; layout: Layout }) {
  const box = layout.boxes[initialOf(id)]
  const line = layout.lines[`${initialOf(id)}>`]
  if (box === undefined || line === undefined) return null
  return (
    <g class="chart-initial">
      <path class="chart-line" d={roundedPath(line.points)} />
      <path class="chart-head" d={headOf(line.points)} />
      <circle
        class="chart-dot"
        cx={box.x + box.width / 2}
        cy={box.y + box.height / 2}
        r={box.width / 2}
      />
    </g>
  )
}

interface EdgeProps {
  edge: ChartEdge
  layout: Layout
  onHover: (edge: string | null) => void
}

function EdgeLine({ edge, layout, onHover }: EdgeProps) {
  const line = layout.lines[edge.id]
  if (line === undefined) return null
  const path = roundedPath(line.points)
  return (
    <g
      data-edge={edge.id}
      class="chart-edge"
      onPointerEnter={() => onHover(edge.id)}
      onPointerLeave={() => onHover(null)}
    >
      <path class="chart-reach" d={path} />
      <path class="chart-line" d={path} />
      <path class="chart-head" d={headOf(line.points)} />
    </g>
  )
}

function EdgeLabel({ edge, layout, onHover }: EdgeProps) {
  const box = layout.lines[edge.id]?.label
  if (!box) return null
  return (
    <g
      data-edge={edge.id}
      class="chart-label"
      onPointerEnter={() => onHover(edge.id)}
      onPointerLeave={() => onHover(null)}
    >
      <rect class="chart-ground" {...box} rx={4} />
      {labelLines(edge.labels).map((text, line) => (
        <text
          key={`${line}`}
          class="chart-text"
          x={box.x + box.width / 2}
          y={box.y + 2 + (line + 0.5) * NOTE_LINE_PX}
          text-anchor="middle"
          dominant-baseline="central"
        >
          {text}
        </text>
      ))}
    </g>
  )
}

function boxOf(layout: Layout, { id }: ChartState): Box {
  return layout.boxes[id] as Box
}
