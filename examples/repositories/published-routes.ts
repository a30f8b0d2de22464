// Published folders over HTTP: each is a feed in its turn, so that a mirror can
// be mirrored.

import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'
import { notPublished } from './errors.ts'
import { MANIFEST } from './manifest.ts'
import type { Mirror } from './mirror.ts'

/** Adds `/published/<name>/<file>`. */
export function publishedRoutes(app: FastifyInstance, { publications }: Mirror): void {
  app.get('/published/:name/*', async (request, reply) => {
    const { name, '*': path } = request.params as { name: string; '*': string }
    const file = await publications.file(name, path)
    const stats = await stat(file)
    if (!stats.isFile()) throw notPublished(`${name}/${path}`)
    return reply
      .header('content-length', stats.size)
      .header('x-content-type-options', 'nosniff')
      .type(contentType(path))
      .send(createReadStream(file))
  })
}

// Mirrored bytes come from elsewhere: a browser shall save them, never run them.
function contentType(path: string): string {
  if (path === MANIFEST) return 'text/plain; charset=utf-8'
  return path.endsWith('.json') ? 'application/json' : 'application/octet-stream'
}
