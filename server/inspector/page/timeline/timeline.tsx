// The timeline of a group: a row for each task, or for many together; what it is made of is drawn on
// canvases (timeline-view.ts), and this is what stands around them and what hands and keys do.
import './timeline.css'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { clockTime, count, counted, duration } from '../clock.ts'
import { TaskFacts } from './facts.ts'
import { historyOf, type LoadedHistory } from './load.ts'
import { Loading } from './loading.tsx'
import { pastOf } from './past.ts'
import type { Level } from './rows.ts'
import { onCanvas, onKey, onOverview } from './timeline-input.ts'
import { TimelineView } from './timeline-view.ts'

export interface TimelineProps {
  groupId: string
  /** The event of the past that is shown; null: the present. */
  at: number | null
  onTask: (taskId: string) => void
}

const LEGEND = [
  ['waiting', 'waiting'],
  ['suspended', 'suspended'],
  ['running', 'running'],
  ['finished', 'attempt finished'],
  ['error', 'attempt failed'],
  ['interrupted', 'interrupted'],
  ['cancelling', 'cancelling'],
  ['canceled', 'canceled'],
  ['skipped', 'skipped'],
] as const

export function Timeline({ groupId, onTask }: TimelineProps) {
  const [history, setHistory] = useState<LoadedHistory | null>(null)
  useEffect(() => {
    const { release, ...loaded } = historyOf(groupId)
    setHistory(loaded)
    return release
  }, [groupId])
  if (history === null) return <div class="timeline" />
  return <Drawn key={groupId} groupId={groupId} history={history} onTask={onTask} />
}

function Drawn({
  groupId,
  history,
  onTask,
}: {
  groupId: string
  history: LoadedHistory
  onTask: (taskId: string) => void
}) {
  const root = useRef<HTMLDivElement>(null)
  const scroll = useRef<HTMLDivElement>(null)
  const spacer = useRef<HTMLDivElement>(null)
  const rows = useRef<HTMLCanvasElement>(null)
  const axis = useRef<HTMLCanvasElement>(null)
  const overview = useRef<HTMLCanvasElement>(null)
  const [view, setView] = useState<TimelineView | null>(null)
  const open = useRef(onTask)
  open.current = onTask

  useLayoutEffect(() => {
    const elements = {
      root: root.current as HTMLDivElement,
      scroll: scroll.current as HTMLDivElement,
      spacer: spacer.current as HTMLDivElement,
      rows: rows.current as HTMLCanvasElement,
      axis: axis.current as HTMLCanvasElement,
      overview: overview.current as HTMLCanvasElement,
    }
    const facts = new TaskFacts(groupId, () => made.learned())
    const made = new TimelineView(elements, history, facts, taskId => open.current(taskId))
    const observer = new ResizeObserver(() => made.resized())
    observer.observe(elements.scroll)
    const dark = matchMedia('(prefers-color-scheme: dark)')
    const recolour = () => made.recoloured()
    dark.addEventListener('change', recolour)
    const stops = [
      history.length.subscribe(() => made.grew()),
      pastOf(groupId).subscribe(past => made.setPast(past)),
      onCanvas(elements, made),
      onOverview(elements, made),
    ]
    setView(made)
    return () => {
      for (const stop of stops) stop()
      observer.disconnect()
      dark.removeEventListener('change', recolour)
      facts.close()
      made.close()
    }
  }, [groupId, history])

  return (
    <div class="timeline" ref={root}>
      <Toolbar view={view} history={history} />
      <div class="timeline-head" aria-hidden="true">
        <canvas class="timeline-overview" ref={overview} />
        <canvas class="timeline-axis" ref={axis} />
      </div>
      <div class="timeline-body">
        <div
          class="timeline-scroll"
          ref={scroll}
          role="application"
          aria-roledescription="timeline"
          aria-label="Timeline. Up and down choose a row, left and right move through time, plus and minus zoom, 0 shows all, square brackets change how many tasks share a row, Enter opens."
          // biome-ignore lint/a11y/noNoninteractiveTabindex: its keys move through rows and time
          tabIndex={0}
          onKeyDown={event => view !== null && onKey(event, view)}
          onBlur={() => view?.unfocus()}
        >
          <canvas class="timeline-rows" ref={rows} />
          <div ref={spacer} />
        </div>
        {view !== null && <TipBox view={view} />}
        <Loading history={history} />
      </div>
      <p class="timeline-spoken" aria-live="polite">
        {view?.spoken.value}
      </p>
      <ul class="timeline-legend" aria-label="What the bars mean">
        {LEGEND.map(([kind, text]) => (
          <li key={kind}>
            <i class={`bar-swatch bar-${kind}`} />
            {text}
          </li>
        ))}
      </ul>
    </div>
  )
}

function Toolbar({ view, history }: { view: TimelineView | null; history: LoadedHistory }) {
  const span = view?.span.value
  const levels = view?.rows.levels.value
  const level = levels?.all[levels.at]
  // Read so that the number follows.
  const tasks = history.length.value >= 0 ? history.record.taskIds.length : 0
  return (
    <div class="timeline-tools">
      <span class="timeline-range">
        {span !== undefined && tasks > 0 && (
          <>
            {clockTime(span.fromMs)} – {clockTime(span.toMs)}
            <small> {duration(span.toMs - span.fromMs)}</small>
          </>
        )}
      </span>
      <span class="timeline-spring" />
      <fieldset class="timeline-group" aria-label="Rows">
        <button
          type="button"
          aria-label="Fewer tasks in a row"
          title="Fewer tasks in a row ( [ )"
          disabled={levels === undefined || levels.at === 0}
          onClick={() => view?.changeLevel(-1)}
        >
          −
        </button>
        <output>{level === undefined ? '' : levelText(level, tasks)}</output>
        <button
          type="button"
          aria-label="More tasks in a row"
          title="More tasks in a row ( ] )"
          disabled={levels === undefined || levels.at === levels.all.length - 1}
          onClick={() => view?.changeLevel(1)}
        >
          +
        </button>
      </fieldset>
      <fieldset class="timeline-group" aria-label="Time">
        <button
          type="button"
          aria-label="Zoom out"
          title="Zoom out ( − )"
          onClick={() => view?.zoom(1 / 1.6)}
        >
          −
        </button>
        <button
          type="button"
          class="is-wide"
          title="All of it ( 0 )"
          aria-pressed={view?.isAll.value ?? true}
          onClick={() => view?.fit()}
        >
          All
        </button>
        <button
          type="button"
          aria-label="Zoom in"
          title="Zoom in ( + )"
          onClick={() => view?.zoom(1.6)}
        >
          +
        </button>
      </fieldset>
    </div>
  )
}

function levelText({ tasks, rowPx }: Level, all: number): string {
  if (tasks > 1) return `${count(tasks)} tasks a row`
  return rowPx < 20 ? `${counted(all, 'task')}, small` : counted(all, 'task')
}

function TipBox({ view }: { view: TimelineView }) {
  const tip = view.tip.value
  const box = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const element = box.current
    const parent = element?.parentElement
    if (!element || !parent || tip === null) return
    const { clientWidth, clientHeight } = parent
    const left = Math.max(4, Math.min(tip.x + 14, clientWidth - element.offsetWidth - 8))
    const below = tip.y + 18
    const top =
      below + element.offsetHeight > clientHeight
        ? Math.max(4, tip.y - element.offsetHeight - 14)
        : below
    element.style.transform = `translate(${left}px, ${top}px)`
  }, [tip])
  if (tip === null) return null
  return (
    <div class="timeline-tip" ref={box} aria-hidden="true">
      <b>{tip.title}</b> <span class="timeline-tip-note">{tip.note}</span>
      <ul>
        {tip.lines.map((line, index) => (
          <li key={`${index}`} class={line.isNow ? 'is-now' : undefined}>
            <i class={`bar-swatch bar-${line.kind || 'none'}`} />
            {line.text}
          </li>
        ))}
      </ul>
    </div>
  )
}
