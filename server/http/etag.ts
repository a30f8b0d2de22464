// Conditional requests: a tag that changes when the content does, and 304 for whoever has it already.
import { createHash, randomUUID } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'

/**
 * What tags of this process begin with. A restart may change how a report is rendered, or open another
 * store whose numbers begin anew, so that tags from before it must match nothing.
 */
const EPOCH = randomUUID().slice(0, 8)

/** The tag of what this URL gives, by a version that changes when the content does. */
export function tagOf({ originalUrl }: FastifyRequest, version: number | string): string {
  const url = createHash('sha256').update(originalUrl).digest('base64url').slice(0, 8)
  return `"${EPOCH}.${version}.${url}"`
}

/** Whether the client says that it has the content with this tag. Weak comparison (RFC 9110, 13.1.2). */
export function isKnown({ headers }: FastifyRequest, tag: string): boolean {
  const given = headers['if-none-match']
  if (given === undefined) return false
  if (given.trim() === '*') return true
  return given.match(/"[^"]*"/g)?.some(each => each === tag) ?? false
}

/** Puts the tag on the reply; when the client knows it, the answer is a 304 and this is true. */
export function answersNotModified(
  request: FastifyRequest,
  reply: FastifyReply,
  tag: string,
): boolean {
  reply.headers({ etag: tag, 'cache-control': 'no-cache' })
  if (!isKnown(request, tag)) return false
  reply.code(304).send()
  return true
}
