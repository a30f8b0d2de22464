// The colours and patterns of bars, from the page's tokens. A kind differs by pattern or height too, so
// that it can be told without its colour.
import type { BarKind } from './bars.ts'

export interface Palette {
  text: string
  text2: string
  text3: string
  surface: string
  surface2: string
  border: string
  accent: string
  sans: string
  mono: string
  fill: Record<BarKind | 'skipped', string>
  ink: Record<BarKind | 'skipped', string>
  pattern: Record<BarKind, CanvasPattern | null>
}

type Stroke = (context: CanvasRenderingContext2D, size: number) => void

const TILE_PX = 6

const rising: Stroke = (context, size) => {
  for (const at of [-size, 0, size]) {
    context.moveTo(at - 1, size + 1)
    context.lineTo(at + size + 1, -1)
  }
}
const falling: Stroke = (context, size) => {
  for (const at of [-size, 0, size]) {
    context.moveTo(at - 1, -1)
    context.lineTo(at + size + 1, size + 1)
  }
}
const upright: Stroke = (context, size) => {
  context.moveTo(size / 2, 0)
  context.lineTo(size / 2, size)
}

/** What is drawn over the fill of a kind; the others are plain. */
const STROKES: Partial<Record<BarKind, Stroke>> = {
  error: rising,
  canceled: falling,
  cancelling: falling,
  interrupted: upright,
  suspended: upright,
}

/** Reads the palette; again when the page turns dark or light. */
export function paletteOf(element: Element, context: CanvasRenderingContext2D): Palette {
  const style = getComputedStyle(element)
  const read = (name: string) => style.getPropertyValue(name).trim()
  const of = (kind: string, set: string) =>
    read(`--${set}-${kind === 'interrupted' ? 'cancelling' : kind}`)
  const surface = read('--surface')
  const kinds = [
    'waiting',
    'suspended',
    'running',
    'cancelling',
    'finished',
    'error',
    'canceled',
    'interrupted',
    'skipped',
  ] as const
  const byKind = <T>(make: (kind: (typeof kinds)[number]) => T) =>
    Object.fromEntries(kinds.map(kind => [kind, make(kind)])) as Record<(typeof kinds)[number], T>
  return {
    text: read('--text'),
    text2: read('--text-2'),
    text3: read('--text-3'),
    surface,
    surface2: read('--surface-2'),
    border: read('--border'),
    accent: read('--accent'),
    sans: read('--font'),
    mono: read('--mono'),
    fill: byKind(kind => of(kind, 'fill')),
    ink: byKind(kind => of(kind, 'state')),
    pattern: byKind(kind => {
      const stroke = STROKES[kind as BarKind]
      return stroke === undefined ? null : patternOf(context, surface, stroke)
    }),
  }
}

function patternOf(
  context: CanvasRenderingContext2D,
  colour: string,
  stroke: Stroke,
): CanvasPattern | null {
  const ratio = Math.max(1, Math.round(devicePixelRatio))
  const tile = document.createElement('canvas')
  tile.width = TILE_PX * ratio
  tile.height = TILE_PX * ratio
  const draw = tile.getContext('2d')
  if (draw === null) return null
  draw.scale(ratio, ratio)
  draw.strokeStyle = colour
  draw.globalAlpha = 0.6
  draw.lineWidth = 1.4
  draw.beginPath()
  stroke(draw, TILE_PX)
  draw.stroke()
  const pattern = context.createPattern(tile, 'repeat')
  pattern?.setTransform(new DOMMatrix().scale(1 / ratio))
  return pattern
}
