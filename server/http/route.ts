// Routes of a program's own that run as calls: through admission, answered as the REST interface answers.
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  RouteHandlerMethod,
  RouteOptions,
} from 'fastify'
import type { Call, CallRequest } from '../calls.ts'
import type { GroupRequest } from '../submitter.ts'
import { type Answer, sendJson } from './answer.ts'
import { dropTypeOfNothing } from './body.ts'
import { answerError } from './error-body.ts'
import type { Submissions } from './submissions.ts'

/** A request as a route's function reads it. */
export type RouteRequest = FastifyRequest<{
  Querystring: Record<string, string | string[] | undefined>
  Body: unknown
}> & {
  // biome-ignore lint/suspicious/noExplicitAny: what a path names is there, and an index signature would make it possibly undefined
  params: any
}

/** What a route's task has besides its arguments. */
export type RouteOptionsOfCall = Omit<CallRequest, 'id' | 'call' | 'args'>

const handlers = new WeakSet<object>()

declare module 'fastify' {
  interface FastifyInstance {
    /** Where the handlers of `rollcall.route` find the engine. */
    rollcallSubmissions: Submissions
  }
}

/**
 * A handler that answers a request by running a call: 200 or 201 with its result, 202 when it is queued,
 * 409 with the reasons when it can never be served.
 *
 * @param args    What the call is given; it may throw a `CallError`.
 * @param options Tags, resources, priority and dependencies of the task.
 */
export function route<Args, Result, Request = RouteRequest>(
  call: Call<Args, Result>,
  args: (request: Request) => Args | Promise<Args>,
  options: RouteOptionsOfCall = {},
): RouteHandlerMethod {
  return marked(async (request, reply) => {
    const asked = { ...options, call: call as Call, args: await args(request as Request) }
    return submissionsOf(request).task(request, reply, asked)
  })
}

/** A handler that answers a request by submitting a group: 202, or 409 with the reasons. */
export function groupRoute<Request = RouteRequest>(
  group: (request: Request) => GroupRequest | Promise<GroupRequest>,
): RouteHandlerMethod {
  return marked(async request =>
    submissionsOf(request).group(request, await group(request as Request)),
  )
}

/** Gives the routes of this app that run as calls the error bodies of the REST interface. */
export function dressCallRoutes(app: FastifyInstance): void {
  app.addHook('onRoute', (options: RouteOptions) => {
    if (!handlers.has(options.handler)) return
    options.errorHandler ??= answerError
    options.onRequest = [async (request: FastifyRequest) => dropTypeOfNothing(request)].concat(
      (options.onRequest ?? []) as [],
    )
  })
}

function marked(
  answer: (request: FastifyRequest, reply: FastifyReply) => Promise<Answer>,
): RouteHandlerMethod {
  const handler: RouteHandlerMethod = async (request, reply) => {
    const { status, headers, body } = await answer(request, reply)
    reply.code(status).headers(headers)
    // An object is left to the app's own hooks and serializers.
    return typeof body === 'object' && body !== null ? reply.send(body) : sendJson(reply, body)
  }
  handlers.add(handler)
  return handler
}

function submissionsOf({ server }: FastifyRequest): Submissions {
  if (server.rollcallSubmissions === undefined) {
    throw new TypeError('rollcall.route needs the plugin: app.register(rollcall, { calls })')
  }
  return server.rollcallSubmissions
}
