// A line of history ↔ the event that it is about. A line keeps what the rows do not: what ended a task
// stays in its row, and what comes often, or says nothing to a person, leaves no line at all.
import type { HistoryEvent } from './effects.ts'
import {
  type Failure,
  isFinal,
  type Json,
  type JsonObject,
  type Task,
  type TaskEvent,
  type TaskValue,
} from './task.machine.ts'

/** The longest text of a failure that a line keeps, in characters, each of traceback and data. */
const KEPT_LENGTH_MAX = 8_192

const quiet = new Set<string>([
  'task.progressed',
  'task.unblocked',
  'task.place_freed',
  'task.judged',
  'task.spawned',
] satisfies TaskEvent['type'][])

/** Whether an event leaves a line in the history. */
export function leavesLine(event: TaskEvent): boolean {
  return !quiet.has(event.type)
}

/**
 * The line of the submission of a task that has not changed since. It is made apart from all others: those of a
 * large submission live until it is whole, and V8 would from then on make every event where such live, and not
 * where it clears up often.
 */
export function submissionEvent(task: Task): HistoryEvent {
  const { taskId, groupId, rev: eventId, value, attempt, submitMs: atMs } = task
  const data = submissionData(task)
  return { eventId, atMs, taskId, groupId, type: 'task.submitted', attempt, value, data }
}

/** How the task was admitted, when that was not at once. */
function submissionData({ response, place, wakeAtMs }: Task): Json {
  if (response === 'accepted' && place !== null) return null
  return {
    response,
    ...(place === null && { held_back: true }),
    ...(wakeAtMs !== null && { wake_at_ms: wakeAtMs }),
  }
}

/** What the line of an event says beside its type, its time and the state that it led to. */
export function eventData(event: TaskEvent, value: TaskValue): Json {
  switch (event.type) {
    case 'task.placed':
      return { response: event.response }
    case 'task.start':
      return { worker: event.worker }
    case 'task.failed': {
      const { failure, retryAtMs } = event
      // The row of a task that goes on takes its next failure; only the line keeps this one.
      return { ...(isFinal(value) ? brief(failure) : whole(failure)), retry_at_ms: retryAtMs }
    }
    case 'task.unresponsive':
      return whole(event.failure)
    case 'task.interrupted': {
      const { crashed, rerun, failure } = event
      return { ...(rerun ? {} : brief(failure)), crashed, rerun }
    }
    case 'task.rejected':
      return brief(event.failure)
    default:
      return null
  }
}

function brief({ error: { code, description } }: Failure): JsonObject {
  return { error: { code, description: cut(description) } }
}

/** A failure but for what is too long: a line is one of many. */
function whole({ error, exception, traceback, status }: Failure): JsonObject {
  const { code, description, data, sub_errors } = error
  const fits = JSON.stringify([data, sub_errors]).length <= KEPT_LENGTH_MAX
  return {
    error: {
      code,
      description: cut(description),
      ...(fits ? { data, sub_errors } : { data: null, sub_errors: [] }),
    },
    exception: exception === null ? null : cut(exception),
    traceback: traceback === null ? null : cut(traceback),
    status,
  }
}

function cut(text: string): string {
  if (text.length <= KEPT_LENGTH_MAX) return text
  return `${text.slice(0, KEPT_LENGTH_MAX).toWellFormed()}… (${text.length} characters)`
}

/** How a task was when it was submitted, and whether its place was still to come. */
export function submittedAs(line: HistoryEvent): { heldBack: boolean; wakeAtMs: number | null } {
  const { held_back, wake_at_ms } = fields(line)
  return {
    heldBack: held_back === true,
    wakeAtMs: typeof wake_at_ms === 'number' ? wake_at_ms : null,
  }
}

/**
 * The event that a line is about, as the task's machine took it.
 *
 * @param row The task as it stands now: what ended it is there.
 * @returns Null when the line is about no event of a task's machine.
 */
export function taskEventOf(line: HistoryEvent, row: Task): TaskEvent | null {
  const { atMs: nowMs } = line
  const data = fields(line)
  switch (line.type) {
    case 'task.placed': {
      const place = row.place ?? 0
      const response = data.response === 'postponed' ? 'postponed' : 'accepted'
      return { type: line.type, place, response, reasons: [], blockers: 0 }
    }
    case 'task.woken':
    case 'task.suspend':
    case 'task.resume':
    case 'task.timed_out':
      return { type: line.type }
    case 'task.start':
      return { type: line.type, nowMs, worker: text(data.worker) }
    case 'task.succeeded':
      return { type: line.type, nowMs, result: row.result, location: row.location }
    case 'task.failed': {
      const retryAtMs = typeof data.retry_at_ms === 'number' ? data.retry_at_ms : null
      return { type: line.type, nowMs, failure: failureOf(line, row), retryAtMs }
    }
    case 'task.interrupted': {
      const [crashed, rerun] = [data.crashed === true, data.rerun === true]
      return { type: line.type, nowMs, crashed, rerun, failure: failureOf(line, row) }
    }
    case 'task.unresponsive':
      return { type: line.type, failure: failureOf(line, row) }
    case 'task.rejected':
      return { type: line.type, nowMs, failure: failureOf(line, row) }
    case 'task.cancel':
    case 'task.stopped':
      return { type: line.type, nowMs }
    case 'task.skip':
      return { type: line.type, nowMs, failures: row.dependencyFailures }
    default:
      return null
  }
}

/** The failure that a line tells: whole in the row when it ended the task, otherwise in the line itself. */
function failureOf(line: HistoryEvent, row: Task): Failure {
  if (isFinal(line.value as TaskValue) && row.failure !== null) return row.failure
  const { error, exception, traceback, status } = fields(line)
  const { code, description, data, sub_errors } = object(error)
  return {
    error: {
      code: text(code),
      description: text(description),
      data: data ?? null,
      sub_errors: Array.isArray(sub_errors) ? sub_errors : [],
    },
    exception: typeof exception === 'string' ? exception : null,
    traceback: typeof traceback === 'string' ? traceback : null,
    status: typeof status === 'number' ? status : null,
  }
}

function fields({ data }: HistoryEvent): JsonObject {
  return object(data)
}

function object(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}
