// The story of a task: how one starts, and all that can happen to it. A path is about one task, alone in
// its group. It creates repo:1, so that those ahead of it there decide whether it waits or is refused.
import type { FinalState, Task, TaskEvent } from '../../machines/task.machine.ts'
import { AT_MS, reads, task, updates } from '../support/builders.ts'
import type { Start, Story } from './paths.ts'
import { isRunning, whileItRuns } from './task-running.ts'
import type { TaskScene } from './task-scene.ts'
import { isDependent, isPending, whileItWaits } from './task-waiting.ts'
import { DELAY_MS } from './world.ts'

/** A path's task; its call and its dependencies are those of the snapshot. */
export interface TaskStart extends Start<Task> {
  /** What waiting tasks ahead of it do to repo:1. */
  ahead?: ('read' | 'update')[]
  /** Which starts later, if any. */
  later?: 'itself' | 'dependencies'
}

const submitted = (fields: Partial<Task>): Task => task({ call: 'resilient', ...fields })
const on = (...states: FinalState[]) => ({ taskId: 'dependency', states })
const heldBack = { place: null, response: 'postponed' } as const

const situations: TaskStart[] = [
  { name: 'ready', snapshot: submitted({}) },
  { name: 'ready, of a fragile call', snapshot: submitted({ call: 'fragile' }) },
  {
    name: 'behind two others',
    until: isRunning,
    ahead: ['read', 'update'],
    snapshot: submitted({
      response: 'postponed',
      reasons: [reads('repo:1'), updates('repo:1')],
      blockers: 1,
    }),
  },
  {
    name: 'dependent',
    until: isRunning,
    snapshot: submitted({ dependencies: [on('finished')], blockers: 1 }),
  },
  {
    name: 'starting later',
    until: isRunning,
    later: 'itself',
    snapshot: submitted({ ...heldBack, unplaced: 1, wakeAtMs: AT_MS + DELAY_MS }),
  },
  {
    name: 'dependent on two that start later',
    until: isRunning,
    later: 'dependencies',
    snapshot: submitted({
      ...heldBack,
      dependencies: [on('finished'), on('finished')],
      blockers: 2,
      unplaced: 2,
    }),
  },
  {
    name: 'dependent on one that starts later and may be cancelled',
    until: isRunning,
    later: 'dependencies',
    snapshot: submitted({
      ...heldBack,
      dependencies: [on('finished', 'canceled')],
      blockers: 1,
      unplaced: 1,
    }),
  },
]

/** Its place, or its reservation, comes in the same transaction. */
function goesOn(each: Task): boolean {
  if (!isPending(each)) return false
  const { place, unplaced, blockers, wakeAtMs, response } = each
  if (place !== null) return !isDependent(each) && response === 'accepted' && blockers > 0
  return unplaced === 0 || unplaced > blockers + (wakeAtMs === null ? 0 : 1)
}

export const taskStory: Story<Task, TaskEvent, TaskStart, TaskScene> = {
  situations,
  happenings: [...whileItWaits, ...whileItRuns],
  goesOn,
}
