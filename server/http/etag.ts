// Conditional requests: a tag that changes when the content does, and 304 for whoever has it already.
import { randomUUID } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'

/**
 * What tags of this process begin with. A restart may change how a report is rendered, or open another
 * store whose numbers begin anew, so that tags from before it must match nothing.
 */
const EPOCH = randomUUID().slice(0, 8)

/** The tag of what this URL gives, by a version that changes when the content does. */
export function tagOf({ originalUrl }: FastifyRequest, version: number | string): string {
  return `"${EPOCH}.${version}.${hashOf(originalUrl)}"`
}

/**
 * FNV-1a, of 32 bits, which costs a poll less than any other: it only keeps the tags of one version apart,
 * and a client that makes two URLs collide misleads nobody but itself.
 */
function hashOf(text: string): string {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  }
  return (hash >>> 0).toString(36)
}

/** Whether the client says that it has the content with this tag. Weak comparison (RFC 9110, 13.1.2). */
export function isKnown({ headers }: FastifyRequest, tag: string): boolean {
  const given = headers['if-none-match']
  if (given === undefined) return false
  if (given === tag) return true
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
