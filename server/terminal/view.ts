// A group as lines of text: bar, counts, what runs, and why whoever waits longest does.
import type { StateSummary } from '../../machines/index.ts'
import { type Color, clean, cut, duration, number, type Paint } from './text.ts'

export interface RunningTask {
  taskId: string
  call: string
  attempt: number
  startedMs: number
  progress: object
}

export interface WaitingTask {
  taskId: string
  call: string
  /** Since when, in ms since the epoch. */
  sinceMs: number
  /** Sentences, the nearest reason first. */
  because: string[]
}

/** What is known of a group. */
export interface GroupView {
  groupId: string
  /** The state node of its machine. */
  value: string
  counts: StateSummary
  /** Those that run, as far as they are shown. */
  running: RunningTask[]
  longest: WaitingTask | null
  /** Tasks that end in a second; null when it is too early to say. */
  perSecond: number | null
  leftMs: number | null
  /** Since when the server has not answered; null when it does. */
  lostMs: number | null
}

export interface Screen {
  columns: number
  paint: Paint
  nowMs: number
}

type State = Exclude<keyof StateSummary, 'accepted' | 'total'>

/** In the order of the bar: what is done, what runs, what is to come. */
const STATES: { state: State; mark: string; color: Color }[] = [
  { state: 'finished', mark: '█', color: 'green' },
  { state: 'error', mark: '▚', color: 'red' },
  { state: 'canceled', mark: '▞', color: 'magenta' },
  { state: 'skipped', mark: '▗', color: 'yellow' },
  { state: 'running', mark: '▒', color: 'cyan' },
  { state: 'suspended', mark: '╌', color: 'yellow' },
  { state: 'waiting', mark: '░', color: 'gray' },
]

const BAR_MAX = 72
const INDENT = '  '

/** Tasks that have ended. */
export function endedOf({ finished, error, canceled, skipped }: StateSummary): number {
  return finished + error + canceled + skipped
}

/** The whole view, for a terminal. */
export function viewLines(view: GroupView, screen: Screen): string[] {
  const { columns, nowMs } = screen
  const lines = [
    cut(`group ${view.groupId}  ${valueWords(view.value)}`, columns),
    bar(view.counts, Math.min(columns, BAR_MAX), screen.paint),
    cut(rateWords(view), columns),
    ...countLines(view.counts, screen),
  ]
  const { running, longest, lostMs } = view
  if (running.length > 0) {
    lines.push('', 'running')
    for (const task of running) lines.push(cut(INDENT + runningWords(task, nowMs), columns))
    const more = view.counts.running - running.length
    if (more > 0) lines.push(`${INDENT}and ${number(more)} more`)
  }
  if (longest !== null) {
    lines.push('', 'waits longest', cut(INDENT + waitingWords(longest, nowMs), columns))
    for (const reason of longest.because) {
      lines.push(cut(INDENT + INDENT + withShortIds(clean(reason)), columns))
    }
  }
  if (lostMs !== null) {
    const text = `the server has not answered for ${duration(nowMs - lostMs)}; trying again`
    lines.push('', screen.paint('red', cut(text, columns)))
  }
  return lines
}

/** The view in one line, for a file or a pipe. */
export function viewLine(view: GroupView, nowMs: number): string {
  const time = new Date(nowMs).toISOString().slice(11, 19)
  if (view.lostMs !== null) return `${time} the server does not answer; trying again`
  const counts = STATES.filter(({ state }) => view.counts[state] > 0).map(
    ({ state }) => `${number(view.counts[state])} ${state}`,
  )
  const listed = counts.length === 0 ? 'no tasks' : counts.join(', ')
  return `${time} ${valueWords(view.value)}: ${listed}; ${rateWords(view)}`
}

/** `active.open` as a person says it. */
function valueWords(value: string): string {
  const [state = '', inner] = value.split('.')
  return inner === 'open' ? `${state}, takes more tasks` : state
}

function rateWords({ counts, perSecond, leftMs }: GroupView): string {
  const ended = endedOf(counts)
  const share = counts.total === 0 ? 0 : Math.floor((100 * ended) / counts.total)
  const words = [`${number(ended)} of ${number(counts.total)} ended`, `${share}%`]
  if (perSecond !== null && ended < counts.total) {
    words.push(`${perSecond >= 10 ? number(Math.round(perSecond)) : perSecond.toFixed(1)} tasks/s`)
  }
  if (leftMs !== null) words.push(`about ${duration(Math.max(leftMs, 1_000))} left`)
  return words.join(' · ')
}

/** The marks of the bar with their counts, in as many lines as they need. */
function countLines(counts: StateSummary, { columns, paint }: Screen): string[] {
  const lines: string[] = []
  let width = columns
  for (const { state, mark, color } of STATES) {
    if (counts[state] === 0) continue
    const text = `${mark} ${number(counts[state])} ${state}`
    if (width + INDENT.length + text.length <= columns) {
      lines[lines.length - 1] += INDENT + paint(color, text)
      width += INDENT.length + text.length
    } else {
      lines.push(paint(color, text))
      width = text.length
    }
  }
  return lines
}

function bar(counts: StateSummary, width: number, paint: Paint): string {
  if (counts.total === 0) return paint('gray', '·'.repeat(width))
  const parts = sharesOf(
    STATES.map(({ state }) => counts[state]),
    width,
  )
  return STATES.map(({ mark, color }, index) =>
    parts[index] === 0 ? '' : paint(color, mark.repeat(parts[index] ?? 0)),
  ).join('')
}

/** Shares out a width by counts: exactly, and with at least one for whatever there is, while there is room. */
function sharesOf(counts: readonly number[], width: number): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0)
  const exact = counts.map(count => (count / total) * width)
  const shares = exact.map((share, index) =>
    counts[index] === 0 ? 0 : Math.max(1, Math.floor(share)),
  )
  const sum = () => shares.reduce((all, share) => all + share, 0)
  const most = (by: (index: number) => number): number =>
    shares.reduce((best, _, index) => (by(index) > by(best) ? index : best), 0)
  while (sum() < width) {
    const index = most(at => (exact[at] as number) - (shares[at] as number))
    shares[index] = (shares[index] as number) + 1
  }
  while (sum() > width) {
    const index = most(at => shares[at] as number)
    shares[index] = (shares[index] as number) - 1
  }
  return shares
}

function runningWords({ taskId, call, attempt, startedMs, progress }: RunningTask, nowMs: number) {
  const parts = [`${clean(call)} ${short(taskId)}`, `for ${duration(nowMs - startedMs)}`]
  if (attempt > 1) parts.push(`attempt ${attempt}`)
  const done = progressWords(progress)
  if (done !== '') parts.push(done)
  return parts.join('  ')
}

function waitingWords({ taskId, call, sinceMs }: WaitingTask, nowMs: number): string {
  return `${clean(call)} ${short(taskId)}  for ${duration(nowMs - sinceMs)}`
}

/** The last digits of an id: the first ones say the time, and many begin with the same. */
function short(id: string): string {
  return id.slice(-8)
}

function withShortIds(text: string): string {
  return text.replace(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, short)
}

/** `{"done": 3, "total": 10}` as `3 of 10`; whatever else there is, as names and values. */
function progressWords(progress: object): string {
  const { done, total, ...rest } = progress as Record<string, unknown>
  const words: string[] = []
  if (typeof done === 'number' && typeof total === 'number') {
    words.push(`${number(done)} of ${number(total)}`)
  } else if (done !== undefined) rest.done = done
  else if (total !== undefined) rest.total = total
  for (const [name, value] of Object.entries(rest)) {
    words.push(clean(`${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`))
  }
  return words.join(', ')
}
