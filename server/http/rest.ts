// The REST interface under its mount: conventions that all of its routes share, and the routes.
import type { FastifyInstance, RouteOptions } from 'fastify'
import type { TObject, TSchema } from '../typebox.ts'
import { callRoutes } from './calls.ts'
import { answerError } from './error-body.ts'
import { eventRoutes } from './events.ts'
import { groupRoutes } from './groups.ts'
import { machineRoutes } from './machines.ts'
import { readQuery } from './query.ts'
import type { RestApp, RestParts, TypeBox } from './rest-app.ts'
import { NoQuery } from './schemas.ts'
import { searchRoutes } from './search.ts'
import { taskRoutes } from './tasks.ts'
import { validatorOf } from './validation.ts'

/** Adds every route under the mount. The instance must have the mount's `/v2` as its prefix. */
export function restRoutes(app: FastifyInstance, parts: RestParts): void {
  followConventions(app)
  app.addHook('onRoute', route => {
    route.bodyLimit ??= parts.bodyLimit
  })
  bothSpellings(app)
  const typed: RestApp = app.withTypeProvider<TypeBox>()
  taskRoutes(typed, parts)
  searchRoutes(typed, parts)
  groupRoutes(typed, parts)
  callRoutes(typed, parts)
  eventRoutes(typed, parts)
  machineRoutes(typed)
}

/** Errors, validation and queries as CONTRACT §4 has them, for this instance and those below it. */
export function followConventions(app: FastifyInstance): void {
  app.setErrorHandler(answerError)
  app.setValidatorCompiler(({ schema, httpPart }) => validatorOf(schema as TSchema, httpPart))
  // Response schemas are documentation: what is sent is JSON already.
  app.setSerializerCompiler(() => JSON.stringify)
  app.addHook('onRoute', route => {
    route.schema = { querystring: NoQuery, ...route.schema }
  })
  app.addHook('preValidation', (request, _reply, done) => {
    request.query = request.originalUrl.includes('?')
      ? readQuery(request, request.routeOptions.schema?.querystring as TObject)
      : {}
    done()
  })
}

/** Adds each route without the slash at its end, too. */
function bothSpellings(app: FastifyInstance): void {
  if (app.initialConfig.routerOptions?.ignoreTrailingSlash) return
  app.addHook('onRoute', (route: RouteOptions & { routePath: string }) => {
    const { routePath, method, schema } = route
    if (!routePath.endsWith('/') || method === 'HEAD') return
    const url = routePath.slice(0, -1)
    app.route({ ...route, url, path: url, schema: { ...schema, hide: true } } as RouteOptions)
  })
}
