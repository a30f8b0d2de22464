// Searching repositories over REST: by a POST's body, or by a GET's query,
// which says the same in text.

import type { FastifyInstance } from 'fastify'
import { Errors } from 'typebox/value'
import { withDetails } from './details.ts'
import { badField } from './errors.ts'
import type { Mirror } from './mirror.ts'
import { Criteria, SearchBody, SearchQuery } from './schemas.ts'
import { search } from './search.ts'

/** Adds the search of the collection under the mirror's root. */
export function searchRoutes(app: FastifyInstance, { repositories, root }: Mirror): void {
  const path = `${root}search/`

  app.post(path, { schema: { body: SearchBody } }, async request => {
    const { criteria, importers, distributors } = request.body as SearchBody
    const lists = {
      importers: String(importers ?? false),
      distributors: String(distributors ?? false),
    }
    return search(repositories.list(), criteria).map(row => withDetails(row, lists))
  })

  app.get(path, { schema: { querystring: SearchQuery } }, async request => {
    const query = request.query as SearchQuery
    return search(repositories.list(), parseCriteria(query)).map(row => withDetails(row, query))
  })
}

/** A query's criteria, held to the same schema as a body's. @throws {CallError} REP0003 */
function parseCriteria({ filters, sort, limit, skip, field }: SearchQuery): Criteria {
  const criteria = {
    ...(filters !== undefined && { filters: parseJson('filters', filters) }),
    ...(sort !== undefined && { sort: parseJson('sort', sort) }),
    ...(limit !== undefined && { limit: Number(limit) }),
    ...(skip !== undefined && { skip: Number(skip) }),
    ...(field !== undefined && { fields: [field].flat() }),
  }
  const problem = Errors(Criteria, criteria)[0]
  if (problem !== undefined) throw badField(problem.instancePath.slice(1), problem.message)
  return criteria as Criteria
}

function parseJson(field: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw badField(field, 'not JSON')
  }
}
