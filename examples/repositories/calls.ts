// The calls of the service: what each may be asked, which resources it uses,
// and which plain function does the work.

import { created, defineCall, Type } from '../../server/index.ts'
import { noSuchRepository } from './errors.ts'
import type { Mirror } from './mirror.ts'
import { indexName, publicationName } from './publications.ts'
import { publishIndex, publishRepository } from './publish.ts'
import { CreateBody, RepositoryFields, SyncOverride } from './schemas.ts'
import { syncRepository } from './sync.ts'

const strict = { additionalProperties: false }
const Id = Type.String()
const repository = (id: string, operation: 'create' | 'read' | 'update' | 'delete') =>
  ({ resource_type: 'repository', resource_id: id, operation }) as const
const publication = (name: string) =>
  ({ resource_type: 'publication', resource_id: name, operation: 'update' }) as const
const tags = (id: string, action: string) => [`pulp:repository:${id}`, `pulp:action:${action}`]

/** Every call of the service, working on this mirror. */
export function repositoryCalls(mirror: Mirror) {
  const create = defineCall({
    name: 'repository.create',
    args: CreateBody,
    resources: ({ id }) => [repository(id, 'create')],
    tags: ({ id }) => tags(id, 'create'),
    execution: 'sync',
    async run({ id, ...fields }, { taskId }) {
      const made = mirror.repositories.create(id, fields, taskId)
      return created(made._href, made)
    },
  })

  const update = defineCall({
    name: 'repository.update',
    args: Type.Object({ id: Id, delta: Type.Object(RepositoryFields, strict) }, strict),
    resources: ({ id }) => [repository(id, 'update')],
    tags: ({ id }) => tags(id, 'update'),
    execution: 'sync',
    async run({ id, delta }) {
      return mirror.repositories.update(id, delta)
    },
  })

  const remove = defineCall({
    name: 'repository.delete',
    args: Type.Object({ id: Id }, strict),
    resources: ({ id }) => [repository(id, 'delete')],
    tags: ({ id }) => tags(id, 'delete'),
    async run({ id }, { attempt }) {
      await mirror.publications.remove(id)
      // A later attempt may find that the one before it died right after this line.
      if (!mirror.repositories.delete(id) && attempt === 1) throw noSuchRepository(id)
      return null
    },
  })

  const sync = defineCall({
    name: 'repository.sync',
    args: Type.Object({ id: Id, override_config: SyncOverride }, strict),
    resources: ({ id }) => [repository(id, 'update')],
    tags: ({ id }) => tags(id, 'sync'),
    run: ({ id, override_config }, context) =>
      syncRepository(mirror, id, override_config?.feed ?? null, context),
  })

  // Publishing reads the repository, so that it waits for a sync and lets an
  // index read beside it; only one publish at a time may swap a folder.
  const publish = defineCall({
    name: 'repository.publish',
    args: Type.Object({ id: Id, publisher: Type.Optional(Id) }, strict),
    resources: ({ id, publisher }) => [
      repository(id, 'read'),
      publication(publicationName(id, publisher ?? null)),
    ],
    tags: ({ id }) => tags(id, 'publish'),
    run: ({ id, publisher }, context) => publishRepository(mirror, id, publisher ?? null, context),
  })

  const index = defineCall({
    name: 'index.publish',
    args: Type.Object({ ids: Type.Array(Id, { uniqueItems: true }) }, strict),
    resources: ({ ids }) => [...ids.map(id => repository(id, 'read')), publication(indexName)],
    tags: () => ['pulp:action:publish'],
    run: ({ ids }, context) => publishIndex(mirror, ids, context),
  })

  return { create, update, remove, sync, publish, index }
}

/** The calls by the names under which the routes use them. */
export type RepositoryCalls = ReturnType<typeof repositoryCalls>
