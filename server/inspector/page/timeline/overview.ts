// All of a group's time in one strip: how many tasks were in each state, and the part of it that is shown.
import { wholeFlow } from './flow.ts'
import { type Area, paintFlow, prepared, xOf } from './paint.ts'
import type { Palette } from './palette.ts'
import type { HistoryRecord } from './record.ts'
import { type Span, spanOf } from './span.ts'

export interface OverviewAsk {
  record: HistoryRecord
  untilMs: number
  whole: Span
  span: Span
  isAll: boolean
  left: number
  width: number
}

const BIN_PX = 2
/** Its flow is counted again when its end moved by this part of a bin, or when there are more events. */
const counted = new WeakMap<HTMLCanvasElement, { key: string; flow: Int32Array }>()

export function paintOverview(canvas: HTMLCanvasElement, palette: Palette, ask: OverviewAsk): void {
  const context = prepared(canvas)
  if (context === null) return
  const { record, untilMs, left, width } = ask
  const area: Area = {
    left,
    width,
    top: 2,
    height: canvas.clientHeight - 4,
    span: spanOf({ mode: 'all' }, ask.whole),
  }
  const bins = Math.ceil(width / BIN_PX)
  const { fromMs, toMs } = area.span
  const binMs = (toMs - fromMs) / bins
  const key = [record.length, bins, Math.round(fromMs / binMs), Math.round(toMs / binMs)].join()
  const known = counted.get(canvas)
  const toTask = record.taskIds.length
  const flow =
    known?.key === key
      ? known.flow
      : wholeFlow(record, { position: record.length, along: area.span, bins })
  counted.set(canvas, { key, flow })
  paintFlow(context, palette, area, flow, toTask, ask.whole.toMs)
  if (untilMs < ask.whole.toMs) {
    // What is still to come at the moment that is shown.
    const x = Math.max(left, xOf(area, untilMs))
    wash(context, palette, x, xOf(area, ask.whole.toMs) - x, canvas.clientHeight)
    context.fillStyle = palette.accent
    context.fillRect(x - 1, 0, 2, canvas.clientHeight)
  }
  if (ask.isAll) return
  const from = Math.max(left, xOf(area, ask.span.fromMs))
  const to = Math.min(left + width, xOf(area, ask.span.toMs))
  wash(context, palette, left, from - left, canvas.clientHeight)
  wash(context, palette, to, left + width - to, canvas.clientHeight)
  context.strokeStyle = palette.accent
  context.lineWidth = 1.5
  context.strokeRect(from, 1, Math.max(2, to - from), canvas.clientHeight - 2)
  context.fillStyle = palette.accent
  context.fillRect(from - 2, canvas.clientHeight / 2 - 7, 4, 14)
  context.fillRect(Math.max(from + 2, to) - 2, canvas.clientHeight / 2 - 7, 4, 14)
}

function wash(
  context: CanvasRenderingContext2D,
  palette: Palette,
  x: number,
  width: number,
  height: number,
): void {
  context.fillStyle = palette.surface
  context.globalAlpha = 0.68
  context.fillRect(x, 0, width, height)
  context.globalAlpha = 1
}
