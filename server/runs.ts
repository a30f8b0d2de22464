// The attempts that run in this process. They are in no Map that lasts: when one makes itself a new table, the old
// table goes on pointing to that, so that V8, once such a table is in its old generation, keeps whatever was in
// all later ones: of each of many short runs the collector copied 1.9 KB with a Map, and copies 1.1 without.
import type { Failure, Task } from '../machines/index.ts'
import type { Call } from './calls.ts'
import type { ProgressWriter } from './progress.ts'

export type StopCause = 'cancel' | 'timeout' | 'shutdown'

/** An attempt. */
export interface Run {
  task: Task
  call: Call
  controller: AbortController
  stopping: StopCause | null
  /** Null until it reports progress. */
  progress: ProgressWriter | null
  timers: (() => void)[]
  /** Why it is an error whatever its handler still does. */
  spoiled: Failure | null
  /** Whether the handler may still report: false once its promise has settled. */
  live: boolean
  /** Where it stands among those that run. */
  at: number
}

export class Runs {
  readonly #runs: Run[] = []
  /** By task: made when one is asked for, and void when they change. */
  #byTask: Map<string, Run> | null = null

  get size(): number {
    return this.#runs.length
  }

  add(run: Run): void {
    this.#byTask = null
    run.at = this.#runs.push(run) - 1
  }

  /** It must be one of them. */
  delete({ at }: Run): void {
    this.#byTask = null
    const last = this.#runs.pop()
    if (last === undefined || last.at === at) return
    last.at = at
    this.#runs[at] = last
  }

  /** That of a task. Few are ever asked for, but all of a group's at once when it is cancelled. */
  of(taskId: string): Run | undefined {
    this.#byTask ??= new Map(this.#runs.map(run => [run.task.taskId, run]))
    return this.#byTask.get(taskId)
  }

  /** Those that run at this moment, whatever becomes of them meanwhile. */
  all(): readonly Run[] {
    return [...this.#runs]
  }
}
