// /inspect/data/groups/: the groups, one of them, its tasks and its history.
import { canonicalId, type Group, TASK_STATES, type TaskState } from '../../machines/index.ts'
import { sendJson } from '../http/answer.ts'
import { type RestApp, UUID } from '../http/rest-app.ts'
import { findGroups } from './find-groups.ts'
import { inStates, pageOfGroup, type TaskSearches } from './find-tasks.ts'
import { type InspectorParts, inspectionOf } from './parts.ts'
import { groupRow, taskRow } from './rows.ts'
import * as schemas from './schemas.ts'

/** Events that one step reads. */
const EVENTS_STEP = 1_000

export function groupDataRoutes(
  app: RestApp,
  parts: InspectorParts & { searches: TaskSearches },
): void {
  const { rollcall, clock, searches } = parts

  app.get('/groups/', { schema: { querystring: schemas.GroupsQuery } }, async (request, reply) => {
    const { state = null, search = '', limit = 50, before } = request.query
    const inspection = await inspectionOf(parts)
    const beforeSeq = before ?? Number.MAX_SAFE_INTEGER
    const query = { states: state, search, limit, beforeSeq }
    const { groups, next } = await findGroups(inspection, query, clock)
    return sendJson(reply, { groups: groups.map(groupRow), next })
  })

  app.get(
    `/groups/:group_id${UUID}/`,
    { schema: { params: schemas.GroupParams } },
    async (request, reply) =>
      sendJson(reply, groupRow(await rollcall.group(canonicalId(request.params.group_id)))),
  )

  app.get(
    `/groups/:group_id${UUID}/tasks/`,
    { schema: { params: schemas.GroupParams, querystring: schemas.TasksQuery } },
    async (request, reply) => {
      const { state: states = null, search = '', limit = 100, skip = 0 } = request.query
      const group = await rollcall.group(canonicalId(request.params.group_id))
      const { groupId } = group
      const inspection = await inspectionOf(parts)
      let total = counted(group, states)
      let seqs: readonly number[]
      if (search.trim() === '') {
        seqs = await pageOfGroup(inspection, { groupId, states, skip, limit }, clock)
      } else {
        seqs = await searches.find(inspection, groupId, search)
        if (states !== null) seqs = await inStates(inspection, groupId, seqs, states, clock)
        total = seqs.length
        seqs = seqs.slice(skip, skip + limit)
      }
      const lines = await inspection.lines(seqs)
      return sendJson(reply, { total, tasks: lines.map(taskRow) })
    },
  )

  app.get(
    `/groups/:group_id${UUID}/history/`,
    { schema: { params: schemas.GroupParams, querystring: schemas.HistoryQuery } },
    async (request, reply) => {
      const { after = 0, limit = 5_000 } = request.query
      const { groupId } = await rollcall.group(canonicalId(request.params.group_id))
      const inspection = await inspectionOf(parts)
      const texts: string[] = []
      let last: number | null = null
      let left = limit
      let more = true
      while (more && left > 0) {
        const step = Math.min(left, EVENTS_STEP)
        const afterEventId: number = last ?? after
        const events = await inspection.groupEvents({ groupId, afterEventId, limit: step })
        if (events.length > 0) texts.push(JSON.stringify(events).slice(1, -1))
        last = events.at(-1)?.[0] ?? last
        left -= events.length
        more = events.length === step
        await clock.turn()
      }
      if (more) {
        const afterEventId = last ?? after
        more = (await inspection.groupEvents({ groupId, afterEventId, limit: 1 })).length > 0
      }
      reply.type('application/json; charset=utf-8')
      return reply.send(`{"events":[${texts.join(',')}],"last":${last},"more":${more}}`)
    },
  )
}

/** The group counts its tasks itself. */
function counted({ counts }: Group, states: readonly TaskState[] | null): number {
  return [...new Set(states ?? TASK_STATES)].reduce((sum, state) => sum + counts[state], 0)
}
