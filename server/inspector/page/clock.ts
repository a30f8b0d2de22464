// The time, as a signal that moves once a second, and how times and numbers are written.
import { signal } from '@preact/signals'
import { clockSkewMs } from './http.ts'

/** The server's time, to the second; it stands still while the page is hidden. */
export const nowMs = signal(Date.now())

export function startClock(): void {
  const tick = () => {
    if (!document.hidden) nowMs.value = Date.now() + clockSkewMs.peek()
  }
  setInterval(tick, 1_000)
  document.addEventListener('visibilitychange', tick)
}

const UNITS: readonly [string, number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
]

/** `3m 12s`, `2h 5m`; two units at most, and a fraction below ten seconds. */
export function duration(ms: number): string {
  const whole = Math.max(0, ms)
  if (whole < 1_000) return `${Math.round(whole)}ms`
  if (whole < 10_000) return `${(whole / 1_000).toFixed(1)}s`
  const first = UNITS.findIndex(([, unitMs]) => whole >= unitMs)
  const [unit, unitMs] = UNITS[first] as [string, number]
  const next = UNITS[first + 1]
  const head = `${Math.floor(whole / unitMs)}${unit}`
  if (next === undefined) return head
  const rest = Math.floor((whole % unitMs) / next[1])
  return rest === 0 ? head : `${head} ${rest}${next[0]}`
}

/** As `duration`, in whole seconds: for what counts while one looks. */
export function age(sinceMs: number, untilMs: number): string {
  const ms = Math.max(0, untilMs - sinceMs)
  return ms < 10_000 ? `${Math.floor(ms / 1_000)}s` : duration(ms)
}

const timeOfDay = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})
const dayAndTime = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})

/** `14:03:11` today, `3 Mar, 14:03:11` on another day, in the reader's time zone. */
export function clockTime(ms: number): string {
  const date = new Date(ms)
  const isToday = date.toDateString() === new Date(nowMs.peek()).toDateString()
  return (isToday ? timeOfDay : dayAndTime).format(date)
}

/** With milliseconds, for histories. */
export function exactTime(ms: number): string {
  return `${clockTime(ms)}.${String(Math.floor(ms % 1_000)).padStart(3, '0')}`
}

const grouped = new Intl.NumberFormat('en')

/** `12,345`. */
export function count(value: number): string {
  return grouped.format(value)
}

/** `1 task`, `2 tasks`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`
}
