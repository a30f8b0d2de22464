// REST for repositories. Reading answers from the mirror at once; whatever
// changes something is a call, and goes through rollcall's admission.

import type {
  FastifyInstance,
  FastifyRequest,
  preSerializationHookHandler,
  preValidationHookHandler,
} from 'fastify'
import { rollcall, type Type } from '../../server/index.ts'
import type { RepositoryCalls } from './calls.ts'
import { withDetails } from './details.ts'
import { noSuchRepository } from './errors.ts'
import type { Mirror } from './mirror.ts'
import { checkId } from './repositories.ts'
import {
  CreateBody,
  DetailsQuery,
  PublishBody,
  SyncBody,
  SyncManyBody,
  UpdateBody,
} from './schemas.ts'

/** Adds the routes of the collection under the mirror's root. */
export function repositoryRoutes(
  app: FastifyInstance,
  mirror: Mirror,
  calls: RepositoryCalls,
): void {
  const { root } = mirror
  const one = `${root}:id/`
  const { repositories } = mirror

  app.get(root, { schema: { querystring: DetailsQuery } }, async request =>
    repositories.list().map(repository => withDetails(repository, request.query as DetailsQuery)),
  )

  app.get(one, { schema: { querystring: DetailsQuery } }, async request =>
    withDetails(repositories.one(idOf(request)), request.query as DetailsQuery),
  )

  app.post(
    root,
    {
      schema: { body: CreateBody },
      preHandler: async request => checkId(bodyOf<typeof CreateBody>(request).id),
    },
    rollcall.route(calls.create, request => bodyOf<typeof CreateBody>(request)),
  )

  app.put(
    one,
    { schema: { body: UpdateBody }, preSerialization: asCallReport },
    rollcall.route(calls.update, request => ({
      id: idOf(request),
      ...bodyOf<typeof UpdateBody>(request),
    })),
  )

  const existing = {
    preHandler: async (request: FastifyRequest) => mustExist(mirror, [idOf(request)]),
  }
  app.delete(
    one,
    existing,
    rollcall.route(calls.remove, request => ({ id: idOf(request) })),
  )

  app.post(
    `${one}actions/sync/`,
    { schema: { body: SyncBody }, preValidation: emptyBodyIsObject, ...existing },
    rollcall.route(calls.sync, request => ({
      id: idOf(request),
      ...bodyOf<typeof SyncBody>(request),
    })),
  )

  app.post(
    `${one}actions/publish/`,
    { schema: { body: PublishBody }, preValidation: emptyBodyIsObject, ...existing },
    rollcall.route(calls.publish, request => {
      const { id: publisher } = bodyOf<typeof PublishBody>(request)
      if (typeof publisher !== 'string') return { id: idOf(request) }
      checkId(publisher)
      return { id: idOf(request), publisher }
    }),
  )

  app.post(
    `${root}actions/sync/`,
    {
      schema: { body: SyncManyBody },
      preHandler: async request => mustExist(mirror, bodyOf<typeof SyncManyBody>(request).ids),
    },
    rollcall.groupRoute(request => {
      const { ids, ...settings } = bodyOf<typeof SyncManyBody>(request)
      return { calls: ids.map(id => ({ call: calls.sync, args: { id, ...settings } })) }
    }),
  )
}

/** An update that ran at once answers a call report, as a queued one would, with its result inside. */
const asCallReport: preSerializationHookHandler<unknown> = async (_request, reply, payload) =>
  reply.statusCode === 200 ? { result: payload, error: null, spawned_tasks: [] } : payload

/** The body's schema judges what came; nothing at all stands for no settings. */
const emptyBodyIsObject: preValidationHookHandler = async request => {
  request.body ??= {}
}

function mustExist(mirror: Mirror, ids: readonly string[]): void {
  const missing = ids.filter(id => !mirror.repositories.has(id))
  if (missing.length > 0) throw noSuchRepository(...missing)
}

function idOf(request: FastifyRequest): string {
  return (request.params as { id: string }).id
}

/** The body, which the route's schema has judged already. */
function bodyOf<Schema extends Type.TSchema>(request: FastifyRequest): Type.Static<Schema> {
  return request.body as Type.Static<Schema>
}
