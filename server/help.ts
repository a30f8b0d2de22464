// What `rollcall --help` prints.
import { EXPORT_OPTIONS } from './history/options.ts'
import { MACHINES_OPTIONS } from './machines/options.ts'
import { SERVE_OPTIONS } from './serve-options.ts'
import { WATCH_FLAGS, WATCH_OPTIONS } from './terminal/options.ts'

type Options = Readonly<Record<string, { value: string; help: string }>>

const TWINS = `Every option that takes a value has a twin in the environment: ROLLCALL_DATA for --data, and so
on, with _ for - as in ROLLCALL_LOG_LEVEL. An option beats its twin.
`

/** The help of one command; of all, with the options of `serve`, when none is named. */
export function helpText(command?: string): string {
  switch (command) {
    case 'watch':
      return `rollcall watch: shows a group until it has settled

Usage: rollcall watch GROUP [options]

GROUP is the id of a group on a server that runs. Ends with status 0 when all of its tasks finished,
1 when one did not, and 130 when it is interrupted.

Options:
${rows(WATCH_OPTIONS, WATCH_FLAGS)}

${TWINS}`
    case 'machines':
      return `rollcall machines: prints the statecharts

Usage: rollcall machines [task | group] [options]

Options:
${rows(MACHINES_OPTIONS)}

${TWINS}`
    case 'export':
      return `rollcall export: writes the history of a group to a file

Usage: rollcall export --group ID [options]

Options:
${rows(EXPORT_OPTIONS)}

Reads the store as it is, beside a server that runs and after one that was killed, and changes
nothing in it. The file holds the arguments and results of the group's tasks.

${TWINS}`
    case 'replay':
      return `rollcall replay: runs a history through the statecharts, and prints each step

Usage: rollcall replay FILE

FILE is what "rollcall export" wrote. Ends with status 0 when the statecharts do as recorded, 1
when they do not, and 2 when the file is refused.

Options:
${rows({})}
`
    default:
      return `rollcall: a durable task-group engine

Usage: rollcall serve [options]
       rollcall watch GROUP [options]
       rollcall export --group ID [options]
       rollcall replay FILE
       rollcall machines [NAME] [options]

"rollcall COMMAND --help" tells more about one of them.

Options of serve:
${rows(SERVE_OPTIONS)}

${TWINS}
SIGTERM or SIGINT stops taking work, lets running tasks end for the grace, and then interrupts them.
`
  }
}

function rows(options: Options, flags: Readonly<Record<string, { help: string }>> = {}): string {
  const all: [string, string][] = Object.entries(options).map(([name, { value, help }]) => [
    `--${name} ${value}`,
    help,
  ])
  for (const [name, { help }] of Object.entries(flags)) all.push([`--${name}`, help])
  all.push(['-h, --help', 'print this and end'], ['-v, --version', 'print the version and end'])
  const width = Math.max(...all.map(([left]) => left.length))
  return all.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n')
}
