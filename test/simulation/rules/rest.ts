// What must hold whenever a process has come to rest: nothing is left to do, and readers see the disk.
import { isSuspended, type Task } from '../../../machines/index.ts'
import type { Live } from '../handlers.ts'
import type { Ledger } from '../ledger.ts'
import { hindrance, holdsBack } from '../standing.ts'
import { first } from './commits.ts'

/** A world at rest, in a process that nothing keeps from its work. */
export interface Rest {
  ledger: Ledger
  live: ReadonlyMap<string, Live>
  concurrency: number
  nowMs: number
  /** What the clock really went on, jumps left out, in ms. */
  elapsedMs: number
  /** How much of that since the wall clock was set, in ms. */
  sinceSetMs: number
  /** When a task was first found to be due, by `elapsedMs`, in this process. */
  dueSince: Map<string, number>
}

export interface RestRule {
  rule: string
  broken: (rest: Rest) => string | null
}

/** How late a wall clock that was set forward is noticed, in ms. */
const NOTICED_AFTER_MS = 30_000

const isRunning = ({ value }: Task) => value.startsWith('running')

export const restRules: RestRule[] = [
  {
    rule: 'A task is running when its handler runs, and only then',
    broken: ({ ledger, live }) => {
      for (const { taskId, attempt } of live.values()) {
        const task = ledger.tasks.get(taskId)
        if (task === undefined || !isRunning(task) || task.attempt !== attempt)
          return `attempt ${attempt} of ${taskId} runs, and its row is ${task?.value ?? 'gone'}`
      }
      return first(ledger.unfinished.values(), task =>
        isRunning(task) && live.get(task.taskId)?.attempt !== task.attempt
          ? `${task.taskId} is ${task.value} in attempt ${task.attempt}, and no handler runs`
          : null,
      )
    },
  },
  {
    rule: 'A handler is asked to stop when its task is cancelling, and only then',
    broken: ({ ledger, live }) =>
      first(live.values(), ({ taskId, askedBy }) => {
        const value = ledger.tasks.get(taskId)?.value
        if ((value === 'running.cancelling') === (askedBy !== null)) return null
        return `${taskId} is ${value}, and its handler was asked by ${askedBy ?? 'nobody'}`
      }),
  },
  {
    rule: 'Nobody who could start waits while a slot is free',
    broken: ({ ledger, live, concurrency }) => {
      if (live.size >= concurrency) return null
      return first(ledger.unfinished.values(), task =>
        hindrance(ledger, task) === null
          ? `${task.taskId} waits, and ${live.size} of ${concurrency} slots are taken`
          : null,
      )
    },
  },
  {
    rule: 'Only time and a dependency without a place keep a task from its place',
    broken: ({ ledger }) =>
      first(ledger.unfinished.values(), task =>
        task.place === null && holdsBack(ledger, task) === null ? task.taskId : null,
      ),
  },
  {
    rule: 'Whoever depends on a task that ended otherwise is skipped, or cancelled with its group',
    broken: ({ ledger }) =>
      first(ledger.unfinished.values(), task =>
        first(task.dependencies, ({ taskId, states }) => {
          const end = ledger.ends.get(taskId)
          return end === undefined || states.includes(end)
            ? null
            : `${task.taskId} is ${task.value}, and ${taskId} is ${end}`
        }),
      ),
  },
  {
    rule: 'What a group was told reaches each of its tasks',
    broken: ({ ledger }) =>
      first(ledger.unsettled.values(), group => {
        const wrong = group.canceled
          ? ['waiting', 'suspended']
          : isSuspended(group)
            ? ['waiting']
            : ['suspended']
        const task = ledger.membersOf(group.groupId).find(each => wrong.includes(each.value))
        return task === undefined
          ? null
          : `${group.groupId} is ${group.value}, and ${task.taskId} is ${task.value}`
      }),
  },
  {
    rule: 'A task whose time has come goes on',
    broken: ({ ledger, nowMs, elapsedMs, sinceSetMs, dueSince }) => {
      const allowedMs = sinceSetMs <= NOTICED_AFTER_MS ? NOTICED_AFTER_MS : 0
      for (const taskId of dueSince.keys()) {
        const wakeAtMs = ledger.unfinished.get(taskId)?.wakeAtMs ?? null
        if (wakeAtMs === null || wakeAtMs > nowMs) dueSince.delete(taskId)
      }
      return first(ledger.unfinished.values(), ({ taskId, wakeAtMs }) => {
        if (wakeAtMs === null || wakeAtMs > nowMs) return null
        const sinceMs = dueSince.get(taskId) ?? elapsedMs
        dueSince.set(taskId, sinceMs)
        const lateMs = elapsedMs - sinceMs
        return lateMs > allowedMs ? `${taskId} is due since ${lateMs} ms` : null
      })
    },
  },
]

/** What must hold at the very end, when all was let go on until nothing was left to do. */
export const endRules: RestRule[] = [
  {
    rule: 'Every task ends',
    broken: ({ ledger }) =>
      first(ledger.unfinished.values(), ({ taskId, value }) => `${taskId} is ${value}`),
  },
  {
    rule: 'Every closed group settles',
    broken: ({ ledger }) =>
      first(ledger.unsettled.values(), ({ groupId, value }) => `${groupId} is ${value}`),
  },
]
