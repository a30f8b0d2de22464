// Rows of tasks that can be purged, oldest first. Those that are deleted stay for a while, and are not looked at
// again and again: it is remembered up to where there is nothing else.
import type { Task } from '../../../machines/index.ts'
import { TASK, type Values } from './rows.ts'
import type { Statements } from './statements.ts'

/** Exported for the test that looks at their query plans. */
export const PURGEABLE_LOADS = {
  purgeable: `SELECT ${TASK}, history FROM tasks
    WHERE unfinished = 0 AND state = ? AND seq > ? ORDER BY seq`,
}

export class Purgeable {
  readonly #statements: Statements
  /** By final state: rows up to this seq are of deleted tasks alone. */
  readonly #purgedTo = new Map<string, number>()

  constructor(statements: Statements) {
    this.#statements = statements
  }

  /**
   * Tasks in a final state, oldest first, so many at most; what is not in its row yet may be missing.
   *
   * @param taskOf The task of a row as it is by now; undefined: it is deleted.
   */
  rows(
    state: string,
    limit: number,
    taskOf: (taskId: string, row: Values) => Task | undefined,
  ): Task[] {
    const found: Task[] = []
    const after = this.#purgedTo.get(state) ?? 0
    const rows = this.#statements.ofLists(PURGEABLE_LOADS.purgeable).iterate(state, after)
    let isPurged = true
    for (const row of rows as unknown as Iterable<Values>) {
      const [seq, taskId] = row as [number, string]
      const task = taskOf(taskId, row)
      isPurged &&= task === undefined
      if (isPurged) this.#purgedTo.set(state, seq)
      if (task?.value === state) found.push(task)
      if (found.length >= limit) break
    }
    return found
  }

  /** Takes note that the row of a task tells how it ended. */
  written({ value, seq }: Pick<Task, 'value' | 'seq'>): void {
    const purgedTo = this.#purgedTo.get(value)
    if (purgedTo !== undefined && seq <= purgedTo) this.#purgedTo.set(value, seq - 1)
  }
}
