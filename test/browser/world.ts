// A server with real calls whose runs the test ends, and the page in a real Chromium.
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import Fastify from 'fastify'
import type { Page } from 'playwright-core'
import { RouteTable } from '../../server/http/not-found.ts'
import {
  memoryStore,
  rollcall,
  type Store,
  serverOptions,
  type TaskEngine,
} from '../../server/index.ts'
import { inspectorRoutes } from '../../server/inspector/plugin.ts'
import { callsOf, Gates } from './calls.ts'
import { builtPage, type OpenOptions, openWindow, type Window } from './window.ts'

export { startChromium, useChromium } from './window.ts'

const MOUNT = '/pulp/api'

export interface World {
  origin: string
  /** Opens an address in a window of its own. The test fails in the end when the page had a problem. */
  open: (path: string, options?: OpenOptions) => Promise<Page>
  engine: TaskEngine
  /** Lets every run of a name end, those to come too. */
  release: (name: string) => void
  /** Stops the server as a crash of the network would, and serves again on the same port. */
  cut: () => Promise<void>
  mend: () => Promise<void>
}

/** Starts a server; it ends with the test. */
export async function startWorld(
  t: TestContext,
  { concurrency = 10, store = memoryStore() }: { concurrency?: number; store?: Store } = {},
): Promise<World> {
  const gates = new Gates()
  const app = Fastify(serverOptions('fatal'))
  await app.register(rollcall, {
    calls: callsOf(gates),
    store,
    concurrency,
    mount: MOUNT,
    wholeApp: true,
    inspector: false,
  })
  const routes = new RouteTable(app)
  const engine = app.rollcall
  await app.register(async outside => {
    inspectorRoutes(outside, {
      rollcall: engine.core,
      routes,
      mount: MOUNT,
      assetsFolder: builtPage(),
    })
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const address = app.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const origin = `http://127.0.0.1:${port}`
  const windows: Window[] = []
  t.after(async () => {
    // First of all, so that no page sees the server go.
    await Promise.all(windows.map(({ page }) => page.context().close()))
    gates.openAll()
    app.server.closeAllConnections()
    await app.close()
    assert.deepEqual(
      windows.flatMap(({ problems }) => problems),
      [],
    )
  })
  return {
    origin,
    open: async (path, options) => {
      const window = await openWindow(origin, path, options)
      windows.push(window)
      return window.page
    },
    engine,
    release: name => gates.open(name),
    cut: async () => {
      app.server.closeAllConnections()
      await new Promise(resolve => app.server.close(resolve))
    },
    mend: () =>
      new Promise((resolve, reject) => {
        app.server.once('error', reject)
        app.server.listen(port, '127.0.0.1', () => resolve())
      }),
  }
}
