// The command line: turns arguments and environment into options, starts what they ask for, and
// gives the exit status. Reading them is config.ts, serving is main.ts.
import { createRequire } from 'node:module'
import { readConfig, type ServeConfig } from './config.ts'

/**
 * Runs one `rollcall` command line to its end.
 *
 * @param argv Arguments without the executable and the script.
 * @param env  Environment; every option has a twin in it.
 * @returns The exit status: 0 when all went well, 1 when serving failed, 2 when the command line
 *   or the environment is wrong.
 */
export async function run(
  argv: readonly string[] = process.argv.slice(2),
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<number> {
  const config = readConfig(argv, env)
  switch (config.kind) {
    case 'help':
      process.stdout.write(config.text)
      return 0
    case 'version':
      process.stdout.write(`${packageVersion()}\n`)
      return 0
    case 'invalid':
      process.stderr.write(`rollcall: ${config.message}\n`)
      return config.exitStatus
    case 'serve':
      return serveUntilStopped(config.options)
  }
}

async function serveUntilStopped(options: ServeConfig): Promise<number> {
  try {
    // Loaded only here: help, version and a wrong option answer without waiting for the server.
    const { serve } = await import('./main.ts')
    return await serve(options)
  } catch (error) {
    process.stderr.write(`rollcall: ${explain(error, options)}\n`)
    return 1
  }
}

function explain(error: unknown, options: ServeConfig): string {
  if (!(error instanceof Error)) return String(error)
  const wantsStack = options.logLevel === 'debug' || options.logLevel === 'trace'
  return (wantsStack && error.stack) || error.message
}

// By the package's own name, because the source and the built file lie at different depths.
function packageVersion(): string {
  const manifest: { version: string } = createRequire(import.meta.url)('rollcall/package.json')
  return manifest.version
}
