// The whole service as one Fastify application: the mirror, rollcall with the
// calls that work on it, and the routes.

import Fastify, { type FastifyInstance } from 'fastify'
import { rollcall, serverOptions, sqliteStore } from '../../server/index.ts'
import { repositoryCalls } from './calls.ts'
import { openMirror } from './mirror.ts'
import { publishedRoutes } from './published-routes.ts'
import { repositoryRoutes } from './routes.ts'
import { searchRoutes } from './search-routes.ts'

/** How to build the service. */
export interface AppOptions {
  /** The folder that holds everything; made when it does not exist. */
  data: string
  /** Where REST begins; default `/pulp/api`. */
  mount?: string
  /** How many tasks run at once; rollcall's default when left out. */
  concurrency?: number
  /** Fastify's log level; default `warn`. */
  logLevel?: string
}

/**
 * Builds the service on a data folder. It takes up the tasks of an earlier process on that folder
 * at once, and lets go of the folder when it is closed.
 *
 * @throws When another process holds the folder.
 */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const { data, mount = '/pulp/api', concurrency, logLevel = 'warn' } = options
  const app = Fastify(serverOptions(logLevel))
  const mirror = await openMirror(data, mount)
  // Hooks run last to first: by then rollcall's own has seen the last call end.
  app.addHook('onClose', async () => mirror.close())
  try {
    const calls = repositoryCalls(mirror)
    await app.register(rollcall, {
      calls: Object.values(calls),
      store: sqliteStore(data),
      mount,
      concurrency,
      wholeApp: true,
    })
    await app.register(async service => {
      repositoryRoutes(service, mirror, calls)
      searchRoutes(service, mirror)
      publishedRoutes(service, mirror)
    })
    await app.ready()
  } catch (error) {
    await app.close()
    throw error
  }
  return app
}
