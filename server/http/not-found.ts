// Paths and methods that are not there: 404, or 405 with the methods that the path has.

import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import FindMyWay, { type HTTPMethod } from 'find-my-way'
import { MethodNotAllowedError, NotFoundError } from '../errors.ts'
import { pathOf } from './error-body.ts'

const METHODS: HTTPMethod[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** The routes of an app, to tell which methods a path has. */
export class RouteTable {
  readonly #app: FastifyInstance
  /** Routes that the router does not have yet. */
  readonly #noted: { method: HTTPMethod; url: string }[] = []
  #router: FindMyWay.Instance<FindMyWay.HTTPVersion.V1> | null = null

  /** Notes each route that the app gets from here on. */
  constructor(app: FastifyInstance) {
    this.#app = app
    app.addHook('onRoute', route => this.#note(route))
  }

  /** The error of a request that no route takes. */
  missing(request: FastifyRequest): NotFoundError | MethodNotAllowedError {
    const path = pathOf(request)
    const router = this.#whole()
    const allow = METHODS.filter(method => router.find(method, path) !== null)
    return allow.length === 0
      ? new NotFoundError(`there is nothing at ${path}`)
      : new MethodNotAllowedError(request.method, allow)
  }

  #note({ method, url, constraints }: RouteOptions): void {
    // A path that only some hosts or versions have says nothing about a request in general.
    if (constraints !== undefined && Object.keys(constraints).length > 0) return
    for (const each of [method].flat() as HTTPMethod[]) this.#noted.push({ method: each, url })
  }

  /** A router of all routes so far, made when the first path is missed: a start has no use for it. */
  #whole(): FindMyWay.Instance<FindMyWay.HTTPVersion.V1> {
    this.#router ??= this.#empty()
    for (const { method, url } of this.#noted.splice(0)) {
      if (!this.#router.hasRoute(method, url)) this.#router.on(method, url, () => {})
    }
    return this.#router
  }

  /** A router that reads paths as the app's own does. */
  #empty(): FindMyWay.Instance<FindMyWay.HTTPVersion.V1> {
    const { routerOptions = {} } = this.#app.initialConfig
    const { ignoreTrailingSlash, ignoreDuplicateSlashes, caseSensitive } = routerOptions
    return FindMyWay({
      ...(ignoreTrailingSlash && { ignoreTrailingSlash }),
      ...(ignoreDuplicateSlashes && { ignoreDuplicateSlashes }),
      ...(caseSensitive !== undefined && { caseSensitive }),
      maxParamLength: Number.MAX_SAFE_INTEGER,
    })
  }
}

/** Answers requests of this instance that no route takes, before their body is looked at. */
export function answerMissing(app: FastifyInstance, routes: RouteTable): void {
  app.addHook('onRequest', (request, _reply, done) => {
    done(request.is404 ? routes.missing(request) : undefined)
  })
  app.setNotFoundHandler(request => {
    throw routes.missing(request)
  })
}
