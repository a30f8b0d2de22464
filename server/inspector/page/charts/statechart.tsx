// A statechart, drawn once and lit as the machine moves: the state that it is in, those that it was in and
// the transitions that it took. A change of state is a change of classes, never another layout.
import './statechart.css'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { sentenceOf, spoken, staysOn, summaryOf } from './chart-text.ts'
import { type Layout, layOut } from './layout.ts'
import { type Chart, chartOf, edgesTaken, type MachineConfig, withAncestors } from './machine.ts'
import { StatechartDrawing } from './statechart-drawing.tsx'
import { type Direction, graphOf } from './statechart-graph.ts'
import { useWidth } from './use-width.ts'
import { Viewport } from './viewport.tsx'

export type { MachineConfig } from './machine.ts'

export interface StatechartProps {
  machine: MachineConfig
  /** The state node that it is in, dotted: `running.executing`. */
  active: string
  /** The state nodes that it passed through, the first one first. */
  path?: readonly string[]
  onSelect?: (state: string) => void
}

/** Below this width the chart runs down, in px. */
const NARROW_PX = 620
const NO_PATH: readonly string[] = []

export function Statechart({ machine, active, path = NO_PATH, onSelect }: StatechartProps) {
  const config = JSON.stringify(machine)
  const chart = useMemo(() => chartOf(JSON.parse(config) as MachineConfig), [config])
  const root = useRef<HTMLElement>(null)
  const width = useWidth(root)
  const direction: Direction | null = width === 0 ? null : width < NARROW_PX ? 'DOWN' : 'RIGHT'
  const { layout, error } = useChartLayout(chart, direction)
  const [hot, setHot] = useState<string | null>(null)

  useLayoutEffect(() => {
    if (root.current !== null && layout !== null) light(root.current, chart, active, path)
  }, [chart, layout, active, path])
  useLayoutEffect(() => {
    for (const element of root.current?.querySelectorAll<SVGElement>('[data-edge]') ?? []) {
      element.classList.toggle('is-hot', element.dataset.edge === hot)
    }
  }, [hot, layout])

  const drawing = useMemo(
    () =>
      layout && (
        <StatechartDrawing chart={chart} layout={layout} onHover={setHot} onSelect={onSelect} />
      ),
    [chart, layout, onSelect],
  )
  return (
    <figure class="statechart" ref={root}>
      <div role="img" aria-label={summaryOf(chart, active, path)} />
      {error !== null && (
        <p class="chart-error" role="alert">
          The chart could not be laid out: {error}. Its states and transitions are listed below.
        </p>
      )}
      {layout === null || drawing === null ? (
        error === null && <div class="chart-placeholder" />
      ) : (
        <Viewport
          label={`Statechart of a ${chart.name}`}
          width={layout.width}
          height={layout.height}
          focus={layout.boxes[active] ?? null}
        >
          {drawing}
        </Viewport>
      )}
      <ChartList chart={chart} active={active} onHover={setHot} />
    </figure>
  )
}

/** The same as text; a transition that has the focus is lit in the drawing. */
function ChartList({
  chart,
  active,
  onHover,
}: {
  chart: Chart
  active: string
  onHover: (edge: string | null) => void
}) {
  return (
    <details class="chart-list">
      <summary>States and transitions</summary>
      <ul>
        {chart.states
          .filter(({ id }) => id !== '')
          .map(state => (
            <li key={state.id} aria-current={state.id === active ? 'step' : undefined}>
              <h3>
                {spoken(state.id)}
                {state.isFinal && <small> final</small>}
                {state.id === active && <small class="is-now"> it is here</small>}
              </h3>
              {state.internal.length > 0 && <p>{staysOn(state)}</p>}
              {chart.edges
                .filter(({ source }) => source === state.id)
                .map(edge => (
                  <button
                    type="button"
                    key={edge.id}
                    title={sentenceOf(edge)}
                    onFocus={() => onHover(edge.id)}
                    onBlur={() => onHover(null)}
                    onPointerEnter={() => onHover(edge.id)}
                    onPointerLeave={() => onHover(null)}
                  >
                    <code>{edge.labels.join(', ')}</code> → {spoken(edge.target)}
                  </button>
                ))}
            </li>
          ))}
      </ul>
    </details>
  )
}

/** Shows the state that a drawn chart is in: classes, and nothing else. */
function light(root: Element, chart: Chart, active: string, path: readonly string[]): void {
  const start = performance.now()
  const now = new Set(withAncestors(active))
  const before = new Set(path.flatMap(withAncestors))
  const taken = edgesTaken(chart, path)
  for (const element of root.querySelectorAll<SVGElement>('[data-state]')) {
    const id = element.dataset.state as string
    element.classList.toggle('is-active', now.has(id))
    element.classList.toggle('is-visited', before.has(id))
  }
  for (const element of root.querySelectorAll<SVGElement>('[data-edge]')) {
    element.classList.toggle('is-taken', taken.has(element.dataset.edge as string))
  }
  // One entry, however often it changes: for the Performance panel, and for the test of the promise.
  performance.clearMeasures('statechart.light')
  performance.measure('statechart.light', { start, end: performance.now() })
}

function useChartLayout(chart: Chart, direction: Direction | null) {
  const [found, setFound] = useState<{ layout: Layout | null; error: string | null }>({
    layout: null,
    error: null,
  })
  useEffect(() => {
    if (direction === null) return
    let isWanted = true
    layOut(graphOf(chart, direction), `${chart.name}.${direction}`).then(
      layout => isWanted && setFound({ layout, error: null }),
      error => isWanted && setFound({ layout: null, error: String(error?.message ?? error) }),
    )
    return () => {
      isWanted = false
    }
  }, [chart, direction])
  return found
}
