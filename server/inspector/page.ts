// The page itself: its files, and index.html for every address of its own.
import { join } from 'node:path'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { NotFoundError } from '../errors.ts'
import { pathOf } from '../http/error-body.ts'
import { type Asset, Assets } from './assets.ts'

/** The build lies beside this file, in the source as in the package. */
const BUILT = join(import.meta.dirname, 'assets')

const NOT_BUILT = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Rollcall: the page is not built</title></head>
<body>
<h1>The page is not built</h1>
<p>This is a checkout whose page has not been built yet. Run <code>npm run build:page</code> and load this
address again; the server can go on running.</p>
</body>
</html>
`

/**
 * Adds the page below the instance's prefix.
 *
 * @param mount  Where the REST interface is, for the page to find it.
 * @param folder What the page's build wrote.
 */
export function pageRoutes(
  app: FastifyInstance,
  { mount, folder = BUILT }: { mount: string; folder?: string },
): void {
  const assets = new Assets(folder)
  const schema = { hide: true }

  app.get('/', { schema }, async (request, reply) => {
    if (pathOf(request).endsWith('/')) return sendPage(request, reply)
    // Below the folder, so that whatever the page links to relatively is found.
    const [path, query] = request.originalUrl.split('?', 2)
    return reply.redirect(`${path}/${query === undefined ? '' : `?${query}`}`, 308)
  })

  app.get<{ Params: { '*': string } }>('/*', { schema }, async (request, reply) => {
    const path = request.params['*']
    const isFile = path.slice(path.lastIndexOf('/') + 1).includes('.')
    if (!isFile) return sendPage(request, reply)
    const asset = await assets.find(path)
    if (asset === null) throw new NotFoundError(`there is nothing at ${pathOf(request)}`)
    return send(request, reply, asset)
  })

  async function sendPage(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const page = await assets.page({ 'rollcall-mount': mount })
    if (page !== null) return send(request, reply, page)
    reply.code(503).type('text/html; charset=utf-8').header('cache-control', 'no-store')
    return reply.send(NOT_BUILT)
  }
}

function send(request: FastifyRequest, reply: FastifyReply, asset: Asset): FastifyReply {
  const { type, tag, body, gzipped, isImmutable } = asset
  reply.headers({
    etag: tag,
    'cache-control': isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    vary: 'accept-encoding',
  })
  if (request.headers['if-none-match']?.includes(tag)) return reply.code(304).send()
  reply.type(type)
  if (gzipped === null || !takesGzip(request)) return reply.send(body)
  return reply.header('content-encoding', 'gzip').send(gzipped)
}

function takesGzip({ headers }: FastifyRequest): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/.test(headers['accept-encoding'] ?? '')
}
