// Pages of a list: `limit` and `skip`, and the Link header that leads to the other pages (RFC 8288).
import type { FastifyReply, FastifyRequest } from 'fastify'

export interface Page {
  limit?: number
  skip?: number
}

/** Links a page to the first, previous, next and last one. Without a limit there are no pages. */
export function linkPages(
  request: FastifyRequest,
  reply: FastifyReply,
  { limit, skip = 0 }: Page,
  total: number,
): void {
  if (limit === undefined || limit === 0) return
  const last = Math.max(0, Math.ceil(total / limit) - 1) * limit
  const links = [link(request, 'first', limit, 0)]
  if (skip > 0) links.push(link(request, 'prev', limit, Math.max(0, skip - limit)))
  if (skip + limit < total) links.push(link(request, 'next', limit, skip + limit))
  links.push(link(request, 'last', limit, last))
  reply.header('link', links.join(', '))
}

function link({ originalUrl }: FastifyRequest, rel: string, limit: number, skip: number): string {
  const [path = '', search = ''] = originalUrl.split('?', 2)
  const query = new URLSearchParams(search)
  query.set('limit', String(limit))
  query.set('skip', String(skip))
  return `<${path}?${query}>; rel="${rel}"`
}
