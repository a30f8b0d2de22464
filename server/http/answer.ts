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
  reply.type(JSON_TYPE)
  return reply.send(JSON.stringify(body))
}

/** Sends an answer of our own routes. */
export function sendAnswer(reply: FastifyReply, { status, headers, body }: Answer): FastifyReply {
  return sendJson(reply.code(status).headers(headers), body)
}

/** A path or URL as a header can carry it. */
export function headerUrl(href: string): string {
  return href.toWellFormed().replace(/[^\x21-\x7e]+/g, encodeURIComponent)
}
