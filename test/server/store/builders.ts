// Tasks, groups and reservations in a word each, for tests of stores.
import {
  type Change,
  type Firsts,
  type Group,
  type HistoryEvent,
  isFinal,
  type Need,
  NO_TASKS,
  type Operation,
  type Reservation,
  type Resource,
  type Slice,
  type Task,
  type TaskValue,
} from '../../../machines/index.ts'
import type { Store, TaskQuery } from '../../../server/store/store.ts'
import { group as anyGroup, task as anyTask } from '../../support/builders.ts'

/** A ready task `t<seq>` at the place of its seq; a final one has its end. */
export function task(seq: number, value: TaskValue = 'waiting', parts: Partial<Task> = {}): Task {
  const finishMs = isFinal(value) ? 2_000 * seq : null
  const named = { taskId: `t${seq}`, seq, place: seq, submitMs: 1_000 * seq, rev: seq }
  return anyTask({ ...named, call: 'copy', value, finishMs, ...parts })
}

/** A group `g<seq>`, closed, that counts what it is told. */
export function group(
  seq: number,
  counts: Partial<Group['counts']> = {},
  parts: Partial<Group> = {},
): Group {
  const named = { groupId: `g${seq}`, seq, submitMs: 1_000 * seq, rev: seq }
  return anyGroup({
    ...named,
    value: 'active.closed',
    counts: { ...NO_TASKS, ...counts },
    ...parts,
  })
}

export function resource(id: string): Resource {
  return { resource_type: 'repository', resource_id: id }
}

/** A reservation on the repository `r` by the task of that place. */
export function reservation(
  place: number,
  operation: Operation,
  granted = false,
  id = 'r',
): Reservation {
  return { ...resource(id), operation, place, taskId: `t${place}`, granted }
}

/** A slice's queues that somebody is in: a store may leave the others out. */
export function queuesInUse({ queues }: Slice): [string, Firsts][] {
  return [...queues].filter(([, firsts]) => Object.keys(firsts).length > 0)
}

export function event(eventId: number, parts: Partial<HistoryEvent> = {}): HistoryEvent {
  return {
    eventId,
    atMs: eventId,
    taskId: null,
    groupId: null,
    type: 'x',
    attempt: null,
    value: 'y',
    data: null,
    ...parts,
  }
}

export function puts(...rows: (Task | Group | Reservation)[]): Change[] {
  return rows.map(row => {
    if ('counts' in row) return { type: 'group.put', group: row }
    return 'operation' in row
      ? { type: 'reservation.put', reservation: row }
      : { type: 'task.put', task: row }
  })
}

export function edge(dependencyId: string, dependantId: string): Change {
  return { type: 'edge.put', dependencyId, dependantId, states: ['finished'] }
}

export async function commit(store: Store, ...changes: Change[]): Promise<void> {
  await store.transaction(async tx => tx.apply(changes))
}

export function load(store: Store, need: Need, nowMs = 0): Promise<Slice> {
  return store.transaction(async tx => tx.load(need, nowMs))
}

/** The ids of what a listing gives, in its order. */
export async function ids(store: Store, query: TaskQuery): Promise<string> {
  const found: string[] = []
  for await (const { taskId } of store.tasks(query)) found.push(taskId)
  return found.join(' ')
}
