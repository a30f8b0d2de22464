// Rows of unfinished tasks → the live index, when a store is opened.
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import type { Task } from '../../../machines/index.ts'
import type { Live } from '../live/live.ts'

/** Exported for the test that looks at their query plans. */
export const RESTORES = {
  unfinished: `SELECT seq, task_id, group_id, value, priority, place, tags, resources, dependencies, blockers,
    unplaced, wake_at_ms FROM tasks WHERE unfinished = 1 ORDER BY seq`,
  isUnfinished: 'SELECT 1 FROM tasks WHERE task_id = ? AND unfinished = 1',
}

/** Fills an empty index. Reservations are granted as the queues have them; each committed state is so. */
export function restore(live: Live, reader: DatabaseSync): void {
  const statement = reader.prepare(RESTORES.unfinished)
  statement.setReturnArrays(true)
  const waits: { dependencyId: string; seq: number; dependantId: string; states: never[] }[] = []
  for (const row of statement.iterate() as unknown as Iterable<SQLOutputValue[]>) {
    const [seq, taskId, groupId, value, priority, place, tags, resources, dependencies, ...rest] =
      row
    const [blockers, unplaced, wakeAtMs] = rest
    const known = {
      ...{ seq, taskId, groupId, value, priority, place, blockers, unplaced, wakeAtMs },
      tags: tags === '[]' ? [] : JSON.parse(tags as string),
      resources: resources === '[]' ? [] : JSON.parse(resources as string),
    }
    live.restore(known as unknown as Task)
    if (dependencies === '[]') continue
    for (const { task_id, states } of JSON.parse(dependencies as string)) {
      const [dependantId, at] = [taskId as string, seq as number]
      waits.push({ dependencyId: task_id, seq: at, dependantId, states })
    }
  }
  live.queues.settle()
  const isUnfinished = reader.prepare(RESTORES.isUnfinished)
  for (const { dependencyId, seq, dependantId, states } of waits) {
    if (isUnfinished.get(dependencyId) === undefined) continue
    live.edges.put(dependencyId, seq, { dependantId, states })
  }
}
