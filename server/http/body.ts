// Request bodies: JSON of bounded depth, with nothing in it that would change on its way to a handler.
import { isUtf8 } from 'node:buffer'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { BadRequestError, UnsupportedTypeError } from '../errors.ts'

/** The deepest nesting of a body's lists and objects. */
const DEPTH_MAX = 64

/** Makes JSON the only content type of this instance's routes. An empty body is no body, whatever its type. */
export function takeJsonOnly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addHook('onRequest', (request, _reply, done) => {
    dropTypeOfNothing(request)
    done()
  })
  app.addContentTypeParser<Buffer>(
    /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i,
    { parseAs: 'buffer' },
    (_request: FastifyRequest, body: Buffer, done) => {
      let value: unknown
      try {
        value = parseBody(body)
      } catch (error) {
        done(error as Error)
        return
      }
      done(null, value)
    },
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
  const { 'content-length': length, 'transfer-encoding': encoding, 'content-type': type } = headers
  if (encoding === undefined && (length === undefined || length === '0')) {
    if (type !== undefined) delete headers['content-type']
  }
  // Fastify refuses what is no media type before it knows whether anything comes with it.
  else if (!MEDIA_TYPE.test(type ?? '')) {
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
  const text = decode(body)
  const value = parseJson(text, 'the body')
  checkValue(value, 1)
  // Only an escape can make half of a pair, or a name that is not in the text as it is.
  if (text.includes('\\u') || text.includes('__proto__')) checkTexts(value)
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

const BYTE_ORDER_MARK = 0xfeff

function decode(body: Buffer): string {
  if (!isUtf8(body)) throw new BadRequestError('the body is not UTF-8')
  const text = body.toString()
  return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text
}

function checkValue(value: unknown, depth: number): void {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new BadRequestError('the body holds a number that is too large')
  }
  if (typeof value !== 'object' || value === null) return
  if (depth > DEPTH_MAX) {
    throw new BadRequestError(`the body is nested deeper than ${DEPTH_MAX} levels`)
  }
  if (Array.isArray(value)) for (const each of value) checkValue(each, depth + 1)
  else for (const key in value) checkValue(value[key as never], depth + 1)
}

function checkTexts(value: unknown): void {
  if (typeof value === 'string') checkText(value)
  if (typeof value !== 'object' || value === null) return
  for (const [key, each] of Object.entries(value)) {
    if (key === '__proto__') throw new BadRequestError('the body names "__proto__"')
    checkText(key)
    checkTexts(each)
  }
}

// A store would keep half of a surrogate pair as something else (RFC 7493, section 2.1).
function checkText(text: string): void {
  if (!text.isWellFormed()) {
    throw new BadRequestError('the body holds a string with half of a surrogate pair')
  }
}
