// Time since the start of a test, as people write it.

/** `HH:MM:SS`, with milliseconds behind a dot when there are some. */
export function elapsed(ms: number): string {
  const two = (count: number) => String(count).padStart(2, '0')
  const seconds = Math.floor(ms / 1_000)
  const whole = [seconds / 3_600, (seconds / 60) % 60, seconds % 60]
  const rest = ms % 1_000
  const text = whole.map(each => two(Math.floor(each))).join(':')
  return rest === 0 ? text : `${text}.${String(rest).padStart(3, '0')}`
}
