// The composition root of `rollcall serve`: loads the calls, picks the store, and serves until a signal.
import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import Fastify from 'fastify'
import { type Call, callsOf } from './calls.ts'
import type { ServeConfig } from './config.ts'
import { ownServerOptions } from './http/server-options.ts'
import { createEngine, rollcall, serveUntilSignal, sqliteStore } from './index.ts'

/**
 * Serves until SIGTERM or SIGINT.
 *
 * @returns The exit status, 0.
 * @throws {Error} It cannot start: the calls cannot be loaded, the data folder is in use, the port is taken.
 */
export async function serve(config: ServeConfig): Promise<number> {
  const { callsFile, dataDir, mount, concurrency, host, port, graceMs, logLevel } = config
  const calls = callsFile === undefined ? [] : await load(callsFile)
  if (callsFile === undefined) {
    process.stderr.write('rollcall: no calls are served; name a module of them with --calls\n')
  }
  // Recovery takes as long as it takes, and the plugin waits for it.
  const app = Fastify({ ...ownServerOptions(logLevel), pluginTimeout: 0 })
  const engine = createEngine({
    calls,
    store: sqliteStore(dataDir),
    mount,
    concurrency,
    log: app.log,
    ...(callsFile !== undefined && { callsFolder: dirname(resolve(callsFile)) }),
  })
  try {
    await app.register(rollcall, { engine, wholeApp: true })
    await serveUntilSignal(app, { host, port, graceMs })
    return 0
  } finally {
    await engine.close()
    await app.close()
  }
}

async function load(file: string): Promise<Call[]> {
  try {
    return callsOf(await import(pathToFileURL(resolve(file)).href), file)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`the calls in ${file} cannot be loaded: ${reason}`, { cause: error })
  }
}
