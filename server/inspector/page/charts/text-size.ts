// How wide a text will be, so that a box can be laid out before it is drawn.

export const NAME_PX = 14
export const NOTE_PX = 11
/** Height of a line of notes. */
export const NOTE_LINE_PX = 14

export type Face = 'name' | 'title' | 'note'

let context: CanvasRenderingContext2D | null = null
const fonts = new Map<Face, string>()

/** Width in px, at the page's own fonts (`--font`, `--mono`). */
export function widthOf(text: string, face: Face): number {
  context ??= document.createElement('canvas').getContext('2d')
  if (context === null) return text.length * NAME_PX * 0.6
  context.font = fontOf(face)
  return Math.ceil(context.measureText(text).width)
}

/** A text cut to a width in px, with an ellipsis when it is longer. */
export function shortened(text: string, face: Face, widthMax: number): string {
  if (widthOf(text, face) <= widthMax) return text
  let length = Math.floor((text.length * widthMax) / widthOf(text, face))
  while (length > 1 && widthOf(`${text.slice(0, length)}…`, face) > widthMax) length -= 1
  return `${text.slice(0, length)}…`
}

/** The CSS font of a face, as charts.css has it. */
export function fontOf(face: Face): string {
  const known = fonts.get(face)
  if (known !== undefined) return known
  const style = getComputedStyle(document.documentElement)
  const sans = style.getPropertyValue('--font') || 'system-ui, sans-serif'
  const mono = style.getPropertyValue('--mono') || 'ui-monospace, monospace'
  const font = face === 'note' ? `${NOTE_PX}px ${mono}` : `600 ${NAME_PX}px ${sans}`
  fonts.set(face, font)
  return font
}
