// What must hold of groups, of a submission and of the history whenever a commit is kept.
import {
  type Group,
  type HistoryEvent,
  isFinal,
  isOpen,
  NO_TASKS,
  type Task,
  unfinishedCount,
} from '../../../machines/index.ts'
import type { Ledger } from '../ledger.ts'
import { conflict } from '../standing.ts'

/** What one commit changed, after it was applied. */
export interface Changed {
  ledger: Ledger
  tasks: ReadonlySet<string>
  groups: ReadonlySet<string>
  events: readonly HistoryEvent[]
}

export interface CommitRule {
  rule: string
  broken: (changed: Changed) => string | null
}

export const commitRules: CommitRule[] = [
  {
    rule: 'A group counts its tasks',
    broken: ({ ledger, tasks, groups }) => {
      const concerned = new Set(groups)
      for (const taskId of tasks) {
        const groupId = ledger.tasks.get(taskId)?.groupId
        if (groupId != null) concerned.add(groupId)
      }
      return first(concerned, groupId => {
        const group = ledger.groups.get(groupId)
        if (group === undefined) return null
        const counted = JSON.stringify(group.counts)
        const there = JSON.stringify(ledger.counts.get(groupId) ?? NO_TASKS)
        return counted === there ? null : `${groupId} has ${counted}, and there are ${there}`
      })
    },
  },
  {
    rule: 'A group settles when it takes no more tasks and the last one has ended',
    broken: ({ ledger, groups }) =>
      first(groups, groupId => {
        const group = ledger.groups.get(groupId)
        if (group === undefined) return null
        const isOver = unfinishedCount(group) === 0 && !isOpen(group)
        return (group.value === 'settled') === isOver ? null : `${groupId} is ${group.value}`
      }),
  },
  {
    rule: 'Cancelling a task cancels its unfinished children',
    broken: ({ ledger, tasks }) =>
      first(tasks, taskId => {
        const task = ledger.tasks.get(taskId)
        if (task?.value !== 'canceled' && task?.stopCause !== 'cancel') return null
        return first(ledger.children.get(taskId) ?? [], childId => {
          const child = ledger.tasks.get(childId) as Task
          const goesOn = !isFinal(child.value) && child.stopCause !== 'cancel'
          return goesOn && child.cancellable ? `${childId} of ${taskId} is ${child.value}` : null
        })
      }),
  },
  {
    rule: 'No two tasks that conflict are running',
    broken: ({ ledger, tasks }) => {
      const running = [...ledger.unfinished.values()].filter(isRunning)
      return first(tasks, taskId => {
        const task = ledger.unfinished.get(taskId)
        if (task === undefined || !isRunning(task)) return null
        const other = running.find(each => each !== task && conflict(each, task))
        return other === undefined ? null : `${taskId} and ${other.taskId}`
      })
    },
  },
  {
    rule: 'The history tells what the rows say, and every end once',
    broken: ({ ledger, tasks, events }) => {
      const last = new Map<string, HistoryEvent>()
      for (const event of events) {
        if (event.taskId === null) continue
        if (!tasks.has(event.taskId)) return `${event.type} of ${event.taskId} left its row alone`
        const before = last.get(event.taskId)
        if (before !== undefined && isFinal(before.value as Task['value']))
          return `${event.taskId} went on after ${before.type}`
        last.set(event.taskId, event)
      }
      return first(last.values(), ({ taskId, value, type }) => {
        const row = ledger.tasks.get(taskId as string)
        if (row === undefined || row.value === value) return null
        return `${taskId} is ${row.value}, and its history ends with ${type} at ${value}`
      })
    },
  },
]

function isRunning(task: Task): boolean {
  return task.value.startsWith('running')
}

/** Whether a group's cancellation was taken back, or a settled group came to life. */
export function groupBroken(from: Group | undefined, to: Group): string | null {
  if (from === undefined) return null
  if (from.canceled && !to.canceled) return `${to.groupId} is not cancelled any more`
  return from.value === 'settled' && to.value !== 'settled' ? `${to.groupId} is ${to.value}` : null
}

export function first<T>(items: Iterable<T>, broken: (item: T) => string | null): string | null {
  for (const item of items) {
    const found = broken(item)
    if (found !== null) return found
  }
  return null
}
