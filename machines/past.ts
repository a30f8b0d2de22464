// Tasks and groups at a past moment: what is known of them when only the history is left, how they began,
// and how they compare with the rows that came of them.
import type { HistoryEvent } from './effects.ts'
import { type Group, type GroupValue, NO_TASKS } from './group.machine.ts'
import { submittedAs } from './history.ts'
import type { Task, TaskEvent } from './task.machine.ts'
import { stepTask } from './work.ts'

/** What changes too often for the history: how it was at a past moment is not known. */
type Unknown = 'response' | 'reasons' | 'blockers' | 'unplaced' | 'progress' | 'rev'

/** A task at a past moment. */
export type PastTask = Omit<Task, Unknown>
/** A group at a past moment. */
export type PastGroup = Omit<Group, 'rev'>

/** A task as the line of its submission has it. */
export function submittedTask(row: Task, line: HistoryEvent): PastTask {
  const { heldBack, wakeAtMs } = submittedAs(line)
  return {
    ...known(row),
    value: 'waiting',
    place: heldBack ? null : row.place,
    dependencyFailures: {},
    wakeAtMs,
    attempt: 1,
    interruptions: 0,
    failedAttempts: 0,
    stopCause: null,
    result: null,
    location: null,
    failure: null,
    spawned: [],
    worker: null,
    startMs: null,
    finishMs: null,
  }
}

/** A group before its first task. That it was submitted closed is for the record to say. */
export function submittedGroup({ rev, ...row }: Group): PastGroup {
  return { ...row, value: 'active.open', counts: NO_TASKS, canceled: false, finishMs: null }
}

/**
 * Steps a task of which not everything is known. No guard asks for what is not.
 *
 * @returns Null when its state does not handle the event.
 */
export function stepPastTask(task: PastTask, event: TaskEvent): PastTask | null {
  const next = stepTask(task as Task, event)
  if (next === null) return null
  // Only these bring back what is not known.
  return event.type === 'task.start' || event.type === 'task.placed' ? known(next) : next
}

/** A group that is where the record has it, whatever its machine says. */
export function recordedGroup(group: PastGroup, { type, value, atMs }: HistoryEvent): PastGroup {
  const canceled = group.canceled || type === 'group.cancel' || value === 'cancelling'
  const finishMs = value === 'settled' ? atMs : group.finishMs
  return { ...group, value: value as GroupValue, canceled, finishMs }
}

/** The fields in which a past state and the row differ, each with a sentence that says how. */
export function unlikeRow<Past extends PastTask | PastGroup>(
  past: Past,
  row: Task | Group,
): Map<keyof Past, string> {
  const kept: Record<string, unknown> = comparable(row)
  const found = new Map<keyof Past, string>()
  for (const [name, value] of Object.entries(comparable(past))) {
    if (value === kept[name]) continue
    const [said, has] = [inOrder(value), inOrder(kept[name])]
    if (said !== has) {
      found.set(name as keyof Past, `${name} is ${said} by the history and ${has} in the row`)
    }
  }
  return found
}

function known({ response, reasons, blockers, unplaced, progress, rev, ...rest }: Task): PastTask {
  return rest
}

/** Of a failure, which the history may have shortened, the code. */
function comparable(state: PastTask | PastGroup): Record<string, unknown> {
  if (!('failure' in state)) return { ...state }
  return { ...state, failure: state.failure?.error.code ?? null }
}

/** JSON with the keys of objects in order: a store may keep them in another. */
function inOrder(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  )
}
