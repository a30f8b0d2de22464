// Waits that a request asks for with `Prefer: wait`: for a change of what it knows, or else for the end.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Commit } from '../decisions.ts'
import type { Rollcall } from '../rollcall.ts'
import { isKnown, tagOf } from './etag.ts'
import { preferenceApplied, preferencesOf } from './prefer.ts'

/** Aborted when the client goes away before it has its answer. */
export function disconnection({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController()
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort()
  })
  return gone.signal
}

export interface Polled<T> {
  read: () => T | Promise<T>
  /** Changes when what is shown of `read` does. */
  version: (value: T) => number | string
  ended: (value: T) => boolean
  concerns: (commit: Commit) => boolean
}

export interface PollParts {
  rollcall: Rollcall
  /** Aborted when the server stops. */
  closing: AbortSignal
}

/**
 * Reads what a GET shows, at once or when the client's wait is over: with `If-None-Match` it waits for
 * other content than that, without for the end. A server that stops answers at once.
 */
export function polled<T>(
  { rollcall, closing }: PollParts,
  request: FastifyRequest,
  reply: FastifyReply,
  { read, version, ended, concerns }: Polled<T>,
): T | Promise<T> {
  const { waitMs } = preferencesOf(request.headers.prefer)
  if (waitMs === null) return read()
  reply.headers(preferenceApplied({ respondAsync: false, waitMs }))
  const knows = request.headers['if-none-match'] !== undefined
  return rollcall.until({
    read,
    done: value => ended(value) || (knows && !isKnown(request, tagOf(request, version(value)))),
    concerns,
    timeoutMs: waitMs,
    signal: AbortSignal.any([rollcall.stopping, closing, disconnection(reply)]),
  })
}
