// `npm start`: serves the repositories until a signal ends it. Takes the same
// options and environment as `rollcall serve`, except --calls.

import { readConfig } from '../../server/config.ts'
import { serveUntilSignal } from '../../server/index.ts'
import { buildApp } from './app.ts'

const config = readConfig(['serve', ...process.argv.slice(2)], process.env)
switch (config.kind) {
  case 'help':
    process.stdout.write(config.text)
    break
  case 'version':
    process.stdout.write('npm start serves the checkout that it runs in\n')
    break
  case 'invalid':
    process.stderr.write(`rollcall: ${config.message}\n`)
    process.exitCode = config.exitStatus
    break
  case 'serve':
    if (config.options.callsFile === undefined) {
      await serve(config.options)
    } else {
      process.stderr.write(
        'rollcall: npm start serves the calls of examples/repositories; ' +
          'for your own use npm run rollcall -- serve --calls FILE\n',
      )
      process.exitCode = 2
    }
    break
}

async function serve(options: Extract<typeof config, { kind: 'serve' }>['options']): Promise<void> {
  const { dataDir, port, host, mount, concurrency, logLevel, graceMs } = options
  try {
    const app = await buildApp({ data: dataDir, mount, concurrency, logLevel })
    await serveUntilSignal(app, { port, host, graceMs })
  } catch (error) {
    process.stderr.write(`rollcall: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}
