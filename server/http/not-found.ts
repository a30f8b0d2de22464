// Paths and methods that are not there: 404, or 405 with the methods that the path has.

import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import FindMyWay, { type HTTPMethod } from 'find-my-way'
import { MethodNotAllowedError, NotFoundError } from '../errors.ts'
import { pathOf } from './error-body.ts'

const METHODS: HTTPMethod[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** The routes of an app, to tell which methods a path has. */
export class RouteTable {
  readonly #router: FindMyWay.Instance<FindMyWay.HTTPVersion.V1>

  /** Notes each route that the app gets from here on. */
  constructor(app: FastifyInstance) {
    const { routerOptions = {} } = app.initialConfig
    const { ignoreTrailingSlash, ignoreDuplicateSlashes, caseSensitive } = routerOptions
    this.#router = FindMyWay({
      ...(ignoreTrailingSlash && { ignoreTrailingSlash }),
      ...(ignoreDuplicateSlashes && { ignoreDuplicateSlashes }),
      ...(caseSensitive !== undefined && { caseSensitive }),
      maxParamLength: Number.MAX_SAFE_INTEGER,
    })
    app.addHook('onRoute', route => this.#note(route))
  }

  /** The error of a request that no route takes. */
  missing(request: FastifyRequest): NotFoundError | MethodNotAllowedError {
    const path = pathOf(request)
    const allow = METHODS.filter(method => this.#router.find(method, path) !== null)
    return allow.length === 0
      ? new NotFoundError(`there is nothing at ${path}`)
      : new MethodNotAllowedError(request.method, allow)
  }

  #note({ method, url, constraints }: RouteOptions): void {
    // A path that only some hosts or versions have says nothing about a request in general.
    if (constraints !== undefined && Object.keys(constraints).length > 0) return
    for (const each of [method].flat() as HTTPMethod[]) {
      if (!this.#router.hasRoute(each, url)) this.#router.on(each, url, () => {})
    }
  }
}

/** Answers requests of this instance that no route takes, before their body is looked at. */
export function answerMissing(app: FastifyInstance, routes: RouteTable): void {
  app.addHook('onRequest', async request => {
    if (request.is404) throw routes.missing(request)
  })
  app.setNotFoundHandler(request => {
    throw routes.missing(request)
  })
}
