// A replay as text: a line for each step, what differs right below it, and how it came out.
import { type HistoryEvent, type Json, type JsonObject, TASK_STATES } from '../../machines/index.ts'
import type { Replay, ReplayStep } from '../../machines/replay.ts'
import type { HistoryFile } from './read.ts'

/** The longest text of somebody else's on a line, in characters. */
const TEXT_LENGTH_MAX = 120

/** Prints one replay, step by step. */
export class Printer {
  readonly #history: HistoryFile
  #startMs: number | null = null
  #lastMs = 0
  #differences = 0
  /** The first difference, as its own line says it. */
  #first: string | null = null

  constructor(history: HistoryFile) {
    this.#history = history
  }

  /** Differences that were printed so far. */
  get differences(): number {
    return this.#differences
  }

  head(): string {
    const { header, taskCount, eventCount } = this.#history
    const counts = `${counted(taskCount, 'task')}, ${counted(eventCount, 'event')}`
    return `group ${header.group_id}: ${counts}, exported ${header.exported_at} by Rollcall ${clean(header.rollcall)}\n`
  }

  step(step: ReplayStep): string {
    const { event, task, group } = step
    this.#startMs ??= event.atMs
    this.#lastMs = event.atMs
    const { before, after } =
      task ?? (event.taskId === null ? group : { before: null, after: null })
    const moved = `${before === null ? '' : `${before.value} `}→ ${after?.value ?? event.value}`
    const parts = [
      `+${elapsed(event.atMs - this.#startMs)}`,
      timeOf(event.atMs),
      nameOf(step).padEnd(24),
      clean(event.type).padEnd(16),
      (event.attempt === null ? '' : `attempt ${event.attempt}`).padEnd(9),
      `${moved}${details(event)}`,
    ]
    return `${parts.join('  ')}\n${this.#differing(step.differences, `at event ${event.eventId}, ${clean(event.type)}: `)}`
  }

  /** What is left to compare, and how it all came out. */
  end(replay: Replay): string {
    const { group, taskCount, eventCount, header, purgedCount } = this.#history
    const left = this.#differing(replay.end(header.last_event_id), 'at the end: ')
    const counts = replay.group?.counts ?? group.counts
    const states = TASK_STATES.filter(state => counts[state] > 0).map(
      state => `${counts[state]} ${state}`,
    )
    const lines = [
      `${counted(eventCount, 'event')} of ${counted(taskCount, 'task')} in ${elapsed(this.#lastMs - (this.#startMs ?? 0))}`,
      `the group is ${replay.group?.value ?? 'nothing yet'}: ${states.join(', ') || 'no tasks'}`,
      ...(purgedCount === 0
        ? []
        : [
            `${counted(purgedCount, 'task')} had been deleted before the export: the group's own moves are not judged`,
          ]),
      this.#first === null
        ? 'the statecharts do as recorded'
        : `the statecharts differ from the record ${counted(this.#differences, 'time')}, first ${this.#first}`,
    ]
    return `${left}${lines.join('\n')}\n`
  }

  #differing(differences: string[], where: string): string {
    const said = differences.map(clean)
    this.#differences += said.length
    if (said[0] !== undefined) this.#first ??= `${where}${said[0]}`
    return said.map(each => `    differs: ${each}\n`).join('')
  }
}

/** The end of the task's id, which is where ids of one moment differ, and its call. */
function nameOf({ event, task }: ReplayStep): string {
  if (event.taskId === null) return 'group'
  return `…${event.taskId.slice(-8)} ${clean(task?.after.call ?? '')}`
}

function details({ type, data }: HistoryEvent): string {
  const said = object(data)
  const { response, held_back, worker, crashed, retry_at_ms, wake_at_ms } = said
  const { code, description } = object(said.error)
  const parts = [
    response === 'postponed' && 'postponed',
    held_back === true && 'place to come',
    typeof worker === 'string' && `by ${clean(worker)}`,
    typeof crashed === 'boolean' && (crashed ? 'its process died' : 'its process stopped'),
    typeof code === 'string' && `${clean(code)} ${clean(String(description ?? ''))}`,
    typeof retry_at_ms === 'number' && `again at ${timeOf(retry_at_ms)}`,
    typeof wake_at_ms === 'number' && `not before ${timeOf(wake_at_ms)}`,
    type === 'group.purged' &&
      Object.entries(said)
        .map(([state, count]) => `${count} ${clean(state)}`)
        .join(', '),
  ].filter(part => typeof part === 'string')
  return parts.length === 0 ? '' : `  (${parts.join('; ')})`
}

function object(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}

/** A file may name a time that no calendar has. */
function timeOf(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString()
}

/** `HH:MM:SS.mmm`; a clock that was set back makes it negative. */
function elapsed(ms: number): string {
  const whole = Math.abs(ms)
  const two = (count: number) => String(Math.floor(count)).padStart(2, '0')
  const seconds = whole / 1_000
  const clock = `${two(seconds / 3_600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`
  return `${ms < 0 ? '-' : ''}${clock}.${String(whole % 1_000).padStart(3, '0')}`
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

/** Text of somebody else's on one line, without what a terminal would obey. */
function clean(text: string): string {
  const line = text.split('\n')[0] ?? ''
  const plain = line.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '�')
  return plain.length <= TEXT_LENGTH_MAX ? plain : `${plain.slice(0, TEXT_LENGTH_MAX)}…`
}
