// The width of an element, as it changes.
import type { RefObject } from 'preact'
import { useLayoutEffect, useState } from 'preact/hooks'

/** Width in px without borders; 0 before it is known. */
export function useWidth(element: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0)
  useLayoutEffect(() => {
    if (element.current === null) return
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setWidth(Math.round(entry.contentRect.width))
    })
    setWidth(Math.round(element.current.clientWidth))
    observer.observe(element.current)
    return () => observer.disconnect()
  }, [element])
  return width
}
