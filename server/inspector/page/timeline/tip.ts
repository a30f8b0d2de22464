// What is said about a row that is pointed at.
import { clockTime, count, duration } from '../clock.ts'
import { type Bar, barsOf } from './bars.ts'
import type { TaskFacts } from './facts.ts'
import { flowsOf } from './flow.ts'
import { flowAt } from './paint.ts'
import type { HistoryRecord } from './record.ts'

export interface Tip {
  title: string
  note: string
  lines: { kind: string; text: string; isNow: boolean }[]
  /** All of it, for a screen reader. */
  sentence: string
}

export interface TipAsk {
  record: HistoryRecord
  facts: TaskFacts
  row: number
  /** Tasks in the row. */
  tasks: number
  /** The moment that is pointed at; null: the row as a whole. */
  atMs: number | null
  position: number
  untilMs: number
}

const LINES_MAX = 7

export function tipOfRow(ask: TipAsk): Tip {
  const tip = ask.tasks === 1 ? tipOfTask(ask) : tipOfMany(ask)
  const sentence = `${tip.title} ${tip.note}: ${tip.lines.map(({ text }) => text).join(', ')}`
  return { ...tip, sentence }
}

function tipOfTask({ record, facts, row, atMs, position, untilMs }: TipAsk): Omit<Tip, 'sentence'> {
  const taskId = record.taskIds[row] as string
  const { bars, end } = barsOf(record, row, position, untilMs)
  const lines: Tip['lines'] = bars.map(bar => ({
    kind: bar.kind,
    text: barText(bar),
    isNow: atMs !== null && atMs >= bar.fromMs && atMs < bar.toMs,
  }))
  if (end !== null && end.value !== 'finished') {
    const isNow = atMs !== null && atMs >= end.atMs
    lines.push({ kind: end.value, text: `${end.value} at ${clockTime(end.atMs)}`, isNow })
  }
  if (lines.length === 0) lines.push({ kind: '', text: 'not submitted yet', isNow: false })
  const over = lines.length - LINES_MAX
  if (over > 0) {
    const text = `… ${over} more before`
    lines.splice(0, over + 1, { kind: '', text, isNow: false })
  }
  return { title: facts.callOf(taskId) ?? 'task', note: `…${taskId.slice(-8)}`, lines }
}

function barText({ kind, fromMs, toMs, attempt, isOpen }: Bar): string {
  const lasted = duration(toMs - fromMs)
  switch (kind) {
    case 'waiting':
      return `${isOpen ? 'waiting for' : 'waited'} ${lasted}`
    case 'suspended':
      return `${isOpen ? 'suspended for' : 'was suspended'} ${lasted}`
    case 'cancelling':
      return `${isOpen ? 'stopping for' : 'took'} ${lasted}${isOpen ? '' : ' to stop'}`
    case 'running':
      return `attempt ${attempt} ${isOpen ? 'running for' : 'ran'} ${lasted}${isOpen ? '' : ', then was stopped'}`
    case 'error':
      return `attempt ${attempt} failed after ${lasted}`
    case 'interrupted':
      return `attempt ${attempt} was interrupted after ${lasted}`
    default:
      return `attempt ${attempt} ${kind} after ${lasted}`
  }
}

function tipOfMany({ record, row, tasks, atMs, position, untilMs }: TipAsk): Omit<Tip, 'sentence'> {
  const fromTask = row * tasks
  const toTask = Math.min(record.taskIds.length, fromTask + tasks)
  const moment = Math.min(atMs ?? untilMs, untilMs)
  // One bin that ends at the moment.
  const until = Math.min(position, record.upToTime(moment))
  const flow = flowsOf(record, {
    tasksPerRow: tasks,
    fromRow: row,
    toRow: row + 1,
    position: until,
    along: { fromMs: moment, toMs: moment + 1e12 },
    bins: 1,
  })
  const lines = flowAt(flow, 0).map(({ value, count: many }) => ({
    kind: value === 'running.cancelling' ? 'cancelling' : (value.split('.', 1)[0] as string),
    text: `${count(many)} ${value === 'running.cancelling' ? 'cancelling' : value.split('.', 1)[0]}`,
    isNow: false,
  }))
  if (lines.length === 0) lines.push({ kind: '', text: 'not submitted yet', isNow: false })
  const title = `Tasks ${count(fromTask + 1)} to ${count(toTask)}`
  return { title, note: `at ${clockTime(moment)}`, lines }
}
