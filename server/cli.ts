// The command line: turns arguments and environment into options, starts what they ask for, and
// gives the exit status. Reading them is config.ts, serving is main.ts.
import { readConfig, type ServeConfig } from './config.ts'
import { packageVersion } from './version.ts'

/**
 * Runs one `rollcall` command line to its end.
 *
 * @param argv Arguments without the executable and the script.
 * @param env  Environment; every option has a twin in it.
 * @returns The exit status: 0 when all went well, 1 when the command failed, a replay differs from the
 *   record or a group that was watched did not finish, 2 when the command line, the environment, a file to
 *   replay or a group to watch is wrong, 130 when a watch was interrupted.
 */
export async function run(
  argv: readonly string[] = process.argv.slice(2),
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<number> {
  const config = readConfig(argv, env)
  // Each command is loaded only when it is asked for: help and a wrong option answer without waiting.
  switch (config.kind) {
    case 'help':
      process.stdout.write(config.text)
      return 0
    case 'version':
      process.stdout.write(`${packageVersion()}\n`)
      return 0
    case 'invalid':
      return fail(config.message, config.exitStatus)
    case 'serve':
      return serveUntilStopped(config.options)
    case 'watch': {
      const { watchGroup } = await import('./terminal/command.ts')
      const interrupted = new AbortController()
      for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => interrupted.abort())
      return watchGroup(config.options, process.stdout, interrupted.signal).catch(error =>
        fail(messageOf(error), 2),
      )
    }
    case 'machines': {
      const { printMachines } = await import('./machines/command.ts')
      return printMachines(config.options, process.stdout)
    }
    case 'export': {
      const { exportToFile } = await import('./history/export-command.ts')
      return exportToFile(config.options, process.stdout).catch(error => fail(messageOf(error), 1))
    }
    case 'replay': {
      const { replayFile } = await import('./history/replay-command.ts')
      return replayFile(config.options, process.stdout).catch(error => fail(messageOf(error), 2))
    }
  }
}

async function serveUntilStopped(options: ServeConfig): Promise<number> {
  try {
    const { serve } = await import('./main.ts')
    return await serve(options)
  } catch (error) {
    const wantsStack = options.logLevel === 'debug' || options.logLevel === 'trace'
    return fail((wantsStack && error instanceof Error && error.stack) || messageOf(error), 1)
  }
}

function fail(message: string, exitStatus: number): number {
  process.stderr.write(`rollcall: ${message}\n`)
  return exitStatus
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
