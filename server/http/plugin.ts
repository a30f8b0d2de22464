// The Fastify plugin's inside: mounts the REST interface of an engine on an app.
import type { FastifyInstance } from 'fastify'
import { inspectionRoutes } from '../inspection/endpoint.ts'
import { inspectorRoutes } from '../inspector/plugin.ts'
import type { TaskEngine } from '../task-engine.ts'
import { takeJsonOnly } from './body.ts'
import { answerError } from './error-body.ts'
import { answerMissing, RouteTable } from './not-found.ts'
import { openApiOf } from './openapi.ts'
import { probeRoutes } from './probes.ts'
import { followConventions, restRoutes } from './rest.ts'
import { dressCallRoutes } from './route.ts'
import { Submissions } from './submissions.ts'

export interface HttpOptions {
  /** How long a synchronous call is waited for before the answer is 202, in ms; default 30 000. */
  syncWaitMs?: number
  /** The largest body, in bytes; default 1 MiB. */
  bodyLimit?: number
  /** The largest body of a group's submission, in bytes; default 32 MiB. */
  groupBodyLimit?: number
  /**
   * Whether `/inspect/`, the page that shows what happens, is served, and `/inspect/ws` for inspectors that
   * speak Stately's protocol; default true.
   */
  inspector?: boolean
  /** Whether `/inspect/ws` shows arguments, progress, results and errors; default false. */
  inspectContents?: boolean
  /**
   * Whether the app's other routes follow the same conventions: bodies are JSON, and every error, 404 and
   * 405 of the app has the same body. Default false: they are the app's own affair.
   */
  wholeApp?: boolean
}

const MEBIBYTE = 1024 * 1024

declare module 'fastify' {
  interface FastifyInstance {
    rollcall: TaskEngine
  }
}

/**
 * Mounts the engine's REST interface, and lets `rollcall.route` find the engine.
 *
 * @param stop What ends the engine before the server closes; none when the engine outlives it.
 */
export async function mountRest(
  app: FastifyInstance,
  engine: TaskEngine,
  options: HttpOptions,
  stop: () => Promise<void>,
): Promise<void> {
  const { syncWaitMs = 30_000, wholeApp = false } = options
  const { inspector = true, inspectContents: withContents = false } = options
  const { bodyLimit = MEBIBYTE, groupBodyLimit = 32 * MEBIBYTE } = options
  const { core: rollcall, mount } = engine
  const closing = new AbortController()
  const poll = { rollcall, closing: closing.signal }
  const submissions = new Submissions({ ...poll, syncWaitMs, log: app.log })
  app.decorate('rollcall', engine)
  app.decorate('rollcallSubmissions', submissions)
  // A server closes when its last request is answered: those that wait must end before.
  app.addHook('preClose', async () => {
    await stop()
    closing.abort()
  })

  const routes = new RouteTable(app)
  dressCallRoutes(app)
  if (wholeApp) {
    takeJsonOnly(app)
    app.setErrorHandler(answerError)
    answerMissing(app, routes)
  }

  await app.register(async outside => {
    const document = openApiOf(outside)
    outside.register(async probes => {
      followConventions(probes)
      probeRoutes(probes, rollcall, document)
    })
    if (inspector) {
      inspectorRoutes(outside, { rollcall, routes, mount })
      outside.register(async inspection =>
        inspectionRoutes(inspection, { rollcall, closing: closing.signal, withContents }),
      )
    }
    const rest = async (inside: FastifyInstance) => {
      // The whole app's conventions hold below it, too.
      if (!wholeApp) {
        takeJsonOnly(inside)
        answerMissing(inside, routes)
      }
      restRoutes(inside, { ...poll, submissions, bodyLimit, groupBodyLimit })
    }
    outside.register(rest, { prefix: `${mount}/v2` })
  })
}
