// What an inspector outside the process may see: how tasks and groups stand, and not what they carry,
// unless the operator says so.
import type { Group, HistoryEvent, Json, JsonObject, Task } from '../../machines/index.ts'

/** Characters that one field has at most; a longer one is replaced by its length. */
const FIELD_MAX = 4_096
/** Names of fields whose values nobody is shown. */
const SECRET =
  /pass(word|phrase|wd)?$|secret|token|api.?key|private.?key|authorization|cookie|credential/i

/** What a line says that is no content of a call. */
const PLAIN = new Set([
  'worker',
  'response',
  'held_back',
  'wake_at_ms',
  'retry_at_ms',
  'crashed',
  'rerun',
])

/**
 * A task's context for inspectors.
 *
 * @param withContents Whether arguments, progress, result and error go with it.
 */
export function shownTask(task: Task, withContents: boolean): JsonObject {
  const { call, tags, priority, attempt, response, reasons, blockers, cancellable, worker } = task
  return {
    call,
    tags,
    priority,
    attempt,
    response,
    reasons: reasons.map(use => ({ ...use })),
    blockers,
    cancellable,
    worker,
    wakeAtMs: task.wakeAtMs,
    submitMs: task.submitMs,
    startMs: task.startMs,
    finishMs: task.finishMs,
    error: task.failure?.error.code ?? null,
    ...(withContents && {
      args: fitting(task.args),
      progress: fitting(task.progress),
      result: fitting(task.result),
      error: fitting(task.failure && { ...task.failure.error }),
    }),
  }
}

/** A group's context for inspectors. */
export function shownGroup({ tags, onFailure, counts, canceled, ...times }: Group): JsonObject {
  const { submitMs, finishMs } = times
  return { tags, onFailure, counts, canceled, submitMs, finishMs }
}

/** What an event carries beside its type. */
export function shownData({ taskId, data }: HistoryEvent, withContents: boolean): JsonObject {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return {}
  // Numbers of tasks: no call has a say in them.
  if (taskId === null) return data
  if (withContents) {
    return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, fitting(value)]))
  }
  const plain = Object.entries(data).filter(([name]) => PLAIN.has(name))
  const { error } = data
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null
  return { ...Object.fromEntries(plain), ...(error !== undefined && { error: code ?? null }) }
}

/** A field without secrets, or how long it is. */
export function fitting(value: Json): Json {
  const shown = withoutSecrets(value)
  const { length } = JSON.stringify(shown)
  return length <= FIELD_MAX ? shown : `… (${length} characters)`
}

function withoutSecrets(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(withoutSecrets)
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      SECRET.test(name) ? '(not shown)' : withoutSecrets(each),
    ]),
  )
}
