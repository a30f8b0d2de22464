// A program with the plugin in it, and requests to it without a socket.
import type { TestContext } from 'node:test'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { memoryStore, rollcall } from '../../server/index.ts'

/** What the plugin may be told beside its calls and store. */
export interface AppSetting {
  calls: readonly unknown[]
  fastify?: FastifyServerOptions
  plugin?: { wholeApp?: boolean; syncWaitMs?: number; mount?: string; bodyLimit?: number }
  /** Adds routes of the program's own. */
  routes?: (app: FastifyInstance) => void
}

/** Builds the app; it closes with the test. */
export async function appWith(t: TestContext, setting: AppSetting): Promise<FastifyInstance> {
  const app = Fastify(setting.fastify ?? {})
  t.after(() => app.close())
  await app.register(rollcall, { calls: setting.calls, store: memoryStore(), ...setting.plugin })
  setting.routes?.(app)
  await app.ready()
  return app
}
