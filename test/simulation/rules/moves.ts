// What must hold of a task's row whenever a decision that was committed puts it.
import {
  type FinalState,
  isFinal,
  type JsonObject,
  type Task,
  type TaskValue,
} from '../../../machines/index.ts'
import { type CallName, type Ending, POLICIES, type Policy } from '../history.ts'
import type { Ledger } from '../ledger.ts'

/** A row before and after a decision. */
export interface Move {
  /** Null: no store has seen the task. */
  from: Task | null
  to: Task
}

/** What there is when the decision is applied: all that was on disk before it. */
export interface Scene {
  ledger: Ledger
  /** Whether the decision at hand created the group. */
  isNewGroup: (groupId: string) => boolean
  /** Whether the handler of that attempt still runs. */
  runs: (taskId: string, attempt: number) => boolean
  /** How the handler of that attempt ended in the process that runs; null when it has not. */
  outcome: (taskId: string, attempt: number) => Outcome | null
  /** How many attempts of a task were running when their process ended. */
  deaths: (taskId: string) => number
}

export interface Outcome {
  attempt: number
  how: Ending | 'stops'
  /** The last that it gave. */
  progress: JsonObject
  /** Whether it gave a progress that JSON cannot carry. */
  spoiled: boolean
}

export interface MoveRule {
  rule: string
  /** What is wrong; null when the rule holds. */
  broken: (move: Move, scene: Scene) => string | null
}

const isRunning = (value: TaskValue) => value.startsWith('running')

/** The states that a row may be put in by one decision, by the one it was in. */
const NEXT: Record<Exclude<TaskValue, FinalState>, readonly TaskValue[]> = {
  waiting: ['waiting', 'suspended', 'running.executing', 'canceled', 'skipped', 'error'],
  suspended: ['suspended', 'waiting', 'canceled', 'skipped', 'error'],
  'running.executing': [
    'running.executing',
    'running.cancelling',
    'finished',
    'error',
    'waiting',
    'suspended',
  ],
  'running.cancelling': ['running.cancelling', 'canceled', 'error', 'waiting', 'suspended'],
}

/** The failures of an attempt that the handler itself, or its time, brought about. */
const OWN_FAILURES = ['RCL0015', 'RCL0016', 'RCL0017']

/** Interruptions by the death of the process after which a task is run again (CONTRACT §5). */
const RERUNS = 5

export const moveRules: MoveRule[] = [
  {
    rule: 'A final state never changes',
    broken: ({ from, to }) =>
      from !== null && isFinal(from.value) && JSON.stringify(from) !== JSON.stringify(to)
        ? `${from.value} became ${to.value}`
        : null,
  },
  {
    rule: 'A task moves as its states allow',
    broken: ({ from, to }) => {
      const allowed =
        from === null
          ? ['waiting', 'suspended']
          : isFinal(from.value)
            ? [from.value]
            : NEXT[from.value as keyof typeof NEXT]
      return allowed.includes(to.value) ? null : `${from?.value ?? 'nothing'} became ${to.value}`
    },
  },
  {
    rule: 'The number of a change rises, and what was submitted stays',
    broken: ({ from, to }) => {
      if (from === null || isFinal(from.value)) return null
      if (to.rev <= from.rev) return `change ${to.rev} came after ${from.rev}`
      return submitted(from) === submitted(to) ? null : 'what was submitted changed'
    },
  },
  {
    rule: 'An attempt is counted when it is over, and once',
    broken: ({ from, to }) => {
      const isOver = from !== null && isRunning(from.value) && !isRunning(to.value)
      const before = from?.attempt ?? 1
      const expected = isOver && !isFinal(to.value) ? before + 1 : before
      return to.attempt === expected ? null : `attempt ${to.attempt}, not ${expected}`
    },
  },
  {
    rule: 'A task keeps its state until its handler has really stopped',
    broken: ({ from, to }, { runs }) =>
      from !== null &&
      isRunning(from.value) &&
      !isRunning(to.value) &&
      runs(from.taskId, from.attempt)
        ? `attempt ${from.attempt} is ${to.value} and still runs`
        : null,
  },
  {
    rule: 'A running task whose cancellation was accepted ends as canceled',
    broken: ({ from, to }) =>
      from?.stopCause === 'cancel' &&
      to.value !== 'canceled' &&
      !(to.value === 'running.cancelling' && to.stopCause === 'cancel')
        ? `it is ${to.value}`
        : null,
  },
  {
    rule: 'A finished task has the result that its handler returned',
    broken: ({ from, to }, { outcome }) => {
      if (to.value !== 'finished' || from?.value === 'finished') return null
      const ended = outcome(to.taskId, to.attempt)
      if (ended?.how !== 'returns') return `its handler ${ended?.how ?? 'did not end'}`
      const result = JSON.stringify(to.result)
      return result === JSON.stringify({ attempt: to.attempt }) ? null : `the result is ${result}`
    },
  },
  {
    rule: 'The last progress of an attempt is kept',
    broken: ({ from, to }, { outcome }) => {
      if (from === null || !isRunning(from.value) || isRunning(to.value)) return null
      const given = outcome(from.taskId, from.attempt)
      if (given === null) return null
      const [kept, last] = [JSON.stringify(to.progress), JSON.stringify(given.progress)]
      return kept === last ? null : `${kept} is kept, and ${last} came last`
    },
  },
  {
    rule: 'A task is tried again as often as its call says, and then ends in error',
    broken: ({ from, to }) => {
      if (from === null || !isRunning(from.value) || isRunning(to.value)) return null
      const limit = policyOf(to).retry?.limit ?? 0
      const { failedAttempts } = to
      if (to.value === 'error' && OWN_FAILURES.includes(codeOf(to)))
        return failedAttempts === limit ? null : `${failedAttempts} of ${limit} retries were used`
      const more = failedAttempts - from.failedAttempts
      if (more < 0 || more > 1 || failedAttempts > limit) return `${failedAttempts} failures`
      return null
    },
  },
  {
    rule: 'A task whose process died is run again at most five times, and as its call says',
    broken: ({ from, to }, { deaths }) => {
      if (from === null || !isRunning(from.value) || isRunning(to.value)) return null
      if (isFinal(to.value)) return null
      const isInterrupted = to.failedAttempts === from.failedAttempts
      if (isInterrupted && policyOf(to).onInterrupted === 'fail') return 'its call says fail'
      const died = deaths(to.taskId)
      const counted = to.interruptions === died && died <= RERUNS
      return counted ? null : `${to.interruptions} deaths are counted, and there were ${died}`
    },
  },
  {
    rule: 'An error names what went wrong',
    broken: ({ from, to }, { outcome, deaths }) => {
      if (to.value !== 'error' || from?.value === 'error') return null
      const ended = outcome(to.taskId, to.attempt)
      const policy = policyOf(to)
      const code = codeOf(to)
      const holds = {
        RCL0009: from !== null && !isRunning(from.value) && from.place === null,
        RCL0015: ended?.how === 'throws',
        RCL0016: ended?.how === 'garbage' || ended?.spoiled === true,
        RCL0017: policy.timeoutMs !== null,
        RCL0018: policy.onInterrupted === 'fail' || deaths(to.taskId) > RERUNS,
      }[code]
      return holds === true ? null : `${code}, and its handler ${ended?.how ?? 'did not end'}`
    },
  },
  {
    rule: 'Skipped means that a dependency ended in a state that was not asked for',
    broken: ({ from, to }, { ledger }) => {
      if (from !== null && isFinal(from.value)) return null
      const failures = Object.entries(to.dependencyFailures)
      if (to.value !== 'skipped') return failures.length === 0 ? null : `it is ${to.value}`
      if (failures.length === 0) return 'no dependency is named'
      for (const [taskId, { expected, actual }] of failures) {
        const asked = to.dependencies.find(each => each.taskId === taskId)?.states
        if (JSON.stringify(asked) !== JSON.stringify(expected)) return `${taskId} was not asked so`
        if (expected.includes(actual)) return `${taskId} ended as asked`
        if (ledger.ends.get(taskId) !== actual) return `${taskId} is ${ledger.ends.get(taskId)}`
      }
      return null
    },
  },
]

function submitted({
  seq,
  groupId,
  parentId,
  call,
  args,
  resources,
  dependencies,
  priority,
}: Task) {
  return JSON.stringify([seq, groupId, parentId, call, args, resources, dependencies, priority])
}

function policyOf({ call }: Task): Policy {
  return POLICIES[call as CallName]
}

function codeOf(task: Task): string {
  return task.failure?.error.code ?? 'no code'
}
