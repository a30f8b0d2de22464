// /tasks/search/: by a POST's criteria, or by a GET's query, which says the same in text.
import { type CallReport, callReport, type JsonObject } from '../../machines/index.ts'
import { BadSearchError } from '../errors.ts'
import { parseFields, parseFilters, parseSort } from '../store/condition.ts'
import { answersNotModified, tagOf } from './etag.ts'
import type { RestApp, RestParts } from './rest-app.ts'
import * as schemas from './schemas.ts'
import { sendList } from './stream.ts'

export function searchRoutes(app: RestApp, { rollcall }: RestParts): void {
  async function* found(criteria: Criteria): AsyncGenerator<object> {
    const fields = parseFields(criteria.fields)
    const tasks = await rollcall.store.search({
      where: parseFilters(criteria.filters),
      sort: parseSort(criteria.sort),
      limit: criteria.limit ?? null,
      skip: criteria.skip ?? 0,
    })
    for (const task of tasks) {
      const report = callReport(task, rollcall.hrefs)
      yield fields === null ? report : onlyFields({ ...report, args: task.args }, fields)
    }
  }

  app.post(
    '/tasks/search/',
    {
      schema: {
        summary: 'Search all tasks',
        body: schemas.SearchBody,
        response: { 200: schemas.CallReportParts, ...schemas.errors },
      },
    },
    async (request, reply) => {
      await rollcall.ready()
      return sendList(reply, found(request.body.criteria))
    },
  )

  app.get(
    '/tasks/search/',
    {
      schema: {
        summary: 'Search all tasks',
        querystring: schemas.SearchQuery,
        response: { 200: schemas.CallReportParts, ...schemas.errors },
      },
    },
    async (request, reply) => {
      await rollcall.ready()
      const { filters, sort, field, ...page } = request.query
      const criteria: Criteria = {
        filters: jsonOf('filters', filters),
        sort: jsonOf('sort', sort),
        fields: field ?? null,
        ...page,
      }
      const rev = await rollcall.rev()
      if (answersNotModified(request, reply, tagOf(request, rev))) return reply
      return sendList(reply, found(criteria))
    },
  )
}

interface Criteria {
  filters?: unknown
  sort?: unknown
  limit?: number | null
  skip?: number | null
  fields?: string[] | null
}

function jsonOf(name: string, text: string | undefined): unknown {
  if (text === undefined) return null
  try {
    return JSON.parse(text)
  } catch {
    throw new BadSearchError(`${name} is not JSON: ${text.slice(0, 80)}`)
  }
}

/** The arguments are no part of a report; who asks for them gets them. */
function onlyFields(report: CallReport & { args: JsonObject }, fields: readonly string[]): object {
  return Object.fromEntries(Object.entries(report).filter(([name]) => fields.includes(name)))
}
