// The time axis: where its marks are, and what stands at them.

export interface Tick {
  ms: number
  label: string
}

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const STEPS_MS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map(each => each * SECOND),
  ...[1, 2, 5, 10, 15, 30].map(each => each * MINUTE),
  ...[1, 2, 3, 6, 12].map(each => each * HOUR),
  ...[1, 2, 7, 14, 28, 91, 182, 364].map(each => each * DAY),
]
/** Least distance between two marks, in px. */
const APART_PX = 84

/**
 * Marks on round times of the reader's day.
 *
 * @param offsetMs What is added to UTC for the reader's time, in ms.
 */
export function ticksOf(fromMs: number, toMs: number, widthPx: number, offsetMs: number): Tick[] {
  const perPx = (toMs - fromMs) / Math.max(1, widthPx)
  const stepMs = STEPS_MS.find(step => step / perPx >= APART_PX) ?? (STEPS_MS.at(-1) as number)
  const ticks: Tick[] = []
  const first = Math.ceil((fromMs + offsetMs) / stepMs) * stepMs - offsetMs
  for (let ms = first; ms <= toMs && ticks.length < 100; ms += stepMs) {
    ticks.push({ ms, label: labelOf(ms + offsetMs, stepMs) })
  }
  return ticks
}

/** `14:03`, `14:03:11`, `:11.250` or `3 Mar`, as the step asks; days are named at midnight. */
function labelOf(localMs: number, stepMs: number): string {
  const iso = new Date(localMs).toISOString()
  if (stepMs >= DAY || (localMs % DAY === 0 && stepMs >= MINUTE)) {
    return `${Number(iso.slice(8, 10))} ${MONTHS[Number(iso.slice(5, 7)) - 1]}`
  }
  if (stepMs >= MINUTE) return iso.slice(11, 16)
  if (stepMs >= SECOND || localMs % SECOND === 0) return iso.slice(11, 19)
  return iso.slice(16, 23)
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
