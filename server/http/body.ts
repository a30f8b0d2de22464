// Request bodies: JSON of bounded depth, with nothing in it that would change on its way to a handler.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { BadRequestError, UnsupportedTypeError } from '../errors.ts'

/** The deepest nesting of a body's lists and objects. */
const DEPTH_MAX = 64

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Makes JSON the only content type of this instance's routes. An empty body is no body, whatever its type. */
export function takeJsonOnly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addHook('onRequest', async request => dropTypeOfNothing(request))
  app.addContentTypeParser<Buffer>(
    /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i,
    { parseAs: 'buffer' },
    async (_request: FastifyRequest, body: Buffer) => parseBody(body),
  )
  app.addContentTypeParser<Buffer>(
    '*',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, body: Buffer) => {
      if (body.length > 0) throw new UnsupportedTypeError(request.headers['content-type'])
    },
  )
}

const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+\s*(?:;|$)/

/** Without its header a request that brings nothing cannot be refused for the type of it. */
export function dropTypeOfNothing({ raw: { headers } }: FastifyRequest): void {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = headers
  if (length === '0' && encoding === undefined) delete headers['content-type']
  // Fastify refuses what is no media type before it knows whether anything comes with it.
  else if (!MEDIA_TYPE.test(headers['content-type'] ?? '')) {
    headers['content-type'] = 'application/octet-stream'
  }
}

/**
 * Reads a body; nothing gives undefined.
 *
 * @throws {BadRequestError} It is not UTF-8, not JSON, too deep, or names `__proto__`.
 */
export function parseBody(body: Buffer): unknown {
  if (body.length === 0) return undefined
  const value = parseJson(decode(body), 'the body')
  checkValue(value, 1)
  return value
}

/** @throws {BadRequestError} The text is not JSON; `what` says whose text it is. */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new BadRequestError(`${what} is not JSON: ${reason}`)
  }
}

function decode(body: Buffer): string {
  try {
    return utf8.decode(body)
  } catch {
    throw new BadRequestError('the body is not UTF-8')
  }
}

function checkValue(value: unknown, depth: number): void {
  if (typeof value === 'string') checkText(value)
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new BadRequestError('the body holds a number that is too large')
  }
  if (typeof value !== 'object' || value === null) return
  if (depth > DEPTH_MAX) {
    throw new BadRequestError(`the body is nested deeper than ${DEPTH_MAX} levels`)
  }
  if (Array.isArray(value)) {
    for (const each of value) checkValue(each, depth + 1)
    return
  }
  for (const [key, each] of Object.entries(value)) {
    if (key === '__proto__') throw new BadRequestError('the body names "__proto__"')
    checkText(key)
    checkValue(each, depth + 1)
  }
}

// A store would keep half of a surrogate pair as something else (RFC 7493, section 2.1).
function checkText(text: string): void {
  if (!text.isWellFormed()) {
    throw new BadRequestError('the body holds a string with half of a surrogate pair')
  }
}
