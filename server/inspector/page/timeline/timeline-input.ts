// What hands and keys do on a timeline: point, drag, wheel, pinch, brush, arrows.
import type { TimelineElements, TimelineView } from './timeline-view.ts'

const ZOOM = 1.4
/** Part of the time in sight that a key moves. */
const STEP = 0.15
/** A pointer that moved less than this clicked, in px. */
const CLICK_PX = 4

/** Keys of the rows. */
export function onKey(event: KeyboardEvent, view: TimelineView): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return
  const { fromMs, toMs } = view.span.peek()
  const row = view.focusedRow
  const action = {
    ArrowDown: () => view.focusRow(row + 1),
    ArrowUp: () => view.focusRow(row - 1),
    PageDown: () => view.focusRow(row + view.rows.countInSight),
    PageUp: () => view.focusRow(row - view.rows.countInSight),
    Home: () => view.focusRow(0),
    End: () => view.focusRow(Number.MAX_SAFE_INTEGER),
    ArrowLeft: () => view.move(-(toMs - fromMs) * STEP),
    ArrowRight: () => view.move((toMs - fromMs) * STEP),
    '+': () => view.zoom(ZOOM),
    '=': () => view.zoom(ZOOM),
    '-': () => view.zoom(1 / ZOOM),
    '0': () => view.fit(),
    '[': () => view.changeLevel(-1),
    ']': () => view.changeLevel(1),
    Enter: () => view.open(),
    Escape: () => view.unfocus(),
  }[event.key]
  if (action === undefined) return
  event.preventDefault()
  action()
}

/** Pointers and wheel on the rows. @returns What ends it. */
export function onCanvas({ scroll, rows }: TimelineElements, view: TimelineView): () => void {
  const stop = new AbortController()
  const { signal } = stop
  const pointers = new Map<number, { x: number; y: number }>()
  let movedPx = 0

  const place = (event: MouseEvent) => {
    const { left, top } = rows.getBoundingClientRect()
    return { x: event.clientX - left, y: event.clientY - top }
  }

  rows.addEventListener(
    'pointerdown',
    event => {
      if (event.button !== 0) return
      if (pointers.size === 0) movedPx = 0
      pointers.set(event.pointerId, place(event))
    },
    { signal },
  )

  rows.addEventListener(
    'pointermove',
    event => {
      const now = place(event)
      const before = pointers.get(event.pointerId)
      if (before === undefined) {
        if (event.pointerType !== 'touch') view.point(now.x, now.y)
        return
      }
      const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1]
      if (other !== undefined) {
        const by =
          Math.max(12, Math.abs(now.x - other.x)) / Math.max(12, Math.abs(before.x - other.x))
        movedPx += CLICK_PX
        view.zoom(by, view.msAt((now.x + other.x) / 2))
      } else {
        movedPx += Math.hypot(now.x - before.x, now.y - before.y)
        if (movedPx < CLICK_PX) return
        rows.setPointerCapture(event.pointerId)
        view.unpoint()
        view.move((before.x - now.x) * view.msPerPx)
        // A finger scrolls by itself.
        if (event.pointerType === 'mouse') scroll.scrollTop += before.y - now.y
      }
      pointers.set(event.pointerId, now)
    },
    { signal },
  )

  const end = (event: PointerEvent) => {
    const was = pointers.delete(event.pointerId)
    if (!was || event.type !== 'pointerup' || movedPx >= CLICK_PX) return
    const { x, y } = place(event)
    const before = view.pointedRow
    view.point(x, y)
    // The first tap of a finger points, as a mouse that comes by; the second one on a row opens.
    if (event.pointerType === 'mouse' || before === view.pointedRow) view.open()
  }
  rows.addEventListener('pointerup', end, { signal })
  rows.addEventListener('pointercancel', end, { signal })
  rows.addEventListener(
    'pointerleave',
    event => {
      if (event.pointerType === 'mouse') view.unpoint()
    },
    { signal },
  )
  scroll.addEventListener('scroll', () => view.redraw(), { signal, passive: true })
  scroll.addEventListener(
    'wheel',
    event => {
      const { x } = place(event)
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault()
        view.zoom(Math.exp(-event.deltaY / 250), view.msAt(x))
      } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        event.preventDefault()
        view.move((event.deltaX || event.deltaY) * view.msPerPx)
      }
    },
    { signal, passive: false },
  )
  return () => stop.abort()
}

/** The brush of the overview: a drag chooses a part, or moves or stretches the one that is chosen. */
export function onOverview({ overview }: TimelineElements, view: TimelineView): () => void {
  const stop = new AbortController()
  const { signal } = stop
  let drag: { grip: 'from' | 'to' | 'all' | 'new'; startMs: number; lastMs: number } | null = null

  const msAt = (event: PointerEvent) => {
    const { left } = overview.getBoundingClientRect()
    return view.overviewMsAt(event.clientX - left)
  }

  overview.addEventListener(
    'pointerdown',
    event => {
      if (event.button !== 0) return
      overview.setPointerCapture(event.pointerId)
      const ms = msAt(event)
      const { fromMs, toMs } = view.span.peek()
      const whole = view.whole()
      const nearMs = ((whole.toMs - whole.fromMs) / Math.max(1, overview.clientWidth)) * 8
      const isIn = ms > fromMs && ms < toMs && !view.isAll.peek()
      const grip = view.isAll.peek()
        ? 'new'
        : Math.abs(ms - fromMs) < nearMs
          ? 'from'
          : Math.abs(ms - toMs) < nearMs
            ? 'to'
            : isIn
              ? 'all'
              : 'new'
      drag = { grip, startMs: ms, lastMs: ms }
    },
    { signal },
  )
  overview.addEventListener(
    'pointermove',
    event => {
      if (drag === null) return
      const ms = msAt(event)
      const { fromMs, toMs } = view.span.peek()
      if (drag.grip === 'new') view.show(drag.startMs, ms)
      else if (drag.grip === 'from') view.show(Math.min(ms, toMs - 4), toMs)
      else if (drag.grip === 'to') view.show(fromMs, Math.max(ms, fromMs + 4))
      else view.move(ms - drag.lastMs)
      drag.lastMs = ms
    },
    { signal },
  )
  const end = () => {
    drag = null
  }
  overview.addEventListener('pointerup', end, { signal })
  overview.addEventListener('pointercancel', end, { signal })
  overview.addEventListener('dblclick', () => view.fit(), { signal })
  return () => stop.abort()
}
