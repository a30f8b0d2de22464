// Lists of tasks by group, id, state and tag, in submission order, a page at a time: one statement for each
// combination of what a query names, following the narrowest index.
import { isFinal, TASK_STATES, type TaskState } from '../../../machines/index.ts'
import type { TaskQuery } from '../store.ts'
import { TASK } from './rows.ts'

export interface Listing {
  /** Takes `:after`, `:limit` and `:skip` besides `values`. */
  page: string
  count: string
  values: Record<string, string>
}

/**
 * Chooses the statements for a query. Its values are bound, never part of the text.
 *
 * @param seqs Where it is known: tasks among which all are that it may give.
 */
export function listing(query: TaskQuery, seqs?: readonly number[]): Listing {
  const { groupId, taskIds, states, tags } = query
  if (taskIds !== undefined || tags !== undefined) return filtered(query, seqs)
  if (groupId === undefined && states === undefined) {
    return {
      page: `SELECT ${TASK} FROM tasks WHERE seq > :after ORDER BY seq LIMIT :limit OFFSET :skip`,
      count: 'SELECT count(*) AS count FROM tasks',
      values: {},
    }
  }
  const inGroup = groupId !== undefined
  const walked = (where: string) => merged(walks(states ?? [...TASK_STATES], inGroup), where)
  return {
    page: `SELECT ${TASK} FROM tasks WHERE seq IN
      (SELECT seq FROM (${walked(' AND seq > :after')} ORDER BY seq LIMIT :limit OFFSET :skip)) ORDER BY seq`,
    count: `SELECT count(*) AS count FROM (${walked('')})`,
    values: inGroup ? { group: groupId } : {},
  }
}

/**
 * What leads along one index each to the tasks in some states, of a group or of all: the conditions of the
 * partial indexes are part of the text. `:group` is the group.
 */
export function walks(states: readonly TaskState[] | 'unfinished', inGroup: boolean): string[] {
  const group = inGroup ? 'group_id = :group AND ' : ''
  if (states === 'unfinished') return [`${group}unfinished = 1`]
  if (states.length === 0) return [`${group}0`]
  const named = [...new Set(states)]
  const final = named.filter(isFinalState)
  const unfinished = named.filter(state => !isFinalState(state))
  const ended = final.map(state => `${group}unfinished = 0 AND state = '${state}'`)
  if (unfinished.length === 3) return [`${group}unfinished = 1`, ...ended]
  const going = unfinished.map(state =>
    inGroup || state === 'waiting'
      ? `${group}unfinished = 1 AND +state = '${state}'`
      : `state = '${state}'`,
  )
  return [...going, ...ended]
}

/** Seqs along each walk; ordered by seq they are merged, not sorted. */
export function merged(conditions: readonly string[], where: string): string {
  return conditions
    .map(condition => `SELECT seq FROM tasks WHERE ${condition}${where}`)
    .join(' UNION ALL ')
}

function isFinalState(state: TaskState): boolean {
  return state !== 'running' && isFinal(state)
}

/** By id or tag first; whatever else is asked for is looked up in the rows that these lead to. */
function filtered(
  { groupId, taskIds, states, tags = [] }: TaskQuery,
  seqs: readonly number[] | undefined,
): Listing {
  const values: Record<string, string> = {}
  const where: string[] = []
  if (seqs !== undefined) {
    where.push('t.seq IN (SELECT value FROM json_each(:seqs))')
    values.seqs = JSON.stringify(seqs)
  }
  if (taskIds !== undefined) {
    where.push(
      't.seq IN (SELECT seq FROM tasks WHERE task_id IN (SELECT value FROM json_each(:ids)))',
    )
    values.ids = JSON.stringify(taskIds)
  }
  // A plus sign keeps SQLite from another index than the one that was chosen, which would have it sort.
  if (groupId !== undefined) {
    where.push('+t.group_id = :group')
    values.group = groupId
  }
  if (states === 'unfinished') where.push('+t.unfinished = 1')
  else if (states !== undefined) {
    where.push('+t.state IN (SELECT value FROM json_each(:states))')
    values.states = JSON.stringify(states)
  }
  if (tags.length > 0) {
    where.push(`NOT EXISTS (SELECT 1 FROM json_each(:tags) AS wanted WHERE NOT EXISTS (
      SELECT 1 FROM task_tags AS x WHERE x.tag = wanted.value AND x.seq = t.seq))`)
    values.tags = JSON.stringify(tags)
  }
  const held = where.length === 0 ? '1' : where.join(' AND ')
  return {
    page: `SELECT ${TASK} FROM tasks AS t WHERE ${held} AND t.seq > :after ORDER BY t.seq LIMIT :limit OFFSET :skip`,
    count: `SELECT count(*) AS count FROM tasks AS t WHERE ${held}`,
    values,
  }
}
