// /inspect/data/resources/: one resource's queue, in order of place.
import { sendJson } from '../http/answer.ts'
import type { RestApp } from '../http/rest-app.ts'
import { type InspectorParts, inspectionOf } from './parts.ts'
import * as schemas from './schemas.ts'

export function resourceDataRoutes(app: RestApp, parts: InspectorParts): void {
  app.get(
    '/resources/',
    { schema: { querystring: schemas.ResourceQuery } },
    async (request, reply) => {
      const { type: resource_type, id: resource_id, limit = 200, after = 0 } = request.query
      const inspection = await inspectionOf(parts)
      const resource = { resource_type, resource_id }
      const found = await inspection.queue({ resource, afterPlace: after, limit: limit + 1 })
      const reservations = found.slice(0, limit)
      const lines = await inspection.linesOf(reservations.map(({ taskId }) => taskId))
      const byId = new Map(lines.map(line => [line.taskId, line]))
      const queue = reservations.flatMap(({ taskId, place, operation, granted }) => {
        // It may have ended between the two reads.
        const line = byId.get(taskId)
        if (line === undefined) return []
        const { call, value, groupId: group_id, wakeAtMs: wake_at_ms } = line
        return [{ task_id: taskId, call, value, group_id, place, operation, granted, wake_at_ms }]
      })
      const next = found.length > limit ? (reservations.at(-1)?.place ?? null) : null
      return sendJson(reply, { resource_type, resource_id, queue, next })
    },
  )
}
