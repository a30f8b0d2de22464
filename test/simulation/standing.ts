// Who stands in whose way, from the contract's text alone: every unfinished task is looked at.
import { isFinal, type Task } from '../../machines/index.ts'
import { verdict } from '../model/rules.ts'
import type { Ledger } from './ledger.ts'

/** The word of an earlier task to a later one, over all their uses: the worst of A, P and X. */
function wordOf(earlier: Task, later: Task): 'A' | 'P' | 'X' {
  let worst: 'A' | 'P' | 'X' = 'A'
  for (const theirs of earlier.resources) {
    for (const own of later.resources) {
      const said = verdict(theirs, own)
      if (said === 'X') return 'X'
      if (said === 'P') worst = 'P'
    }
  }
  return worst
}

/** Whether two tasks may run at the same time. */
export function conflict(one: Task, other: Task): boolean {
  const [earlier, later] = placeOf(one) < placeOf(other) ? [one, other] : [other, one]
  return wordOf(earlier, later) !== 'A'
}

/** The unfinished tasks with earlier places that say `said` to a task. */
export function standBefore(ledger: Ledger, task: Task, said: 'P' | 'X'): Task[] {
  if (task.resources.length === 0) return []
  const place = placeOf(task)
  return [...ledger.unfinished.values()].filter(
    each => each.taskId !== task.taskId && placeOf(each) < place && wordOf(each, task) === said,
  )
}

/** Why a task may not be started yet; null when nothing but a free slot is missing. */
export function hindrance(ledger: Ledger, task: Task): string | null {
  if (task.value !== 'waiting') return `is ${task.value}`
  if (task.place === null) return 'has no place'
  if (task.wakeAtMs !== null) return 'waits for its time'
  for (const { taskId, states } of task.dependencies) {
    const end = ledger.ends.get(taskId)
    if (end === undefined) return `waits for the end of ${taskId}`
    if (!states.includes(end)) return `depends on ${taskId}, which is ${end}`
  }
  const ahead = [...standBefore(ledger, task, 'P'), ...standBefore(ledger, task, 'X')]
  return ahead[0] === undefined ? null : `stands behind ${ahead[0].taskId}`
}

/** What keeps a task that has no place from taking it. */
export function holdsBack(ledger: Ledger, task: Task): string | null {
  if (task.wakeAtMs !== null) return 'its own time'
  for (const { taskId } of task.dependencies) {
    const dependency = ledger.tasks.get(taskId)
    if (dependency !== undefined && !isFinal(dependency.value) && dependency.place === null)
      return `${taskId}, which has none`
  }
  return null
}

/** Whether one task is started before another when both could be. */
export function outranks(one: Task, other: Task): boolean {
  if (one.priority !== other.priority) return one.priority > other.priority
  return placeOf(one) < placeOf(other)
}

function placeOf({ place }: Task): number {
  return place ?? Number.POSITIVE_INFINITY
}
