// What the inspector reads, by statements that each follow one index; the narrow ones never leave it.
import type { SQLInputValue } from 'node:sqlite'
import type { Group, Reservation, TaskState } from '../../../machines/index.ts'
import type { GroupWords, Inspection, TaskLine, TaskWords } from '../inspection.ts'
import { groupOf, json, type Row } from './rows.ts'

/** Reads committed rows. */
export type ReadRows = (
  sql: string,
  values: SQLInputValue[] | Record<string, SQLInputValue>,
) => Row[]

const LINE = `seq, task_id, place, group_id, call, value, attempt, priority, submit_ms, start_ms, finish_ms,
  wake_at_ms, worker, progress, blockers, json_extract(error, '$.code') AS error_code`
const WORDS = 'seq, task_id, call, tags'
const RESERVATION = 'resource_type, resource_id, operation, place, task_id, granted'
const AHEAD = `SELECT ${RESERVATION} FROM reservations INDEXED BY reservations_first
  WHERE resource_type = ? AND resource_id = ? AND operation = ? AND place < ? ORDER BY place`

/** Exported for the test that looks at their query plans. */
export const INSPECTS = {
  groupWords: `SELECT seq, group_id, value, tags FROM task_groups
    WHERE seq < ? ORDER BY seq DESC LIMIT ?`,
  unsettledGroupWords: `SELECT seq, group_id, value, tags FROM task_groups
    WHERE settled = 0 AND seq < ? ORDER BY seq DESC LIMIT ?`,
  groups: `SELECT * FROM task_groups WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq DESC`,
  taskSeqs: inOneText(
    'seq',
    `SELECT seq FROM tasks WHERE group_id = :group AND seq > :after
      ORDER BY seq LIMIT :limit OFFSET :skip`,
  ),
  taskWords: `SELECT ${WORDS} FROM tasks
    WHERE group_id = ? AND seq > ? ORDER BY seq LIMIT ?`,
  latestTasks: `SELECT ${WORDS} FROM tasks WHERE seq < :before ORDER BY seq DESC LIMIT :limit`,
  lines: `SELECT ${LINE} FROM tasks WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq`,
  linesOf: `SELECT ${LINE} FROM tasks WHERE seq IN
    (SELECT seq FROM tasks WHERE task_id IN (SELECT value FROM json_each(?))) ORDER BY seq`,
  needs: 'SELECT resources, dependencies FROM tasks WHERE task_id = ?',
  dependants: `SELECT dependant_id FROM task_dependencies
    WHERE dependency_id = ? ORDER BY dependant_seq LIMIT ?`,
  queue: `SELECT ${RESERVATION} FROM reservations
    WHERE resource_type = ? AND resource_id = ? AND place > ? ORDER BY place LIMIT ?`,
  reservation: `SELECT ${RESERVATION} FROM reservations
    WHERE resource_type = ? AND resource_id = ? AND place = ?`,
  firstAhead: `${AHEAD} LIMIT ?`,
  lastAhead: `${AHEAD} DESC LIMIT ?`,
  groupEvents: inOneText(
    'json_array(event_id, at_ms, task_id, type, value, attempt)',
    `SELECT event_id, at_ms, task_id, type, value, attempt FROM task_events
      WHERE group_id = ? AND event_id > ? ORDER BY event_id LIMIT ?`,
  ),
  tally: `SELECT count(*) AS count, max(seq) AS last FROM
    (SELECT seq FROM tasks WHERE state = ? AND seq > ? ORDER BY seq LIMIT ?)`,
  tallyRunning: `SELECT seq, worker, value = 'running.cancelling' AND
      ifnull(json_extract(error, '$.code'), '') = 'RCL0020' AS unresponsive
    FROM tasks WHERE state = 'running' AND seq > ? ORDER BY seq LIMIT ?`,
  firstQueued: `SELECT min(submit_ms) FILTER (WHERE wake_at_ms IS NULL AND place IS NOT NULL) AS submit_ms,
      max(seq) AS last FROM
    (SELECT seq, submit_ms, wake_at_ms, place FROM tasks WHERE state = 'waiting' AND seq > ?
      ORDER BY seq LIMIT ?)`,
  callsInUse: `SELECT call, count(*) AS count, max(seq) AS last FROM
    (SELECT seq, call FROM tasks WHERE unfinished = 1 AND seq > ? ORDER BY seq LIMIT ?)
    GROUP BY call ORDER BY call`,
  readyBefore: `SELECT count(*) AS count FROM
    (SELECT priority, place FROM tasks WHERE ready = 1 ORDER BY priority DESC, place LIMIT :limit)
    WHERE priority > :priority OR priority = :priority AND place < :place`,
}

/** The inspector's reads of a database. */
export function sqliteInspection(rows: ReadRows): Inspection {
  const first = (sql: string, values: Parameters<ReadRows>[1]): Row => rows(sql, values)[0] as Row
  const texts = <T>(sql: string, values: Parameters<ReadRows>[1]): T[] =>
    json(first(sql, values).lines)
  return {
    async groupWords({ beforeSeq, unsettled, limit }) {
      const sql = unsettled ? INSPECTS.unsettledGroupWords : INSPECTS.groupWords
      return rows(sql, [beforeSeq, limit]).map(
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
      return rows(INSPECTS.groups, [JSON.stringify(seqs)]).map(groupOf)
    },

    async taskSeqs({ groupId, states, afterSeq, skip, limit }) {
      const page = { group: groupId, after: afterSeq, skip, limit }
      if (states === null) return texts(INSPECTS.taskSeqs, page)
      const named = namedStates(states)
      const sql = taskSeqsInStates(Object.keys(named).length)
      return states.length === 0 ? [] : texts(sql, { ...page, ...named })
    },

    async taskWords({ groupId, afterSeq, limit }) {
      return rows(INSPECTS.taskWords, [groupId, afterSeq, limit]).map(wordsOf)
    },

    async latestTasks({ states, beforeSeq, limit }) {
      const page = { before: beforeSeq, limit }
      if (states === null) return rows(INSPECTS.latestTasks, page).map(wordsOf)
      const named = namedStates(states)
      const sql = latestTasksInStates(Object.keys(named).length)
      return states.length === 0 ? [] : rows(sql, { ...page, ...named }).map(wordsOf)
    },

    async lines(seqs) {
      return rows(INSPECTS.lines, [JSON.stringify(seqs)]).map(lineOf)
    },

    async linesOf(taskIds) {
      return rows(INSPECTS.linesOf, [JSON.stringify(taskIds)]).map(lineOf)
    },

    async needs(taskId) {
      const [row] = rows(INSPECTS.needs, [taskId])
      if (row === undefined) return null
      const dependencies = json<{ task_id: string; states: never }[]>(row.dependencies)
      return {
        resources: json(row.resources),
        dependencies: dependencies.map(({ task_id, states }) => ({ taskId: task_id, states })),
      }
    },

    async dependants(taskId, limit) {
      return rows(INSPECTS.dependants, [taskId, limit]).map(row => row.dependant_id as string)
    },

    async queue({ resource: { resource_type, resource_id }, afterPlace, limit }) {
      return rows(INSPECTS.queue, [resource_type, resource_id, afterPlace, limit]).map(
        reservationOf,
      )
    },

    async reservation({ resource_type, resource_id }, place) {
      const [row] = rows(INSPECTS.reservation, [resource_type, resource_id, place])
      return row === undefined ? null : reservationOf(row)
    },

    async ahead({ resource, operation, beforePlace, from, limit }) {
      const { resource_type, resource_id } = resource
      const sql = from === 'first' ? INSPECTS.firstAhead : INSPECTS.lastAhead
      return rows(sql, [resource_type, resource_id, operation, beforePlace, limit]).map(
        reservationOf,
      )
    },

    async groupEvents({ groupId, afterEventId, limit }) {
      return texts(INSPECTS.groupEvents, [groupId, afterEventId, limit])
    },

    async tally({ state, afterSeq, limit }) {
      const { count, last } = first(INSPECTS.tally, [state, afterSeq, limit])
      return { count: count as number, lastSeq: last as number | null }
    },

    async tallyRunning(afterSeq, limit) {
      const running = rows(INSPECTS.tallyRunning, [afterSeq, limit])
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
      const { submit_ms, last } = first(INSPECTS.firstQueued, [afterSeq, limit])
      return { submitMs: submit_ms as number | null, lastSeq: last as number | null }
    },

    async callsInUse(afterSeq, limit) {
      const found = rows(INSPECTS.callsInUse, [afterSeq, limit])
      return {
        calls: found.map(({ call, count }) => ({ call: call as string, count: count as number })),
        lastSeq: found.length === 0 ? null : Math.max(...found.map(({ last }) => last as number)),
      }
    },

    async readyBefore({ priority, place }, limit) {
      return first(INSPECTS.readyBefore, { priority, place: place ?? 0, limit }).count as number
    },
  }
}

/** Seqs of a group's tasks in so many states; no row of a task is read. */
export function taskSeqsInStates(states: number): string {
  const merged = inStates('group_id = :group AND seq > :after', states)
  return inOneText('seq', `${merged} ORDER BY seq LIMIT :limit OFFSET :skip`)
}

/** The latest tasks in so many states. */
export function latestTasksInStates(states: number): string {
  const merged = inStates('seq < :before', states)
  return `SELECT ${WORDS} FROM tasks
    WHERE seq IN (SELECT seq FROM (${merged} ORDER BY seq DESC LIMIT :limit)) ORDER BY seq DESC`
}

/** One walk along an index for each state; ordered by seq they are merged. */
function inStates(where: string, states: number): string {
  return Array.from(
    { length: states },
    (_, nth) => `SELECT seq FROM tasks WHERE ${where} AND state = :state${nth}`,
  ).join(' UNION ALL ')
}

function namedStates(states: readonly TaskState[]): Record<string, string> {
  return Object.fromEntries([...new Set(states)].map((state, nth) => [`state${nth}`, state]))
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

function reservationOf(row: Row): Reservation {
  return {
    resource_type: row.resource_type as string,
    resource_id: row.resource_id as string,
    operation: row.operation as Reservation['operation'],
    place: row.place as number,
    taskId: row.task_id as string,
    granted: row.granted === 1,
  }
}
