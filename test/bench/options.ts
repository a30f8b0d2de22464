// The command line of `npm run bench` → options.
import { parseArgs } from 'node:util'

export interface Options {
  isQuick: boolean
  /** Names of benches or figures; empty: all. */
  only: string[]
  rounds: number
  json: string
  data: string | undefined
}

export type Reading =
  | { kind: 'run'; options: Options }
  | { kind: 'help' }
  | { kind: 'list' }
  | { kind: 'invalid'; message: string }

export const HELP = `Usage: npm run bench -- [options]

Measures every figure side by side with its yardstick, in rounds, and prints a table.

  --quick       smaller sizes, one round, in under a minute: a first look, not a result
  --only NAME   only this bench or figure; may be given several times; --list names them
  --rounds N    rounds of each figure; default 5, and 1 with --quick
  --json FILE   where the result is written; default rollcall-bench.json in the temporary folder
  --data DIR    a folder on a disk to measure in; default the temporary folder
  --list        the figures, their yardsticks and their goals
  --help        this text
`

/** @param names Of all benches and figures, for --only. */
export function readOptions(
  argv: readonly string[],
  names: ReadonlySet<string>,
  defaultJson: string,
): Reading {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        quick: { type: 'boolean', default: false },
        only: { type: 'string', multiple: true, default: [] },
        rounds: { type: 'string' },
        json: { type: 'string', default: defaultJson },
        data: { type: 'string' },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    if (values.help) return { kind: 'help' }
    if (values.list) return { kind: 'list' }
    const unknown = values.only.find(name => !names.has(name))
    if (unknown !== undefined) {
      const known = [...names].join(', ')
      return { kind: 'invalid', message: `there is no figure "${unknown}"; there are ${known}` }
    }
    const rounds = values.rounds ?? (values.quick ? '1' : '5')
    if (!/^[1-9]\d{0,3}$/.test(rounds)) {
      return { kind: 'invalid', message: `--rounds must be 1 to 9999, but is "${rounds}"` }
    }
    const { quick: isQuick, only, json, data } = values
    return { kind: 'run', options: { isQuick, only, rounds: Number(rounds), json, data } }
  } catch (error) {
    // parseArgs says which option it does not know, or which lacks its value.
    if (!(error instanceof TypeError)) throw error
    return { kind: 'invalid', message: error.message }
  }
}
