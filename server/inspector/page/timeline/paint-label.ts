// What stands at the left of a row.
import type { Area } from './paint.ts'
import type { Palette } from './palette.ts'

const NOTE_PX = 62

/** A name, cut to its place, and where there is room a note behind it. */
export function paintLabel(
  context: CanvasRenderingContext2D,
  palette: Palette,
  area: Area,
  name: string,
  note: string | null,
  isThere: boolean,
): void {
  const middle = area.top + area.height / 2 + 0.5
  const isSmall = area.height < 16
  const hasNote = note !== null && !isSmall && area.left > 150
  const room = area.left - 12 - (hasNote ? NOTE_PX : 0)
  context.textBaseline = 'middle'
  context.textAlign = 'left'
  context.globalAlpha = isThere ? 1 : 0.45
  context.font = `${isSmall ? 9 : 12}px ${palette.sans}`
  context.fillStyle = palette.text
  context.fillText(cut(context, name, room), 2, middle)
  if (hasNote) {
    context.font = `11px ${palette.mono}`
    context.fillStyle = palette.text3
    context.textAlign = 'right'
    context.fillText(note, area.left - 12, middle)
  }
  context.globalAlpha = 1
}

const cuts = new Map<string, string>()

function cut(context: CanvasRenderingContext2D, text: string, room: number): string {
  const key = `${context.font}|${Math.round(room)}|${text}`
  const known = cuts.get(key)
  if (known !== undefined) return known
  // Calls begin with what they have in common: their end tells them apart.
  let found = text
  for (let from = 1; from < text.length && context.measureText(found).width > room; from += 1) {
    found = `…${text.slice(from)}`
  }
  if (cuts.size > 2_000) cuts.clear()
  cuts.set(key, found)
  return found
}
