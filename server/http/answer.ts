// An answer as a value, so that it can be kept and given again; and how it is sent.
import type { FastifyReply } from 'fastify'
import type { Json } from '../../machines/index.ts'

export interface Answer {
  status: number
  headers: Record<string, string>
  body: Json
}

export const JSON_TYPE = 'application/json; charset=utf-8'

/** Sends JSON that is JSON whatever it is: Fastify by itself sends strings bare, and null as nothing. */
export function sendJson(reply: FastifyReply, body: unknown): FastifyReply {
  return sendRendered(reply, JSON.stringify(body))
}

/** Sends what is JSON already: a text, or its bytes in UTF-8. */
export function sendRendered(reply: FastifyReply, json: string | Buffer): FastifyReply {
  return reply.header('content-type', JSON_TYPE).send(json)
}

/** A reply that is sent, or will have been. */
export type Answered = FastifyReply | Promise<FastifyReply>

/**
 * Answers with a value, at once when it is there. A handler that waits for a promise, if only for a
 * moment, costs a tenth of what a short poll does.
 */
export function whenThere<T>(value: T | Promise<T>, answer: (value: T) => Answered): Answered {
  return value instanceof Promise ? value.then(answer) : answer(value)
}

/** Sends an answer of our own routes. */
export function sendAnswer(reply: FastifyReply, { status, headers, body }: Answer): FastifyReply {
  return sendJson(reply.code(status).headers(headers), body)
}

/** A path or URL as a header can carry it. */
export function headerUrl(href: string): string {
  return href.toWellFormed().replace(/[^\x21-\x7e]+/g, encodeURIComponent)
}
