// What the inspector reads: from the live index what waits for what, and the rest by statements that each
// follow one index; the narrow ones never leave it.
import type { SQLInputValue } from 'node:sqlite'
import {
  type Group,
  type HistoryEvent,
  TASK_STATES,
  type TaskState,
} from '../../../machines/index.ts'
import type { EventLine, GroupWords, Inspection, TaskLine, TaskWords } from '../inspection.ts'
import type { Live } from '../live/live.ts'
import type { HistoryQuery } from '../store.ts'
import { merged, walks } from './listing.ts'
import { groupOf, json, type Row } from './rows.ts'

/** Reads committed rows. */
export type ReadRows = (
  sql: string,
  values: SQLInputValue[] | Record<string, SQLInputValue>,
) => Promise<Row[]>

const LINE = `seq, task_id, place, group_id, call, value, attempt, priority, submit_ms, start_ms, finish_ms,
  wake_at_ms, worker, progress, blockers, json_extract(error, '$.code') AS error_code`
const WORDS = 'seq, task_id, call, tags'
/** Exported for the test that looks at their query plans. */
export const INSPECTS = {
  groupWords: `SELECT seq, group_id, value, tags FROM task_groups
    WHERE seq < ? ORDER BY seq DESC LIMIT ?`,
  unsettledGroupWords: `SELECT seq, group_id, value, tags FROM task_groups
    WHERE settled = 0 AND seq < ? ORDER BY seq DESC LIMIT ?`,
  groups: `SELECT * FROM task_groups WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq DESC`,
  taskWords: `SELECT ${WORDS} FROM tasks WHERE seq IN (SELECT seq FROM
    (${merged(walks([...TASK_STATES], true), ' AND seq > :after')} ORDER BY seq LIMIT :limit)) ORDER BY seq`,
  latestTasks: `SELECT ${WORDS} FROM tasks WHERE seq < :before ORDER BY seq DESC LIMIT :limit`,
  lines: `SELECT ${LINE} FROM tasks WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq`,
  linesOf: `SELECT ${LINE} FROM tasks WHERE seq IN
    (SELECT seq FROM tasks WHERE task_id IN (SELECT value FROM json_each(?))) ORDER BY seq`,
  needs: 'SELECT resources, dependencies FROM tasks WHERE task_id = ?',
  tallyRunning: `SELECT seq, worker, value = 'running.cancelling' AND
      ifnull(json_extract(error, '$.code'), '') = 'RCL0020' AS unresponsive
    FROM tasks WHERE state = 'running' AND seq > ? ORDER BY seq LIMIT ?`,
  firstQueued: `SELECT min(submit_ms) FILTER (WHERE wake_at_ms IS NULL AND place IS NOT NULL) AS submit_ms,
      max(seq) AS last FROM
    (SELECT seq, submit_ms, wake_at_ms, place FROM tasks
      WHERE unfinished = 1 AND +state = 'waiting' AND seq > ? ORDER BY seq LIMIT ?)`,
  callsInUse: `SELECT call, count(*) AS count, max(seq) AS last FROM
    (SELECT seq, call FROM tasks WHERE unfinished = 1 AND seq > ? ORDER BY seq LIMIT ?)
    GROUP BY call ORDER BY call`,
}

/** Looks at the live index between two transactions, and tells what was seen when it is on disk. */
export type LookAtLive = <T>(look: (live: Live) => T) => Promise<T>

/** The inspector's reads of a database. */
export function sqliteInspection(
  rows: ReadRows,
  look: LookAtLive,
  history: (query: HistoryQuery) => Promise<HistoryEvent[]>,
): Inspection {
  const first = async (sql: string, values: Parameters<ReadRows>[1]): Promise<Row> =>
    (await rows(sql, values))[0] as Row
  const texts = async <T>(sql: string, values: Parameters<ReadRows>[1]): Promise<T[]> =>
    json((await first(sql, values)).lines)
  return {
    async groupWords({ beforeSeq, unsettled, limit }) {
      const sql = unsettled ? INSPECTS.unsettledGroupWords : INSPECTS.groupWords
      return (await rows(sql, [beforeSeq, limit])).map(
        row =>
          ({
            seq: row.seq,
            groupId: row.group_id,
            value: row.value,
            tags: json(row.tags),
          }) as GroupWords,
      )
    },

    async groups(seqs): Promise<Group[]> {
      return (await rows(INSPECTS.groups, [JSON.stringify(seqs)])).map(groupOf)
    },

    async taskSeqs({ groupId, states, afterSeq, skip, limit }) {
      const page = { group: groupId, after: afterSeq, skip, limit }
      return texts(taskSeqsInStates(states ?? TASK_STATES), page)
    },

    async taskWords({ groupId, afterSeq, limit }) {
      return (await rows(INSPECTS.taskWords, { group: groupId, after: afterSeq, limit })).map(
        wordsOf,
      )
    },

    async latestTasks({ states, beforeSeq, limit }) {
      const sql = states === null ? INSPECTS.latestTasks : latestTasksInStates(states)
      return (await rows(sql, { before: beforeSeq, limit })).map(wordsOf)
    },

    async lines(seqs) {
      return (await rows(INSPECTS.lines, [JSON.stringify(seqs)])).map(lineOf)
    },

    async linesOf(taskIds) {
      return (await rows(INSPECTS.linesOf, [JSON.stringify(taskIds)])).map(lineOf)
    },

    async needs(taskId) {
      const [row] = await rows(INSPECTS.needs, [taskId])
      if (row === undefined) return null
      const dependencies = json<{ task_id: string; states: never }[]>(row.dependencies)
      return {
        resources: json(row.resources),
        dependencies: dependencies.map(({ task_id, states }) => ({ taskId: task_id, states })),
      }
    },

    dependants(taskId, limit) {
      return look(({ edges }) =>
        (edges.get(taskId)?.after(-1, limit) ?? []).map(({ item }) => item.dependantId),
      )
    },

    queue({ resource, afterPlace, limit }) {
      return look(({ queues }) =>
        queues
          .behind(resource, {
            after: afterPlace,
            until: Number.POSITIVE_INFINITY,
            limit,
            sharing: false,
          })
          .flatMap(({ place }) => queues.at(resource, place) ?? []),
      )
    },

    reservation(resource, place) {
      return look(({ queues }) => queues.at(resource, place))
    },

    ahead({ resource, operation, ...which }) {
      return look(({ queues }) => queues.ahead(resource, operation, which))
    },

    async groupEvents({ groupId, afterEventId, limit }) {
      const found = await history({ groupId, afterEventId, limit })
      return found.map(({ eventId, atMs, taskId, type, value, attempt }): EventLine => {
        return [eventId, atMs, taskId, type, value, attempt]
      })
    },

    async tally({ state, afterSeq, limit }) {
      const { count, last } = await first(tallyOf(state), [afterSeq, limit])
      return { count: count as number, lastSeq: last as number | null }
    },

    async tallyRunning(afterSeq, limit) {
      const running = await rows(INSPECTS.tallyRunning, [afterSeq, limit])
      const workers = new Map<string, number>()
      for (const { worker } of running)
        workers.set(worker as string, (workers.get(worker as string) ?? 0) + 1)
      return {
        workers: [...workers].map(([worker, count]) => ({ worker, count })),
        unresponsive: running.filter(({ unresponsive }) => unresponsive === 1).length,
        lastSeq: (running.at(-1)?.seq as number | undefined) ?? null,
      }
    },

    async firstQueued(afterSeq, limit) {
      const { submit_ms, last } = await first(INSPECTS.firstQueued, [afterSeq, limit])
      return { submitMs: submit_ms as number | null, lastSeq: last as number | null }
    },

    async callsInUse(afterSeq, limit) {
      const found = await rows(INSPECTS.callsInUse, [afterSeq, limit])
      return {
        calls: found.map(({ call, count }) => ({ call: call as string, count: count as number })),
        lastSeq: found.length === 0 ? null : Math.max(...found.map(({ last }) => last as number)),
      }
    },

    readyBefore(task, limit) {
      return look(live => live.readyBefore(task, limit))
    },
  }
}

/** Seqs of a group's tasks in some states; no row of a task is read but of those that have not ended. */
export function taskSeqsInStates(states: readonly TaskState[]): string {
  const walked = merged(walks(states, true), ' AND seq > :after')
  return inOneText('seq', `${walked} ORDER BY seq LIMIT :limit OFFSET :skip`)
}

/** The latest tasks in some states. */
export function latestTasksInStates(states: readonly TaskState[]): string {
  const walked = merged(walks(states, false), ' AND seq < :before')
  return `SELECT ${WORDS} FROM tasks
    WHERE seq IN (SELECT seq FROM (${walked} ORDER BY seq DESC LIMIT :limit)) ORDER BY seq DESC`
}

/** How many of the next tasks are in a state. */
export function tallyOf(state: TaskState): string {
  const walked = merged(walks([state], false), ' AND seq > ?')
  return `SELECT count(*) AS count, max(seq) AS last FROM (${walked} ORDER BY seq LIMIT ?)`
}

/** Many small lines as one text: a row each would cost several times as much. */
function inOneText(line: string, select: string): string {
  return `SELECT json_group_array(${line}) AS lines FROM (${select})`
}

function wordsOf(row: Row): TaskWords {
  return {
    seq: row.seq as number,
    taskId: row.task_id as string,
    call: row.call as string,
    tags: json(row.tags),
  }
}

function lineOf(row: Row): TaskLine {
  const read = {
    taskId: row.task_id,
    seq: row.seq,
    place: row.place,
    groupId: row.group_id,
    call: row.call,
    value: row.value,
    attempt: row.attempt,
    priority: row.priority,
    submitMs: row.submit_ms,
    startMs: row.start_ms,
    finishMs: row.finish_ms,
    wakeAtMs: row.wake_at_ms,
    worker: row.worker,
    progress: json(row.progress),
    blockers: row.blockers,
    errorCode: row.error_code,
  } satisfies Record<keyof TaskLine, unknown>
  return read as unknown as TaskLine
}
