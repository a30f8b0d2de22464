// Draws on canvases: the axis, rows of bars, rows of flows. Each draws what it is given and keeps nothing.
import type { Bar, BarKind, TaskBars } from './bars.ts'
import type { Palette } from './palette.ts'
import { TASK_VALUES } from './record.ts'
import type { Tick } from './scale.ts'
import type { Span } from './span.ts'

/** Where a drawing is: time runs from `left` over `width` px. */
export interface Area {
  left: number
  width: number
  top: number
  height: number
  span: Span
}

/** State nodes from the bottom of a flow to its top. */
const FLOW_ORDER = [
  'error',
  'canceled',
  'skipped',
  'finished',
  'running.cancelling',
  'running.executing',
  'suspended',
  'waiting',
] as const
const FLOW_FILL: Record<(typeof FLOW_ORDER)[number], BarKind | 'skipped'> = {
  error: 'error',
  canceled: 'canceled',
  skipped: 'skipped',
  finished: 'finished',
  'running.cancelling': 'cancelling',
  'running.executing': 'running',
  suspended: 'suspended',
  waiting: 'waiting',
}
/** What went wrong has a pattern in flows too. */
const FLOW_PATTERNED: ReadonlySet<string> = new Set(['error', 'canceled'])
/** Kinds that are drawn thin: in these a task does nothing. */
const THIN: ReadonlySet<BarKind> = new Set(['waiting', 'suspended'])

/** Fits a canvas to its place and clears it; null when it has no size. */
export function prepared(canvas: HTMLCanvasElement): CanvasRenderingContext2D | null {
  const { clientWidth, clientHeight } = canvas
  const context = canvas.getContext('2d')
  if (context === null || clientWidth === 0 || clientHeight === 0) return null
  const ratio = devicePixelRatio || 1
  const [width, height] = [Math.round(clientWidth * ratio), Math.round(clientHeight * ratio)]
  if (canvas.width !== width) canvas.width = width
  if (canvas.height !== height) canvas.height = height
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.clearRect(0, 0, clientWidth, clientHeight)
  return context
}

export function xOf(area: Area, ms: number): number {
  const { span } = area
  return area.left + ((ms - span.fromMs) / (span.toMs - span.fromMs)) * area.width
}

export function msOf(area: Area, x: number): number {
  const { span } = area
  return span.fromMs + ((x - area.left) / area.width) * (span.toMs - span.fromMs)
}

export function paintAxis(
  context: CanvasRenderingContext2D,
  palette: Palette,
  area: Area,
  ticks: readonly Tick[],
): void {
  context.font = `11px ${palette.sans}`
  context.textBaseline = 'middle'
  context.textAlign = 'left'
  for (const { ms, label } of ticks) {
    const x = Math.round(xOf(area, ms)) + 0.5
    context.fillStyle = palette.border
    context.fillRect(x - 0.5, area.top, 1, area.height)
    if (x + 4 + context.measureText(label).width > area.left + area.width) continue
    context.fillStyle = palette.text3
    context.fillText(label, x + 5, area.top + area.height / 2)
  }
}

export function paintGrid(
  context: CanvasRenderingContext2D,
  palette: Palette,
  area: Area,
  ticks: readonly Tick[],
): void {
  context.fillStyle = palette.border
  for (const { ms } of ticks) {
    context.fillRect(Math.round(xOf(area, ms)), area.top, 1, area.height)
  }
}

/** One task's bars; `area` is its row. */
export function paintBars(
  context: CanvasRenderingContext2D,
  palette: Palette,
  area: Area,
  { bars, end }: TaskBars,
): void {
  const pad = area.height >= 20 ? 5 : area.height >= 10 ? 2 : 0.5
  for (const bar of bars) paintBar(context, palette, area, bar, pad)
  if (end === null || end.value === 'finished') return
  const x = xOf(area, end.atMs)
  if (x < area.left - 8 || x > area.left + area.width + 8) return
  const size = Math.min(4, area.height / 3)
  context.fillStyle = palette.ink[end.value]
  paintEnd(context, end.value, x + size + 3, area.top + area.height / 2, size)
}

function paintBar(
  context: CanvasRenderingContext2D,
  palette: Palette,
  area: Area,
  bar: Bar,
  pad: number,
): void {
  const right = area.left + area.width
  const from = Math.max(area.left - 2, xOf(area, bar.fromMs))
  const to = Math.min(right + 2, xOf(area, bar.toMs))
  if (to < area.left || from > right) return
  const isThin = THIN.has(bar.kind) && area.height >= 10
  const inset = isThin ? Math.max(pad, area.height / 2 - 2.5) : pad
  const width = Math.max(1.5, to - from - (to - from > 4 ? 0.75 : 0))
  const height = area.height - inset * 2
  context.beginPath()
  const radius = isThin ? 2 : Math.min(3, height / 3)
  if (width > 5 && height > 5) context.roundRect(from, area.top + inset, width, height, radius)
  else context.rect(from, area.top + inset, width, height)
  context.fillStyle = palette.fill[bar.kind]
  context.fill()
  const pattern = palette.pattern[bar.kind]
  if (pattern !== null && width > 3 && area.height >= 10) {
    context.fillStyle = pattern
    context.fill()
  }
  if (bar.kind === 'running' && bar.isOpen && height > 5) {
    // What runs is open at its end.
    context.fillStyle = palette.ink.running
    context.fillRect(from + width - 2, area.top + inset, 2, height)
  }
  if (!isThin && bar.attempt > 1 && width > 24 && height >= 12) {
    context.font = `600 10px ${palette.sans}`
    context.textBaseline = 'middle'
    context.textAlign = 'left'
    const text = `${bar.attempt}`
    const textWidth = context.measureText(text).width
    context.fillStyle = palette.surface
    context.beginPath()
    context.roundRect(from + 3, area.top + inset + 2, textWidth + 6, height - 4, 2)
    context.fill()
    context.fillStyle = palette.text
    context.fillText(text, from + 6, area.top + area.height / 2 + 0.5)
  }
}

/** The shape of an end: the glyphs of the states, small. */
function paintEnd(
  context: CanvasRenderingContext2D,
  value: 'error' | 'canceled' | 'skipped',
  x: number,
  y: number,
  size: number,
): void {
  context.beginPath()
  if (value === 'error') {
    context.moveTo(x, y - size)
    context.lineTo(x + size * 1.1, y + size)
    context.lineTo(x - size * 1.1, y + size)
  } else if (value === 'canceled') {
    context.rect(x - size * 0.9, y - size * 0.9, size * 1.8, size * 1.8)
  } else {
    context.moveTo(x, y - size)
    context.lineTo(x + size, y)
    context.lineTo(x, y + size)
    context.lineTo(x - size, y)
  }
  context.fill()
}

/**
 * A flow as a stacked area.
 *
 * @param flow As `flowOf` counts it.
 * @param total The count that fills the height.
 * @param untilMs Nothing is drawn after this.
 */
export function paintFlow(
  context: CanvasRenderingContext2D,
  palette: Palette,
  area: Area,
  flow: Int32Array,
  total: number,
  untilMs: number,
): void {
  const bins = flow.length / TASK_VALUES.length
  const binPx = area.width / bins
  const lastX = Math.min(area.left + area.width, xOf(area, untilMs))
  const shown = Math.min(bins, Math.ceil((lastX - area.left) / binPx))
  if (shown <= 0 || total === 0) return
  const bottom = area.top + area.height
  const perTask = area.height / total
  const yOf = (count: number) => bottom - count * perTask
  const xOfBin = (bin: number) => Math.min(lastX, area.left + bin * binPx)
  let lower = new Int32Array(shown)
  for (const name of FLOW_ORDER) {
    const offset = TASK_VALUES.indexOf(name) * bins
    const upper = lower.slice()
    let isEmpty = true
    for (let bin = 0; bin < shown; bin += 1) {
      const count = flow[offset + bin] as number
      if (count === 0) continue
      isEmpty = false
      upper[bin]! += count
    }
    if (isEmpty) continue
    context.beginPath()
    trace(upper, 0, shown, 1)
    trace(lower, shown - 1, -1, -1)
    context.closePath()
    lower = upper
    context.globalAlpha = name === 'finished' ? 0.55 : 1
    context.fillStyle = palette.fill[FLOW_FILL[name]]
    context.fill()
    context.globalAlpha = 1
    const pattern = FLOW_PATTERNED.has(name) ? palette.pattern[FLOW_FILL[name] as BarKind] : null
    if (pattern !== null) {
      context.fillStyle = pattern
      context.fill()
    }
  }

  /** A line of steps, with a point only where it steps. */
  function trace(counts: Int32Array, from: number, to: number, by: 1 | -1): void {
    for (let bin = from; bin !== to; ) {
      let end = bin + by
      while (end !== to && counts[end] === counts[bin]) end += by
      const y = yOf(counts[bin] as number)
      context.lineTo(xOfBin(by === 1 ? bin : bin + 1), y)
      context.lineTo(xOfBin(by === 1 ? end : end + 1), y)
      bin = end
    }
  }
}

/** Tasks by state node in one bin of a flow, most first. */
export function flowAt(flow: Int32Array, bin: number): { value: string; count: number }[] {
  const bins = flow.length / TASK_VALUES.length
  if (bin < 0 || bin >= bins) return []
  return TASK_VALUES.map((value, at) => ({ value, count: flow[at * bins + bin] as number }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count)
}

/** A thin line from the end of one task to the start of another that depends on it. */
export function paintDependency(
  context: CanvasRenderingContext2D,
  colour: string,
  from: { x: number; y: number },
  to: { x: number; y: number },
): void {
  const bend = Math.max(10, Math.min(40, Math.abs(to.x - from.x) / 2))
  context.strokeStyle = colour
  context.lineWidth = 1.25
  context.beginPath()
  context.moveTo(from.x, from.y)
  context.bezierCurveTo(from.x + bend, from.y, to.x - bend, to.y, to.x - 4, to.y)
  context.stroke()
  context.fillStyle = colour
  context.beginPath()
  context.moveTo(to.x, to.y)
  context.lineTo(to.x - 6, to.y - 3.5)
  context.lineTo(to.x - 6, to.y + 3.5)
  context.fill()
  context.beginPath()
  context.arc(from.x, from.y, 2.2, 0, Math.PI * 2)
  context.fill()
}
