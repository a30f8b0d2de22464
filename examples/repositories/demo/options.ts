// What the demo takes on its command line.
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const HELP = `npm run demo -- [options]

Mirrors every package of this checkout's node_modules through one task group, and shows it at work.

Options:
  --exit           end when the group has ended: 0 when every task finished, 1 otherwise
  --data DIR       where to keep everything (default a temporary folder); a run that was killed
                   goes on from there
  --packages DIR   another node_modules folder
  --port PORT      default a free one
  --concurrency N  how many tasks run at once (default 6)
  -h, --help       print this and end
`

export interface DemoOptions {
  exit: boolean
  data: string | undefined
  packages: string
  port: number
  concurrency: number
}

/** Reads the options; `--help` and what cannot be read end the process with a text. */
export function demoOptions(args: string[]): DemoOptions {
  try {
    const { values } = parseArgs({
      args,
      options: {
        exit: { type: 'boolean', default: false },
        data: { type: 'string' },
        packages: { type: 'string', default: join(import.meta.dirname, '../../../node_modules') },
        port: { type: 'string', default: '0' },
        concurrency: { type: 'string', default: '6' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    if (values.help) {
      process.stdout.write(HELP)
      process.exit(0)
    }
    const { exit, data, packages } = values
    const port = whole('--port', values.port, 0, 65_535)
    const concurrency = whole('--concurrency', values.concurrency, 1, 1_000)
    return { exit, data, packages, port, concurrency }
  } catch (error) {
    process.stderr.write(`demo: ${(error as Error).message}\n\n${HELP}`)
    process.exit(2)
  }
}

function whole(option: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= min && value <= max) return value
  throw new Error(`${option} is "${text}"; it takes a whole number from ${min} to ${max}`)
}
