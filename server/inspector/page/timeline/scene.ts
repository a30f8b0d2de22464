// The rows of a timeline as they are drawn at one moment: bars or flows, their labels, the present, and
// the dependencies of the row that is pointed at.
import { barsOf } from './bars.ts'
import type { TaskFacts } from './facts.ts'
import { flowsOf, rowOf } from './flow.ts'
import { type Area, paintBars, paintDependency, paintFlow, paintGrid, xOf } from './paint.ts'
import { paintLabel } from './paint-label.ts'
import type { Palette } from './palette.ts'
import type { HistoryRecord } from './record.ts'
import { type Level, rowsAt } from './rows.ts'
import type { Tick } from './scale.ts'

export interface Scene {
  record: HistoryRecord
  facts: TaskFacts
  /** Where time is drawn; the labels are to its left. */
  area: Area
  ticks: readonly Tick[]
  level: Level
  scrollTop: number
  /** How many events have happened, and until when. */
  position: number
  untilMs: number
  isPast: boolean
  /** The row that is pointed at, and the one that the keyboard is on. */
  marked: number | null
  focused: number | null
}

/** Width of a bin of a flow, in px. */
const BIN_PX = 3
/** Lower rows have no label. */
const LABEL_ROW_PX = 10

type Canvas = CanvasRenderingContext2D

export function drawScene(context: Canvas, palette: Palette, scene: Scene): void {
  const { record, area, level, scrollTop, position, marked, focused } = scene
  const { tasks, rowPx } = level
  const { first, last, height } = rowsInSight(scene)
  paintGrid(context, palette, { ...area, height }, scene.ticks)
  if (marked !== null) {
    context.fillStyle = palette.surface2
    context.fillRect(0, marked * rowPx - scrollTop, area.left + area.width + 6, rowPx)
  }
  const bins = Math.ceil(area.width / BIN_PX)
  const along = area.span
  const flows =
    tasks === 1
      ? null
      : flowsOf(record, { tasksPerRow: tasks, fromRow: first, toRow: last, position, along, bins })
  for (let row = first; row < last; row += 1) {
    const place = { ...area, top: row * rowPx - scrollTop, height: rowPx }
    if (flows === null) drawTask(context, palette, scene, place, row)
    else drawMany(context, palette, scene, place, row, rowOf(flows, row - first, bins))
  }
  drawEdge(context, palette, scene, height)
  if (tasks === 1 && marked !== null) drawRelations(context, palette, scene, marked)
  if (focused !== null) {
    context.strokeStyle = palette.accent
    context.lineWidth = 2
    const top = focused * rowPx - scrollTop
    context.strokeRect(1, top + 1, area.left + area.width + 4, Math.max(2, rowPx - 2))
  }
}

/** The rows from `first` to before `last`, and the height that they fill. */
export function rowsInSight({
  record,
  area,
  level,
  scrollTop,
}: Pick<Scene, 'record' | 'area' | 'level' | 'scrollTop'>) {
  const { rowPx } = level
  const count = rowsAt(level, record.taskIds.length)
  return {
    first: Math.floor(scrollTop / rowPx),
    last: Math.min(count, Math.ceil((scrollTop + area.height) / rowPx)),
    height: Math.min(area.height, count * rowPx - scrollTop),
  }
}

function drawTask(
  context: Canvas,
  palette: Palette,
  { record, facts, position, untilMs }: Scene,
  place: Area,
  task: number,
): void {
  const found = barsOf(record, task, position, untilMs)
  paintBars(context, palette, place, found)
  if (place.height < LABEL_ROW_PX) return
  const shortId = (record.taskIds[task] as string).slice(-8)
  const call = facts.callOf(record.taskIds[task] as string)
  const isThere = found.bars.length > 0 || found.end !== null
  paintLabel(context, palette, place, call ?? shortId, call && shortId, isThere)
}

function drawMany(
  context: Canvas,
  palette: Palette,
  { record, level, untilMs }: Scene,
  place: Area,
  row: number,
  flow: Int32Array,
): void {
  const fromTask = row * level.tasks
  const toTask = Math.min(record.taskIds.length, fromTask + level.tasks)
  const inner = { ...place, top: place.top + 4, height: place.height - 6 }
  paintFlow(context, palette, inner, flow, toTask - fromTask, untilMs)
  const name = `${(fromTask + 1).toLocaleString('en')} – ${toTask.toLocaleString('en')}`
  paintLabel(context, palette, place, name, null, true)
}

/** Where the present is, or the moment of the past that is shown. */
function drawEdge(context: Canvas, palette: Palette, scene: Scene, height: number): void {
  const { area, record, isPast, untilMs } = scene
  const isOver = !isPast && record.groupValue === 'settled'
  const x = Math.round(xOf(area, untilMs))
  if (isOver || x < area.left || x > area.left + area.width + 1) return
  context.fillStyle = palette.accent
  context.fillRect(x, 0, isPast ? 2 : 1, height)
}

function drawRelations(context: Canvas, palette: Palette, scene: Scene, task: number): void {
  const { record, facts, area, level, scrollTop, position, untilMs } = scene
  const relations = facts.relationsOf(record.taskIds[task] as string)
  if (relations === null) return
  context.save()
  context.beginPath()
  context.rect(area.left, 0, area.width + 6, area.height)
  context.clip()
  for (const id of relations.dependencies) line(record.taskNumberOf(id), task)
  for (const id of relations.dependants) line(task, record.taskNumberOf(id))
  context.restore()

  /** From the end of the one to the start of the other. */
  function line(from: number | undefined, to: number | undefined): void {
    if (from === undefined || to === undefined) return
    const { end } = barsOf(record, from, position, untilMs)
    const after = barsOf(record, to, position, untilMs)
    const ran = after.bars.find(({ kind }) => kind !== 'waiting' && kind !== 'suspended')
    const start = pointAt(from, end?.atMs ?? untilMs)
    const tip = pointAt(to, ran?.fromMs ?? after.end?.atMs ?? untilMs)
    paintDependency(context, palette.text2, start, tip)
  }

  function pointAt(row: number, ms: number) {
    return { x: xOf(area, ms), y: (row + 0.5) * level.rowPx - scrollTop }
  }
}
