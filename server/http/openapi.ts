// The description of the interface for machines: made when somebody first asks for it, because what makes
// it takes a fifth of a start to load.
import Fastify, { type FastifyInstance, type RouteOptions } from 'fastify'

const INFO = {
  title: 'Rollcall',
  description: 'Tasks and task groups: submitted, admitted, polled and cancelled.',
  version: '2',
}

/** The OpenAPI document of the routes that an app, or those below it, get from here on. */
export function openApiOf(app: FastifyInstance): () => Promise<object> {
  const routes: RouteOptions[] = []
  app.addHook('onRoute', route => {
    if (route.method !== 'HEAD') routes.push(route)
  })
  let document: Promise<object> | null = null
  return () => {
    document ??= described(routes)
    return document
  }
}

/** The plugin describes the app that it is registered on: here one with the same routes, which serves nobody. */
async function described(routes: readonly RouteOptions[]): Promise<object> {
  const { default: swagger } = await import('@fastify/swagger')
  const app = Fastify({ exposeHeadRoutes: false })
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => JSON.stringify)
  await app.register(swagger, { openapi: { openapi: '3.1.0', info: INFO } })
  // What a route says of itself is whole only now: hooks below the app may have added to it.
  for (const { method, url, schema } of routes) {
    app.route({ method, url, ...(schema && { schema }), handler: () => {} })
  }
  await app.ready()
  const document = app.swagger()
  await app.close()
  return document
}
