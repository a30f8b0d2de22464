// Lines between boxes as SVG path data: right angles with rounded corners, and the head of the arrow.
import type { Point } from './layout.ts'

/** Length of an arrow's head, and half its width. */
const HEAD_LENGTH = 9
const HEAD_HALF = 4.5

/** Path through the points with corners rounded by at most `radius`; it ends where the head begins. */
export function roundedPath(points: readonly Point[], radius = 6): string {
  const [first, ...rest] = shortened(straightened(points))
  if (first === undefined) return ''
  const parts = [`M${at(first)}`]
  let before = first
  for (const [index, corner] of rest.entries()) {
    const after = rest[index + 1]
    if (after === undefined) {
      parts.push(`L${at(corner)}`)
      break
    }
    const r = Math.min(radius, distance(before, corner) / 2, distance(corner, after) / 2)
    parts.push(
      `L${at(toward(corner, before, r))}`,
      `Q${at(corner)} ${at(toward(corner, after, r))}`,
    )
    before = corner
  }
  return parts.join('')
}

/** The triangle at the end of a line. */
export function headOf(points: readonly Point[]): string {
  const tip = points.at(-1)
  const from = points.at(-2)
  if (tip === undefined || from === undefined) return ''
  const base = toward(tip, from, HEAD_LENGTH)
  const length = distance(from, tip) || 1
  const across = {
    x: (-(tip.y - from.y) / length) * HEAD_HALF,
    y: ((tip.x - from.x) / length) * HEAD_HALF,
  }
  const left = { x: base.x + across.x, y: base.y + across.y }
  const right = { x: base.x - across.x, y: base.y - across.y }
  return `M${at(tip)}L${at(left)}L${at(right)}Z`
}

/** Drops points that lie on the line between their neighbours. */
function straightened(points: readonly Point[]): Point[] {
  return points.filter((point, index) => {
    const before = points[index - 1]
    const after = points[index + 1]
    if (before === undefined || after === undefined) return true
    const isOnX = before.x === point.x && point.x === after.x
    const isOnY = before.y === point.y && point.y === after.y
    return !isOnX && !isOnY
  })
}

/** The line stops inside its arrow's head, so that it does not show beside the tip. */
function shortened(points: readonly Point[]): Point[] {
  const tip = points.at(-1)
  const from = points.at(-2)
  if (tip === undefined || from === undefined) return [...points]
  return [...points.slice(0, -1), toward(tip, from, HEAD_LENGTH - 2)]
}

function toward(from: Point, to: Point, by: number): Point {
  const length = distance(from, to) || 1
  return {
    x: from.x + ((to.x - from.x) / length) * by,
    y: from.y + ((to.y - from.y) / length) * by,
  }
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y)
}

function at({ x, y }: Point): string {
  return `${Math.round(x * 10) / 10},${Math.round(y * 10) / 10}`
}
