// Query strings: text → the types that a route's schema names. The schema itself is checked afterwards.
import type { FastifyRequest } from 'fastify'
import { BadRequestError } from '../errors.ts'

interface QuerySchema {
  properties?: Record<string, { type?: string }>
}

const BOOLEANS = new Map([
  ['true', true],
  ['True', true],
  ['1', true],
  ['false', false],
  ['False', false],
  ['0', false],
])

/**
 * Gives a request's query by the types of a schema: integers and booleans are read as such, a list is a
 * parameter that may be repeated. Names that the schema does not have stay, for it to refuse.
 *
 * @throws {BadRequestError} Malformed encoding, a repeated parameter that is no list, or no such value.
 */
export function readQuery(
  { originalUrl }: Pick<FastifyRequest, 'originalUrl'>,
  { properties = {} }: QuerySchema,
): Record<string, unknown> {
  const query: Record<string, unknown> = {}
  for (const [name, text] of pairsOf(originalUrl)) {
    const type = Object.hasOwn(properties, name) ? properties[name]?.type : 'string'
    if (type === 'array') {
      const known = query[name]
      query[name] = Array.isArray(known) ? [...known, text] : [text]
    } else if (Object.hasOwn(query, name)) {
      throw new BadRequestError(`the query names ${JSON.stringify(name)} twice`)
    } else {
      // Defined, not assigned: the name may be __proto__.
      Object.defineProperty(query, name, {
        value: typed(name, text, type),
        enumerable: true,
        configurable: true,
        writable: true,
      })
    }
  }
  return query
}

function pairsOf(url: string): [string, string][] {
  const start = url.indexOf('?')
  if (start < 0) return []
  return url
    .slice(start + 1)
    .split('&')
    .filter(part => part !== '')
    .map(part => {
      const [name = '', ...rest] = part.split('=')
      return [decoded(name), decoded(rest.join('='))]
    })
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw new BadRequestError(
      `the query holds ${JSON.stringify(text)}, which is malformed encoding`,
    )
  }
}

function typed(name: string, text: string, type: string | undefined): unknown {
  if (type === 'integer') {
    if (/^\d{1,15}$/.test(text)) return Number(text)
    throw new BadRequestError(`${name} is ${JSON.stringify(text)}; it is a whole number from 0`)
  }
  if (type === 'boolean') {
    const value = BOOLEANS.get(text)
    if (value !== undefined) return value
    throw new BadRequestError(`${name} is ${JSON.stringify(text)}; it is true or false`)
  }
  return text
}
