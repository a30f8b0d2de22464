// What a person may do, and the sentence that asks first.
import { announce } from './announce.ts'
import { count, counted } from './clock.ts'
import type { GroupRow, TaskValue } from './data.ts'
import { AnswerError, act } from './http.ts'
import { ask } from './parts/dialog.tsx'
import { unfinishedCount } from './states.ts'

const short = (id: string) => `…${id.slice(-8)}`

export function cancelGroup(group: GroupRow): void {
  const { waiting, suspended, running } = group.state_summary
  const held = waiting + suspended
  ask({
    title: 'Cancel this group?',
    text: [
      held > 0
        ? `${counted(held, 'task')} that ${held === 1 ? 'waits' : 'wait'} will never start.`
        : '',
      running > 0
        ? `${counted(running, 'running task')} will be asked to stop, and ${running === 1 ? 'keeps' : 'keep'} what is reserved until then.`
        : '',
      'What has ended stays as it is. This cannot be undone.',
    ]
      .filter(Boolean)
      .join(' '),
    confirm: `Cancel ${counted(unfinishedCount(group.state_summary), 'task')}`,
    refuse: 'Keep it',
    danger: true,
    run: async () => {
      await act('DELETE', `task_groups/${group.group_id}/`)
      announce(`Cancellation of group ${short(group.group_id)} was accepted.`)
    },
  })
}

const CHANGES = {
  suspend: {
    title: 'Suspend this group?',
    text: 'No task of it starts until it is resumed; what runs goes on to its end. Waiting tasks keep their places in line, so that others may wait behind them.',
    confirm: 'Suspend group',
    done: 'suspended',
  },
  resume: {
    title: 'Resume this group?',
    text: 'Its tasks start again as soon as nothing is in their way.',
    confirm: 'Resume group',
    done: 'resumed',
  },
  close: {
    title: 'Close this group?',
    text: 'No calls can be added to it any more. It settles when its last task has ended. This cannot be undone.',
    confirm: 'Close group',
    done: 'closed',
  },
} as const

export function changeGroup(groupId: string, change: keyof typeof CHANGES): void {
  const { title, text, confirm, done } = CHANGES[change]
  ask({
    title,
    text,
    confirm,
    refuse: 'Leave as it is',
    run: async () => {
      await act('POST', `task_groups/${groupId}/actions/${change}/`)
      announce(`Group ${short(groupId)} is ${done}.`)
    },
  })
}

export function cancelTask(task: { task_id: string; call: string; value: TaskValue }): void {
  const isRunning = task.value.startsWith('running')
  ask({
    title: `Cancel ${task.call}?`,
    text: isRunning
      ? 'It is asked to stop, and keeps its reservations until it has. Its unfinished children are cancelled too. This cannot be undone.'
      : 'It will never start; tasks that need it to finish are skipped. This cannot be undone.',
    confirm: 'Cancel task',
    refuse: 'Keep it',
    danger: true,
    run: async () => {
      await act('DELETE', `tasks/${task.task_id}/`)
      announce(`Cancellation of ${task.call} ${short(task.task_id)} was accepted.`)
    },
  })
}

/** Cancellations that are under way at once. */
const LANES = 8

/**
 * Cancels many tasks, one request each.
 *
 * @param ids Read when the person has confirmed; a list of thousands takes a while to be read.
 */
export function cancelTasks(
  total: number,
  ids: (signal: AbortSignal, progress: (text: string) => void) => Promise<readonly string[]>,
  onDone: () => void,
): void {
  ask({
    title: `Cancel ${counted(total, 'task')}?`,
    text: 'Waiting ones will never start, running ones are asked to stop, and those that have ended stay as they are. This cannot be undone.',
    confirm: `Cancel ${counted(total, 'task')}`,
    refuse: 'Keep them',
    danger: true,
    run: async (progress, signal) => {
      const chosen = await ids(signal, progress)
      let sent = 0
      let refused = 0
      const waiting = chosen.values()
      const lane = async () => {
        for (const id of waiting) {
          if (signal.aborted) return
          try {
            await act('DELETE', `tasks/${id}/`)
          } catch (error) {
            // It runs and cannot be cancelled, or its report was deleted: the others still can be.
            if (!(error instanceof AnswerError) || ![404, 501].includes(error.status)) throw error
            refused += 1
          }
          sent += 1
          if (sent % 20 === 0) progress(`${count(sent)} of ${count(chosen.length)}…`)
        }
      }
      await Promise.all(Array.from({ length: LANES }, lane))
      const accepted = sent - refused
      announce(
        refused === 0
          ? `Cancellation of ${counted(accepted, 'task')} was accepted.`
          : `Cancellation of ${counted(accepted, 'task')} was accepted; ${counted(refused, 'task')} cannot be cancelled.`,
        refused === 0 ? 'good' : 'bad',
      )
      onDone()
    },
  })
}
