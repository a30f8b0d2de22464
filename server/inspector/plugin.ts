// The inspector: a page that shows the running statecharts live, and the data that it is made of beside
// what the REST interface and its streams give.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { NotFoundError } from '../errors.ts'
import { answerError, pathOf } from '../http/error-body.ts'
import { answerMissing, type RouteTable } from '../http/not-found.ts'
import { followConventions } from '../http/rest.ts'
import type { RestApp, TypeBox } from '../http/rest-app.ts'
import type { Rollcall } from '../rollcall.ts'
import { TaskSearches } from './find-tasks.ts'
import { groupDataRoutes } from './groups.ts'
import { pageRoutes } from './page.ts'
import { Rates } from './rates.ts'
import { resourceDataRoutes } from './resources.ts'
import { type SystemParts, systemDataRoutes } from './system.ts'
import { taskDataRoutes } from './tasks.ts'

/** Where the page lives. */
export const INSPECT = '/inspect'

/** Nothing from elsewhere, nothing inline, nothing evaluated, and no frame of somebody else's around it. */
const POLICY = [
  `default-src 'none'`,
  `script-src 'self'`,
  `style-src 'self'`,
  `img-src 'self' data:`,
  `font-src 'self'`,
  `connect-src 'self'`,
  `worker-src 'self'`,
  `base-uri 'none'`,
  `form-action 'none'`,
  `frame-ancestors 'none'`,
].join('; ')

const HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

export interface InspectorOptions {
  rollcall: Rollcall
  routes: RouteTable
  /** Prefix of the REST interface. */
  mount: string
  /** What the page's build wrote; default the folder beside this file. */
  assetsFolder?: string
}

/** Adds `/inspect/` and all below it. The instance must have no prefix. */
export function inspectorRoutes(app: FastifyInstance, options: InspectorOptions): void {
  const { rollcall, routes, mount, assetsFolder } = options
  const { clock } = rollcall
  const rates = new Rates(rollcall.engine, clock.nowMs())
  const searches = new TaskSearches({ engine: rollcall.engine, clock })
  app.addHook('onClose', async () => {
    rates.close()
    searches.close()
  })
  const parts = { rollcall, clock, searches, rates, mount, startedMs: clock.nowMs() }
  const page = { mount, ...(assetsFolder !== undefined && { folder: assetsFolder }) }
  app.register(
    async inspector => {
      inspector.addHook('onRequest', async (_request, reply) => {
        reply.headers(HEADERS)
      })
      inspector.setErrorHandler(answerError)
      answerMissing(inspector, routes)
      pageRoutes(inspector, page)
      inspector.register(async data => dataRoutes(data, parts), { prefix: '/data' })
    },
    { prefix: INSPECT },
  )
}

function dataRoutes(app: FastifyInstance, parts: SystemParts & { searches: TaskSearches }): void {
  app.addHook('onRoute', route => {
    route.schema = { hide: true, ...route.schema }
  })
  // At the end, because an error takes away what a route said of its content.
  app.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store')
  })
  app.get('/*', { onRequest: missing }, async () => {})
  followConventions(app)
  const typed: RestApp = app.withTypeProvider<TypeBox>()
  groupDataRoutes(typed, parts)
  taskDataRoutes(typed, parts)
  resourceDataRoutes(typed, parts)
  systemDataRoutes(typed, parts)
}

async function missing(request: FastifyRequest): Promise<never> {
  throw new NotFoundError(`there is nothing at ${pathOf(request)}`)
}
