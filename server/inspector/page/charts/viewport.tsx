// A drawing that is larger or smaller than its place: fitted, zoomed and moved by buttons, keys, wheel,
// pinch and drag. The view is an attribute of one element, so that moving it renders nothing.
import './viewport.css'
import type { ComponentChildren, RefObject } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import type { Box, Point } from './layout.ts'

export interface ViewportProps {
  label: string
  /** Size of the drawing. */
  width: number
  height: number
  /** What the view begins with when the drawing does not fit; null: its beginning. */
  focus: Box | null
  /** The smallest scale at which a drawing is fitted: below it nobody could read it. */
  scaleMin?: number
  heightMax?: number
  /** Whether what is in the drawing can be read and followed; otherwise it is said elsewhere. */
  isReadable?: boolean
  children: ComponentChildren
}

interface View extends Point {
  scale: number
}

const SCALE_MAX = 3
const STEP = 1.25
/** A drawing that is nearly small enough is made a little smaller rather than cut off. */
const NEARLY = 0.85
const MOVE_PX = 60

export function Viewport(props: ViewportProps) {
  const { label, children } = props
  const frame = useRef<HTMLDivElement>(null)
  const layer = useRef<SVGGElement>(null)
  const view = useView(frame, layer, props)
  return (
    <div class="chart-viewport">
      {/* biome-ignore lint/a11y/useSemanticElements: a drawing is no fieldset */}
      <div
        class="chart-frame"
        ref={frame}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: its keys move and zoom the drawing
        tabIndex={0}
        role="group"
        aria-label={`${label}: arrow keys move it, plus and minus zoom, 0 fits it`}
        onKeyDown={view.onKeyDown}
        onPointerDown={view.onPointerDown}
        onPointerMove={view.onPointerMove}
        onPointerUp={view.onPointerUp}
        onPointerCancel={view.onPointerUp}
      >
        {/* biome-ignore lint/a11y/noSvgWithoutTitle: a title would be shown wherever one points */}
        <svg class="chart-svg" aria-hidden={props.isReadable ? undefined : 'true'}>
          <g ref={layer}>{children}</g>
        </svg>
      </div>
      <div class="chart-buttons">
        <button type="button" aria-label="Zoom out" title="Zoom out (−)" onClick={view.zoomOut}>
          −
        </button>
        <button type="button" aria-label="Zoom in" title="Zoom in (+)" onClick={view.zoomIn}>
          +
        </button>
        <button type="button" aria-label="Fit" title="Fit (0)" onClick={view.fitAll}>
          ⤢
        </button>
      </div>
    </div>
  )
}

function useView(
  frame: RefObject<HTMLDivElement | null>,
  layer: RefObject<SVGGElement | null>,
  { width, height, focus, scaleMin = 0.7, heightMax = 900 }: ViewportProps,
) {
  const state = useRef({ view: { x: 0, y: 0, scale: 1 } as View, isMoved: false })
  const pointers = useRef(new Map<number, Point>())

  const size = () => ({
    width: frame.current?.clientWidth ?? 0,
    height: frame.current?.clientHeight ?? 0,
  })

  const show = (view: View) => {
    const { width: across, height: down } = size()
    const kept = {
      scale: view.scale,
      x: within(view.x, across - width * view.scale),
      y: within(view.y, down - height * view.scale),
    }
    state.current.view = kept
    layer.current?.setAttribute(
      'transform',
      `translate(${kept.x.toFixed(1)} ${kept.y.toFixed(1)}) scale(${kept.scale.toFixed(4)})`,
    )
    const isTaller = height * kept.scale > down + 1
    frame.current?.classList.toggle('is-larger', isTaller || width * kept.scale > across + 1)
    // A finger that moves up or down on a drawing of which all heights are seen scrolls the page.
    frame.current?.classList.toggle('is-taller', isTaller)
  }

  const fitAll = () => {
    state.current.isMoved = false
    const element = frame.current
    if (element === null || element.clientWidth === 0) return
    const fitting = Math.min(1, element.clientWidth / width)
    const scale = fitting < scaleMin * NEARLY ? scaleMin : fitting
    element.style.height = `${Math.ceil(Math.min(heightMax, height * scale))}px`
    const { width: across, height: down } = size()
    const middle = focus ?? { x: 0, y: 0, width: 0, height: 0 }
    show({
      scale,
      x: across / 2 - (middle.x + middle.width / 2) * scale,
      y: down / 2 - (middle.y + middle.height / 2) * scale,
    })
  }

  const zoom = (by: number, around?: Point) => {
    const { view } = state.current
    const { width: across, height: down } = size()
    const at = around ?? { x: across / 2, y: down / 2 }
    const scale = Math.min(SCALE_MAX, Math.max(scaleMin / 3, view.scale * by))
    const ratio = scale / view.scale
    state.current.isMoved = true
    show({ scale, x: at.x - (at.x - view.x) * ratio, y: at.y - (at.y - view.y) * ratio })
  }

  const move = (x: number, y: number) => {
    const { view } = state.current
    state.current.isMoved = true
    show({ ...view, x: view.x + x, y: view.y + y })
  }

  // The latest of each, for listeners that are added once.
  const act = useRef({ fitAll, zoom, move })
  act.current = { fitAll, zoom, move }

  // Another drawing is fitted anew.
  useLayoutEffect(() => fitAll(), [width, height])

  useEffect(() => {
    const element = frame.current
    if (element === null) return
    const observer = new ResizeObserver(() => {
      if (!state.current.isMoved) act.current.fitAll()
    })
    observer.observe(element.parentElement as Element)
    // Not by a property: the page must be able to keep the browser from zooming.
    const onWheel = (event: WheelEvent) => {
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault()
        const { left, top } = element.getBoundingClientRect()
        const around = { x: event.clientX - left, y: event.clientY - top }
        act.current.zoom(Math.exp(-event.deltaY / 300), around)
      } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        event.preventDefault()
        act.current.move(-(event.deltaX || event.deltaY), 0)
      }
    }
    element.addEventListener('wheel', onWheel, { passive: false })
    return () => {
      observer.disconnect()
      element.removeEventListener('wheel', onWheel)
    }
  }, [frame])

  return {
    fitAll,
    zoomIn: () => zoom(STEP),
    zoomOut: () => zoom(1 / STEP),
    onKeyDown(event: KeyboardEvent) {
      if (event.ctrlKey || event.metaKey || event.altKey) return
      const action = {
        '+': () => zoom(STEP),
        '=': () => zoom(STEP),
        '-': () => zoom(1 / STEP),
        '0': fitAll,
        ArrowLeft: () => move(MOVE_PX, 0),
        ArrowRight: () => move(-MOVE_PX, 0),
        ArrowUp: () => move(0, MOVE_PX),
        ArrowDown: () => move(0, -MOVE_PX),
      }[event.key]
      if (action === undefined) return
      event.preventDefault()
      action()
    },
    onPointerDown(event: PointerEvent) {
      if (event.button !== 0) return
      pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY })
    },
    onPointerMove(event: PointerEvent) {
      const before = pointers.current.get(event.pointerId)
      if (before === undefined) return
      const now = { x: event.clientX, y: event.clientY }
      const other = [...pointers.current].find(([id]) => id !== event.pointerId)?.[1]
      if (other !== undefined) {
        const { left, top } = (frame.current as HTMLElement).getBoundingClientRect()
        const by = apart(now, other) / Math.max(1, apart(before, other))
        zoom(by, { x: (now.x + other.x) / 2 - left, y: (now.y + other.y) / 2 - top })
      } else {
        // A click that trembles is still a click: the pointer is held only once it moves.
        if (apart(before, now) < 3) return
        frame.current?.setPointerCapture(event.pointerId)
        move(now.x - before.x, now.y - before.y)
      }
      pointers.current.set(event.pointerId, now)
    },
    onPointerUp(event: PointerEvent) {
      pointers.current.delete(event.pointerId)
    },
  }
}

/** Keeps a drawing in its frame: centred when it is smaller, without a gap when it is larger. */
function within(offset: number, room: number): number {
  return room >= 0 ? room / 2 : Math.min(0, Math.max(room, offset))
}

function apart(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y)
}
