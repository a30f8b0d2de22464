// What programs import as "rollcall": the Fastify plugin, the engine without HTTP, and what calls are
// written with.
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { CallReport, StateSummary } from '../machines/index.ts'
import { type HttpOptions, mountRest } from './http/plugin.ts'
import { groupRoute, route } from './http/route.ts'
import type { RollcallOptions } from './rollcall.ts'
import { memoryStore } from './store/memory.ts'
import { sqliteStore } from './store/sqlite/store.ts'
import type { Store } from './store/store.ts'
import { TaskEngine } from './task-engine.ts'

export interface EngineOptions extends Omit<RollcallOptions, 'store'> {
  /** Where tasks are kept. A text is the folder of a SQLite store; default `.rollcall`. */
  store?: Store | string
}

/**
 * Starts an engine. It opens its store at once, and every method waits until that is done.
 *
 * @throws {TypeError} A value among the calls is not a call, or two calls have one name.
 */
export function createEngine({ store = '.rollcall', ...options }: EngineOptions): TaskEngine {
  return new TaskEngine({
    ...options,
    store: typeof store === 'string' ? sqliteStore(store) : store,
  })
}

/** Either an engine that exists and outlives the app, or what to make one of. */
export type PluginOptions = HttpOptions &
  (
    | { engine: TaskEngine }
    | (EngineOptions & {
        engine?: undefined
        /** How long running tasks may go on when the app closes, in ms; default 0. */
        graceMs?: number
      })
  )

async function plugin(app: FastifyInstance, options: PluginOptions): Promise<void> {
  if (options.engine !== undefined) {
    // The store opens meanwhile.
    await mountRest(app, options.engine, options, async () => {})
    await options.engine.ready()
    return
  }
  const engine = createEngine({ log: app.log, ...options })
  app.addHook('onClose', () => engine.close())
  await mountRest(app, engine, options, () => engine.close(options.graceMs))
  await engine.ready()
}

/**
 * The Fastify plugin: REST under `mount` + `/v2`, `/healthz`, `/readyz` and `/openapi.json`; decorates the
 * app with `rollcall`, the engine. `rollcall.route` and `rollcall.groupRoute` make handlers of calls.
 */
export const rollcall = Object.assign(fp(plugin, { name: 'rollcall', fastify: '5.x' }), {
  route,
  groupRoute,
})

export default rollcall

export type {
  Json,
  JsonObject,
  Operation,
  ResourceUse,
  TaskState,
} from '../machines/index.ts'
export {
  type ArgsOf,
  type Call,
  type CallDefinition,
  type CallRequest,
  type Created,
  created,
  defineCall,
  type Log,
  type ResultOf,
  type RetryPolicy,
  type RunContext,
  type SpawnOptions,
} from './calls.ts'
export type { Commit } from './decisions.ts'
export * from './errors.ts'
export { exportGroup, type HistorySource } from './history/export.ts'
export { type ListenOptions, serveUntilSignal } from './http/listen.ts'
export type { HttpOptions } from './http/plugin.ts'
export type { RouteOptionsOfCall, RouteRequest } from './http/route.ts'
export { serverOptions } from './http/server-options.ts'
export type { Inspect } from './inspection/observer.ts'
export type { Store, TaskQuery } from './store/store.ts'
export type { SubmitOptions } from './submission.ts'
export type { GroupRequest } from './submitter.ts'
export type {
  Members,
  SubmittedGroup,
  SubmittedTask,
  TaskEngine,
  TaskOptions,
} from './task-engine.ts'
export { Type } from './typebox.ts'
export type { CallReport, StateSummary }
export { memoryStore, sqliteStore }
