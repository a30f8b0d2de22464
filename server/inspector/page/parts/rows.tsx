// biome-ignore-all lint/a11y/useSemanticElements: rows that lie anywhere are no <table>, and say so by their roles
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid has the focus, and names its active row
// A table of any length: only the rows that can be seen are in the page. One tab stop; arrows move
// through the rows, Enter opens, Space selects.
import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'

export interface Column<T> {
  name: string
  /** Says nothing in the head; a screen reader hears `name`. */
  silent?: boolean
  /** Classes of head and cell; `narrow-out` leaves it away on a phone, `right` aligns numbers. */
  class?: string
  cell: (row: T, index: number) => ComponentChildren
}

export interface RowSelection {
  has: (index: number) => boolean
  toggle: (index: number, range: boolean) => void
  toggleAll: () => void
  isAll: boolean
  isSome: boolean
  clear: () => void
}

interface Props<T> {
  label: string
  /** Name of a class that sets `--columns`. */
  kind: string
  columns: readonly Column<T>[]
  count: number
  rowAt: (index: number) => T | undefined
  /** Told which rows can be seen, first and one past the last. */
  onWindow: (first: number, end: number) => void
  onOpen: (row: T, index: number) => void
  /** Keys of a row that the table itself does not know. */
  onKey?: (key: string, row: T) => void
  selection?: RowSelection
  empty: ComponentChildren
}

/** Rows that are drawn beyond what can be seen, on each side. */
const OVERSCAN = 8
/** Browsers draw nothing beyond some 17 million pixels; longer tables scroll in proportion. */
const HEIGHT_MAX = 12_000_000

export function Rows<T>(props: Props<T>) {
  const { columns, count, rowAt, selection } = props
  const scroller = useRef<HTMLDivElement>(null)
  const [rowPx, setRowPx] = useState(36)
  const [viewPx, setViewPx] = useState(600)
  const [topPx, setTopPx] = useState(0)
  const [active, setActive] = useState(0)

  const fullPx = count * rowPx
  const heightPx = Math.min(fullPx, HEIGHT_MAX)
  const scale = fullPx <= HEIGHT_MAX ? 1 : (fullPx - viewPx) / (heightPx - viewPx)
  const atPx = topPx * scale
  const first = Math.max(0, Math.floor(atPx / rowPx) - OVERSCAN)
  const end = Math.min(count, Math.ceil((atPx + viewPx) / rowPx) + OVERSCAN)
  // Where the drawn rows lie: fixed to the scroll position when the table scrolls in proportion.
  const offsetPx = first * rowPx - atPx + topPx

  useLayoutEffect(() => {
    const element = scroller.current
    if (element === null) return
    const measure = () => {
      setViewPx(element.clientHeight)
      const row = Number.parseFloat(getComputedStyle(element).getPropertyValue('--row'))
      if (row > 0) setRowPx(row)
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  const { onWindow } = props
  useEffect(() => onWindow(first, end), [onWindow, first, end])

  const isScrolled = topPx > 0 && count > 0
  // A filter that leaves fewer rows than were scrolled past.
  useEffect(() => {
    if (isScrolled && atPx > fullPx) scroller.current?.scrollTo(0, 0)
  }, [isScrolled, atPx, fullPx])

  const moveTo = (index: number) => {
    const next = Math.max(0, Math.min(count - 1, index))
    setActive(next)
    const element = scroller.current
    if (element === null) return
    const rowTop = next * rowPx
    if (rowTop < atPx) element.scrollTop = rowTop / scale
    else if (rowTop + rowPx > atPx + viewPx - rowPx) {
      element.scrollTop = (rowTop + 2 * rowPx - viewPx) / scale
    }
  }

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== scroller.current || count === 0) return
    const page = Math.max(1, Math.floor(viewPx / rowPx) - 2)
    const steps: Record<string, number> = {
      ArrowDown: active + 1,
      j: active + 1,
      ArrowUp: active - 1,
      k: active - 1,
      PageDown: active + page,
      PageUp: active - page,
      Home: 0,
      End: count - 1,
    }
    const row = rowAt(active)
    const hasModifier = event.ctrlKey || event.metaKey || event.altKey
    if (event.key === 'a' && (event.ctrlKey || event.metaKey) && selection) {
      selection.toggleAll()
    } else if (hasModifier) return
    else if (steps[event.key] !== undefined) {
      const next = steps[event.key] as number
      if (event.shiftKey && selection && event.key.startsWith('Arrow')) {
        selection.toggle(Math.max(0, Math.min(count - 1, next)), true)
      }
      moveTo(next)
    } else if (event.key === ' ' && selection) selection.toggle(active, event.shiftKey)
    else if (event.key === 'Escape' && selection?.isSome) selection.clear()
    else if (event.key === 'Enter' && row !== undefined) props.onOpen(row, active)
    else if (row !== undefined && props.onKey && event.key.length === 1) props.onKey(event.key, row)
    else return
    event.preventDefault()
  }

  const indexes = Array.from({ length: Math.max(0, end - first) }, (_, at) => first + at)
  return (
    <div
      ref={scroller}
      class={`rows rows-${props.kind}`}
      role="grid"
      aria-label={props.label}
      aria-rowcount={count + 1}
      aria-multiselectable={selection ? true : undefined}
      aria-activedescendant={
        active >= first && active < end ? `${props.kind}-${active}` : undefined
      }
      tabIndex={0}
      onScroll={event => setTopPx(event.currentTarget.scrollTop)}
      onKeyDown={onKeyDown}
    >
      <div class="row head" role="row" aria-rowindex={1}>
        {selection && (
          <span role="columnheader" class="check">
            <input
              type="checkbox"
              tabIndex={-1}
              aria-label="Select all that match"
              checked={selection.isAll}
              ref={box => {
                if (box) box.indeterminate = selection.isSome && !selection.isAll
              }}
              onChange={selection.toggleAll}
            />
          </span>
        )}
        {columns.map(column => (
          <span key={column.name} role="columnheader" class={column.class}>
            {column.silent ? <span class="unseen">{column.name}</span> : column.name}
          </span>
        ))}
      </div>
      {count === 0 && (
        <div role="row">
          <div role="gridcell">{props.empty}</div>
        </div>
      )}
      <div class="rows-space" role="presentation" style={{ height: `${heightPx}px` }}>
        <div
          class="rows-window"
          role="presentation"
          style={{ transform: `translateY(${offsetPx}px)` }}
        >
          {indexes.map(index => {
            const row = rowAt(index)
            const isSelected = selection?.has(index) ?? false
            return (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the grid itself has the keys
              <div
                key={index}
                id={`${props.kind}-${index}`}
                class={index === active ? 'row active' : 'row'}
                role="row"
                aria-rowindex={index + 2}
                aria-selected={selection ? isSelected : undefined}
                onClick={event => {
                  setActive(index)
                  const isControl = (event.target as Element).closest('a, button, input, label')
                  if (isControl === null && row !== undefined) props.onOpen(row, index)
                }}
              >
                {selection && (
                  <span role="gridcell" class="check">
                    <input
                      type="checkbox"
                      tabIndex={-1}
                      aria-label="Select"
                      checked={isSelected}
                      onClick={event => selection.toggle(index, event.shiftKey)}
                    />
                  </span>
                )}
                {columns.map(column => (
                  <span key={column.name} role="gridcell" class={column.class}>
                    {row === undefined ? <i class="blank" /> : column.cell(row, index)}
                  </span>
                ))}
              </div>
            )
          })}
        </div>
      </div>
    </div>
  )
}
