// Text on a terminal: how wide it is, how it is cut, and how it is kept from being more than text.

/** Characters that take two columns. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u

const COLORS = {
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  magenta: 35,
  cyan: 36,
  gray: 90,
} as const
export type Color = keyof typeof COLORS

/** Paints text, where the terminal has colours. */
export type Paint = (color: Color, text: string) => string

export const colored: Paint = (color, text) => `\x1b[${COLORS[color]}m${text}\x1b[39m`
export const plain: Paint = (_color, text) => text

/** Text of others, without what a terminal would obey. */
export function clean(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
}

/** Cuts text, which has no colours, to so many columns. */
export function cut(text: string, columns: number): string {
  let width = 0
  let kept = ''
  for (const character of text) {
    width += WIDE.test(character) ? 2 : 1
    if (width > columns) return `${withoutLast(kept)}…`
    kept += character
  }
  return kept
}

function withoutLast(text: string): string {
  return [...text].slice(0, -1).join('')
}

/** `1,234`. */
export function number(count: number): string {
  return count.toLocaleString('en-US')
}

/** `45 s`, `3 min 5 s`, `2 h 10 min`: two units at most. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  const hours = Math.floor(minutes / 60)
  return hours < 48
    ? `${hours} h ${minutes % 60} min`
    : `${Math.floor(hours / 24)} d ${hours % 24} h`
}
