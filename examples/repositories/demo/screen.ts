// What the demo shows of a group: a picture that is drawn over itself in a
// terminal, plain lines elsewhere.

import type { StateSummary, TaskReport } from './client.ts'

const runningShown = 6
const barWidth = 40
const plainLineEveryMs = 1_000
// Some terminals, a recorder's for one, have no width.
const columnsUnknown = 80

/** Where the progress of a group is shown. */
export interface Screen {
  show(summary: StateSummary, tasks: readonly TaskReport[], nowMs: number): void
  /** Leaves the last picture standing; what is printed next comes below it. */
  end(): void
}

/** A screen for this stream: a picture when it is a terminal, plain lines otherwise. */
export function openScreen(stream: NodeJS.WriteStream): Screen {
  return stream.isTTY ? pictureScreen(stream) : lineScreen(stream)
}

/** How many tasks have ended, in whatever final state. */
export function endedCount(summary: StateSummary): number {
  return summary.finished + summary.error + summary.canceled + summary.skipped
}

/** The picture of a group: a bar, its counts by state, and the tasks that run the longest. */
export function picture(
  summary: StateSummary,
  tasks: readonly TaskReport[],
  nowMs: number,
  columns: number,
): string[] {
  const running = tasks.filter(task => task.state === 'running').sort(byStart)
  const lines = [
    bar(summary),
    counts(summary),
    ...running.slice(0, runningShown).map(task => taskLine(task, nowMs)),
  ]
  return lines.map(line => (line.length > columns - 1 ? `${line.slice(0, columns - 2)}…` : line))
}

/** The counts that are not zero, in a sentence's order. */
export function counts(summary: StateSummary): string {
  const states = [
    'finished',
    'running',
    'waiting',
    'suspended',
    'error',
    'canceled',
    'skipped',
  ] as const
  return states
    .filter(state => summary[state] > 0)
    .map(state => `${summary[state]} ${state}`)
    .join(', ')
}

function pictureScreen(stream: NodeJS.WriteStream): Screen {
  let drawn = 0
  return {
    show(summary, tasks, nowMs) {
      const lines = picture(summary, tasks, nowMs, stream.columns || columnsUnknown)
      const back = drawn > 0 ? `\x1b[${drawn}A\x1b[J` : ''
      stream.write(`${back}${lines.join('\n')}\n`)
      drawn = lines.length
    },
    end() {
      drawn = 0
    },
  }
}

function lineScreen(stream: NodeJS.WriteStream): Screen {
  let said = ''
  let saidMs = Number.NEGATIVE_INFINITY
  return {
    show(summary, _tasks, nowMs) {
      const line = `${endedCount(summary)}/${summary.total}: ${counts(summary)}`
      const isLast = endedCount(summary) === summary.total
      if (line === said || (!isLast && nowMs - saidMs < plainLineEveryMs)) return
      stream.write(`${line}\n`)
      said = line
      saidMs = nowMs
    },
    end() {},
  }
}

function bar(summary: StateSummary): string {
  const ended = endedCount(summary)
  const filled = summary.total === 0 ? barWidth : Math.floor((barWidth * ended) / summary.total)
  return `[${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}] ${ended}/${summary.total}`
}

function taskLine({ tags, task_type, progress, start_time }: TaskReport, nowMs: number): string {
  const repository = tags
    .find(tag => tag.startsWith('pulp:repository:'))
    ?.slice('pulp:repository:'.length)
  const seconds =
    start_time === null ? 0 : Math.max(0, Math.round((nowMs - Date.parse(start_time)) / 1000))
  const done = progress.total === undefined ? '' : `${progress.done}/${progress.total}`
  return `  ${(repository ?? task_type).padEnd(32)} ${`${seconds} s`.padStart(6)} ${done.padStart(11)} ${progress.current ?? ''}`
}

function byStart(a: TaskReport, b: TaskReport): number {
  return Date.parse(a.start_time ?? '') - Date.parse(b.start_time ?? '')
}
