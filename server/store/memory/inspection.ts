// What the inspector reads of the memory store's rows.
import { type Group, resourceKey, type Task } from '../../../machines/index.ts'
import { type EventLine, type Inspection, type TaskWords, taskLine } from '../inspection.ts'
import { groupStateKey, operationKey, type Rows } from './rows.ts'
import type { SortedList } from './sorted.ts'

/** Looks at committed rows, when no transaction is under way. */
export type Look = <T>(at: (rows: Rows) => T) => Promise<T>

/** The inspector's reads of a memory store. */
export function memoryInspection(look: Look): Inspection {
  return {
    groupWords: ({ beforeSeq, unsettled, limit }) =>
      look(rows =>
        (unsettled ? rows.unsettledGroups : rows.groupsInOrder)
          .latestFirst(({ seq }) => seq < beforeSeq)
          .take(limit)
          .map(({ seq, groupId, value, tags }) => ({ seq, groupId, value, tags }))
          .toArray(),
      ),

    groups: seqs =>
      look(rows =>
        distinct(seqs)
          .sort((a, b) => b - a)
          .flatMap(seq => itemAt<Group>(rows.groupsInOrder, seq)),
      ),

    taskSeqs: ({ groupId, states, afterSeq, skip, limit }) =>
      look(rows => {
        if (states === null)
          return page(rows.byGroup.get(groupId), afterSeq, skip, limit).map(seqOf)
        return distinct(states)
          .flatMap(state =>
            page(rows.byGroupState.get(groupStateKey(groupId, state)), afterSeq, 0, skip + limit),
          )
          .map(seqOf)
          .sort((a, b) => a - b)
          .slice(skip, skip + limit)
      }),

    taskWords: ({ groupId, afterSeq, limit }) =>
      look(rows => page(rows.byGroup.get(groupId), afterSeq, 0, limit).map(wordsOf)),

    latestTasks: ({ states, beforeSeq, limit }) =>
      look(rows => {
        const lists =
          states === null ? [rows.inOrder] : distinct(states).map(state => rows.byState.get(state))
        return lists
          .flatMap(
            list =>
              list
                ?.latestFirst(({ seq }) => seq < beforeSeq)
                .take(limit)
                .toArray() ?? [],
          )
          .sort((a, b) => b.seq - a.seq)
          .slice(0, limit)
          .map(wordsOf)
      }),

    lines: seqs =>
      look(rows =>
        distinct(seqs)
          .sort((a, b) => a - b)
          .flatMap(seq => itemAt<Task>(rows.inOrder, seq))
          .map(taskLine),
      ),

    linesOf: taskIds =>
      look(rows =>
        distinct(taskIds)
          .flatMap(taskId => rows.tasks.get(taskId) ?? [])
          .sort((a, b) => a.seq - b.seq)
          .map(taskLine),
      ),

    needs: taskId =>
      look(rows => {
        const task = rows.tasks.get(taskId)
        if (task === undefined) return null
        return { resources: task.resources, dependencies: task.dependencies }
      }),

    dependants: (taskId, limit) =>
      look(rows =>
        some(rows.dependants.get(taskId), () => false, limit).map(({ dependantId }) => dependantId),
      ),

    queue: ({ resource, afterPlace, limit }) =>
      look(rows =>
        some(rows.queues.get(resourceKey(resource)), ({ place }) => place <= afterPlace, limit),
      ),

    reservation: (resource, place) =>
      look(rows => rows.reservationAt(resourceKey(resource), place) ?? null),

    ahead: ({ resource, operation, beforePlace, from, limit }) =>
      look(rows => {
        const queue = rows.queuesByOperation.get(operationKey(resourceKey(resource), operation))
        if (queue === undefined) return []
        const isAhead = ({ place }: { place: number }) => place < beforePlace
        return from === 'first'
          ? queue.from().take(limit).filter(isAhead).toArray()
          : queue.latestFirst(isAhead).take(limit).toArray()
      }),

    groupEvents: ({ groupId, afterEventId, limit }) =>
      look(rows =>
        some(rows.eventsByGroup.get(groupId), each => each.eventId <= afterEventId, limit).map(
          ({ eventId, atMs, taskId, type, value, attempt }): EventLine => [
            eventId,
            atMs,
            taskId,
            type,
            value,
            attempt,
          ],
        ),
      ),

    tally: ({ state, afterSeq, limit }) =>
      look(rows => {
        const found = page(rows.byState.get(state), afterSeq, 0, limit)
        return { count: found.length, lastSeq: found.at(-1)?.seq ?? null }
      }),

    tallyRunning: (afterSeq, limit) =>
      look(rows => {
        const running = page(rows.byState.get('running'), afterSeq, 0, limit)
        const workers = countBy(running, ({ worker }) => worker as string)
        const unresponsive = running.filter(
          ({ value, failure }) =>
            value === 'running.cancelling' && failure?.error.code === 'RCL0020',
        ).length
        return {
          workers: [...workers].map(([worker, count]) => ({ worker, count })),
          unresponsive,
          lastSeq: running.at(-1)?.seq ?? null,
        }
      }),

    firstQueued: (afterSeq, limit) =>
      look(rows => {
        const waiting = page(rows.byState.get('waiting'), afterSeq, 0, limit)
        const queued = waiting.filter(({ wakeAtMs, place }) => wakeAtMs === null && place !== null)
        return {
          submitMs: queued.length === 0 ? null : Math.min(...queued.map(each => each.submitMs)),
          lastSeq: waiting.at(-1)?.seq ?? null,
        }
      }),

    callsInUse: (afterSeq, limit) =>
      look(rows => {
        const found = page(rows.unfinished, afterSeq, 0, limit)
        const calls = countBy(found, ({ call }) => call)
        return {
          calls: [...calls]
            .map(([call, count]) => ({ call, count }))
            .sort((a, b) => (a.call < b.call ? -1 : 1)),
          lastSeq: found.at(-1)?.seq ?? null,
        }
      }),

    readyBefore: ({ priority, place }, limit) =>
      look(
        rows =>
          rows.ready
            .from()
            .take(limit)
            .filter(
              each =>
                each.priority > priority ||
                (each.priority === priority && (each.place ?? 0) < (place ?? 0)),
            )
            .toArray().length,
      ),
  }
}

/** The list's items behind a seq. */
function page(
  list: SortedList<Task> | undefined,
  afterSeq: number,
  skip: number,
  limit: number,
): Task[] {
  return list === undefined ? [] : list.slice(({ seq }) => seq <= afterSeq, skip, limit)
}

function some<T>(
  list: SortedList<T> | undefined,
  isBefore: (item: T) => boolean,
  limit: number,
): T[] {
  return list === undefined ? [] : list.slice(isBefore, 0, limit)
}

function itemAt<T extends { seq: number }>(list: SortedList<T>, seq: number): T[] {
  const [found] = list.slice(each => each.seq < seq, 0, 1)
  return found?.seq === seq ? [found] : []
}

function wordsOf({ seq, taskId, call, tags }: Task): TaskWords {
  return { seq, taskId, call, tags }
}

function seqOf({ seq }: { seq: number }): number {
  return seq
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)]
}

function countBy<T>(items: readonly T[], key: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1)
  return counts
}
