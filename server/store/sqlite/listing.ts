// Lists of tasks by group, id, state and tag, in submission order, a page at a time: one statement for each
// combination of what a query names, following the narrowest index.
import type { TaskQuery } from '../store.ts'

export interface Listing {
  /** Takes `:after`, `:limit` and `:skip` besides `values`. */
  page: string
  count: string
  values: Record<string, string>
}

/** Chooses the statements for a query. Its values are bound, never part of the text. */
export function listing({ groupId, taskIds, states, tags }: TaskQuery): Listing {
  const values: Record<string, string> = {}
  const where: string[] = []
  let from = 'tasks AS t'
  let seq = 't.seq'
  // A plus sign keeps SQLite from another index than the one that was chosen, which would have it sort.
  let plus = ''

  const [tag] = tags ?? []
  if (taskIds !== undefined) {
    where.push(
      't.seq IN (SELECT seq FROM tasks WHERE task_id IN (SELECT value FROM json_each(:ids)))',
    )
    values.ids = JSON.stringify(taskIds)
    plus = '+'
  } else if (tag !== undefined && states === 'unfinished') {
    from = 'task_tags AS g CROSS JOIN tasks AS t ON t.seq = g.seq'
    seq = 'g.seq'
    where.push('g.unfinished = 1 AND g.tag = :tag')
    values.tag = tag
    plus = '+'
  }
  if (groupId !== undefined) {
    where.push(`${plus}t.group_id = :group_id`)
    values.group_id = groupId
  }
  if (states === 'unfinished') {
    where.push(groupId === undefined ? `${plus}t.unfinished = 1` : '+t.unfinished = 1')
  } else if (states?.length === 1) {
    where.push(`${plus}t.state = :state`)
    values.state = states[0] as string
  } else if (states !== undefined) {
    where.push('+t.state IN (SELECT value FROM json_each(:states))')
    values.states = JSON.stringify(states)
  }
  if (tags !== undefined && tags.length > 0) {
    where.push(`NOT EXISTS (SELECT 1 FROM json_each(:tags) AS wanted WHERE NOT EXISTS (
      SELECT 1 FROM task_tags AS x WHERE x.unfinished = t.unfinished AND x.tag = wanted.value AND x.seq = t.seq))`)
    values.tags = JSON.stringify(tags)
  }

  const held = where.length === 0 ? '' : `${where.join(' AND ')} AND `
  return {
    page: `SELECT t.* FROM ${from} WHERE ${held}${seq} > :after ORDER BY ${seq} LIMIT :limit OFFSET :skip`,
    count: `SELECT count(*) AS count FROM ${from} WHERE ${held}1`,
    values,
  }
}
