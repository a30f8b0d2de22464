// What a timeline shows and how it moves: the span of time, the rows, who is pointed at. It draws when
// something changed, once a frame; the page around it only hears of what it says in words.
import { signal } from '@preact/signals'
import { clockSkewMs } from '../http.ts'
import type { TaskFacts } from './facts.ts'
import type { LoadedHistory } from './load.ts'
import { paintOverview } from './overview.ts'
import { type Area, msOf, paintAxis, prepared } from './paint.ts'
import { type Palette, paletteOf } from './palette.ts'
import type { Past } from './past.ts'
import { RowScroll } from './row-scroll.ts'
import { ticksOf } from './scale.ts'
import { drawScene, rowsInSight } from './scene.ts'
import { chosen, moved, type Span, type SpanChoice, spanOf, zoomed } from './span.ts'
import { type Tip, tipOfRow } from './tip.ts'

export interface TimelineElements {
  root: HTMLElement
  scroll: HTMLElement
  spacer: HTMLElement
  rows: HTMLCanvasElement
  axis: HTMLCanvasElement
  overview: HTMLCanvasElement
}

/** Shortest time between two drawings for which nothing but the time is a reason, in ms. */
const LIVE_PACE_MS = 40
/** How often it draws while the history is read, in ms. */
const LOADING_PACE_MS = 400

export class TimelineView {
  /** What is said about the row that is pointed at; null: none is. */
  readonly tip = signal<(Tip & { x: number; y: number }) | null>(null)
  /** The same in one sentence, when the keyboard chose the row. */
  readonly spoken = signal('')
  readonly span = signal<Span>({ fromMs: 0, toMs: 1 })
  readonly isAll = signal(true)
  readonly rows: RowScroll

  readonly #elements: TimelineElements
  readonly #history: LoadedHistory
  readonly #facts: TaskFacts
  readonly #onTask: (taskId: string) => void
  #past: Past | null = null
  #choice: SpanChoice = { mode: 'all' }
  #pointed: { row: number; ms: number } | null = null
  #focused: number | null = null
  #palette: Palette | null = null
  #frame = 0
  #redrawSoon = 0
  #drawnUntilMs = 0
  #drawnAt = 0
  #drawMs = 0
  #isClosed = false

  constructor(
    elements: TimelineElements,
    history: LoadedHistory,
    facts: TaskFacts,
    onTask: (taskId: string) => void,
  ) {
    this.#elements = elements
    this.rows = new RowScroll(elements.scroll, elements.spacer)
    this.#history = history
    this.#facts = facts
    this.#onTask = onTask
    this.#live()
  }

  close(): void {
    this.#isClosed = true
    cancelAnimationFrame(this.#frame)
    clearTimeout(this.#redrawSoon)
  }

  setPast(past: Past | null): void {
    this.#past = past
    this.redraw()
  }

  /** There are more events than before. */
  grew(): void {
    this.#fitRows()
    this.#retell()
    if (this.#history.isWhole.peek()) this.redraw()
    // While it is read, drawing each page would take longer than reading it.
    else
      this.#redrawSoon ||= window.setTimeout(() => {
        this.#redrawSoon = 0
        this.redraw()
      }, LOADING_PACE_MS)
  }

  /** Something is known of tasks that was not. */
  learned(): void {
    this.#retell()
    this.redraw()
  }

  resized(): void {
    this.#fitRows()
    this.redraw()
  }

  /** The page turned dark or light. */
  recoloured(): void {
    this.#palette = null
    this.redraw()
  }

  redraw(): void {
    if (this.#frame !== 0 || this.#isClosed) return
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0
      this.#draw()
    })
  }

  // Where it looks.

  zoom(by: number, aroundMs?: number): void {
    const { span, whole } = this.#state()
    this.#choose(zoomed(span, by, aroundMs ?? (span.fromMs + span.toMs) / 2, whole))
  }

  move(byMs: number): void {
    const { span, whole } = this.#state()
    this.#choose(moved(span, byMs, whole))
  }

  /** Shows the time between two moments, whichever comes first. */
  show(aMs: number, bMs: number): void {
    const { whole } = this.#state()
    this.#choose(chosen(Math.min(aMs, bMs), Math.max(4, Math.abs(aMs - bMs)), whole))
  }

  fit(): void {
    this.#choose({ mode: 'all' })
  }

  /** More tasks to a row (1), or fewer (-1); the row that is pointed at stays in sight. */
  changeLevel(by: number): void {
    const row = this.#marked
    const task = row === null ? undefined : row * this.rows.level.tasks
    const next = this.rows.choose(this.rows.levels.peek().at + by, task)
    if (next === null) return
    this.#pointed = null
    if (this.#focused === null) this.#tellTip(0, 0)
    else this.focusRow(next)
    this.redraw()
  }

  // What is pointed at.

  point(x: number, y: number): void {
    const area = this.#area()
    if (area === null) return
    const row = this.rows.rowAt(y)
    this.#pointed = row === null ? null : { row, ms: msOf(area, Math.max(area.left, x)) }
    this.#focused = null
    this.#tellTip(x, y)
    this.redraw()
  }

  /** The row that is pointed at; null: none is. */
  get pointedRow(): number | null {
    return this.#pointed?.row ?? null
  }

  unpoint(): void {
    this.#pointed = null
    if (this.#focused === null) this.#tellTip(0, 0)
    this.redraw()
  }

  /** Moves the keyboard's row; it comes into sight. */
  focusRow(row: number): void {
    const { rows } = this
    const area = this.#area()
    if (rows.count === 0 || area === null) return
    this.#focused = Math.max(0, Math.min(rows.count - 1, row))
    this.#pointed = null
    rows.bringIntoSight(this.#focused)
    const y = (this.#focused + 0.5) * rows.level.rowPx - rows.topPx
    this.#tellTip(area.left + area.width / 3, y)
    this.spoken.value = this.tip.value?.sentence ?? ''
    this.redraw()
  }

  /** The row of the keyboard; the one before those in sight when it has none. */
  get focusedRow(): number {
    return this.#focused ?? this.rows.firstInSight - 1
  }

  unfocus(): void {
    this.#focused = null
    this.#tellTip(0, 0)
    this.redraw()
  }

  /** Opens the task that is pointed at, or takes a row of many apart. */
  open(): void {
    const row = this.#marked
    if (row === null) return
    if (this.rows.level.tasks > 1) {
      this.changeLevel(-1)
      return
    }
    const taskId = this.#history.record.taskIds[row]
    if (taskId !== undefined) this.#onTask(taskId)
  }

  msAt(x: number): number {
    const area = this.#area()
    return area === null ? 0 : msOf(area, x)
  }

  /** The time at a place in the overview. */
  overviewMsAt(x: number): number {
    const area = this.#area()
    if (area === null) return 0
    return msOf({ ...area, span: spanOf({ mode: 'all' }, this.whole()) }, x)
  }

  get msPerPx(): number {
    const area = this.#area()
    return area === null ? 0 : (area.span.toMs - area.span.fromMs) / area.width
  }

  /** All of the time there is, for the overview. */
  whole(): Span {
    const { record } = this.#history
    if (record.length === 0) return { fromMs: 0, toMs: 1 }
    const last = record.atMsOf(record.length - 1)
    const isLive = this.#past === null && record.groupValue !== 'settled'
    const toMs = isLive ? Math.max(last, Date.now() + clockSkewMs.peek()) : last
    return { fromMs: record.atMsOf(0), toMs: Math.max(toMs, record.atMsOf(0) + 1) }
  }

  #choose(choice: SpanChoice): void {
    this.#choice = choice
    this.isAll.value = choice.mode === 'all'
    this.redraw()
  }

  /** The row of the keyboard, or else the one that is pointed at. */
  get #marked(): number | null {
    return this.#focused ?? this.pointedRow
  }

  #fitRows(): void {
    const count = this.#history.record.taskIds.length
    this.rows.fit(count)
    this.#facts.grew(count)
  }

  #state(): { span: Span; whole: Span } {
    const whole = this.whole()
    return { span: spanOf(this.#choice, whole), whole }
  }

  #labelWidth(): number {
    const width = this.#elements.rows.clientWidth
    return width < 560 ? 84 : 190
  }

  #area(): Area | null {
    const { rows } = this.#elements
    if (rows.clientWidth === 0) return null
    const left = this.#labelWidth()
    const width = Math.max(20, rows.clientWidth - left - 6)
    return { left, width, top: 0, height: rows.clientHeight, span: this.#state().span }
  }

  /** Says again what it says, as it is by now. */
  #retell(): void {
    const tip = this.tip.peek()
    if (tip !== null) this.#tellTip(tip.x, tip.y)
  }

  #tellTip(x: number, y: number): void {
    const row = this.#marked
    const { record } = this.#history
    if (row === null) {
      this.tip.value = null
      this.#facts.look(null)
      return
    }
    const { tasks } = this.rows.level
    this.#facts.look(tasks === 1 ? (record.taskIds[row] ?? null) : null)
    const tip = tipOfRow({
      record,
      facts: this.#facts,
      row,
      tasks,
      atMs: this.#pointed?.ms ?? null,
      position: this.#position(),
      untilMs: this.#untilMs(),
    })
    this.tip.value = { ...tip, x, y }
  }

  #position(): number {
    const { record } = this.#history
    return this.#past === null ? record.length : record.upToEvent(this.#past.eventId)
  }

  #untilMs(): number {
    return this.#past === null ? this.whole().toMs : this.#past.atMs
  }

  /** While the group lives its present moves, and with it what goes on. */
  #live(): void {
    const look = () => {
      if (this.#isClosed) return
      requestAnimationFrame(look)
      if (document.hidden || this.#past !== null) return
      // Most of the time is left to others, however long it takes to draw.
      if (performance.now() - this.#drawnAt < Math.max(LIVE_PACE_MS, this.#drawMs * 8)) return
      const whole = this.whole()
      if (whole.toMs - this.#drawnUntilMs >= this.msPerPx / 2) this.redraw()
    }
    requestAnimationFrame(look)
  }

  #draw(): void {
    const { root, rows, axis, overview } = this.#elements
    const { record } = this.#history
    const context = prepared(rows)
    const axisContext = prepared(axis)
    const area = this.#area()
    if (context === null || axisContext === null || area === null) return
    const palette = this.#palette ?? paletteOf(root, context)
    this.#palette = palette
    const start = performance.now()
    const { span } = area
    const whole = this.whole()
    const untilMs = this.#untilMs()
    this.#drawnUntilMs = whole.toMs
    const said = this.span.peek()
    if (said.fromMs !== span.fromMs || said.toMs !== span.toMs) this.span.value = span
    const offsetMs = -new Date(span.fromMs).getTimezoneOffset() * 60_000
    const ticks = ticksOf(span.fromMs, span.toMs, area.width, offsetMs)
    paintAxis(axisContext, palette, { ...area, height: axis.clientHeight }, ticks)
    const scene = {
      record,
      facts: this.#facts,
      area,
      ticks,
      level: this.rows.level,
      scrollTop: this.rows.topPx,
      position: this.#position(),
      untilMs,
      isPast: this.#past !== null,
      marked: this.#marked,
      focused: this.#focused,
    }
    const { first, last } = rowsInSight(scene)
    if (scene.level.tasks === 1) this.#facts.see(first, last)
    drawScene(context, palette, scene)
    const isAll = this.#choice.mode === 'all'
    const { left, width } = area
    paintOverview(overview, palette, { record, untilMs, whole, span, isAll, left, width })
    this.#drawnAt = performance.now()
    this.#drawMs = this.#drawnAt - start
    // One entry, however often it draws: for the Performance panel.
    performance.clearMeasures('timeline.draw')
    performance.measure('timeline.draw', { start, end: this.#drawnAt })
  }
}
