// `npm run simulate`: random histories, one world after another, until one breaks an invariant.
import { closeSync, openSync, writeSync } from 'node:fs'
import { argv, stderr, stdout } from 'node:process'
import { explain } from './explain.ts'
import { loadHistory } from './files.ts'
import { generate } from './generate.ts'
import type { History } from './history.ts'
import { HELP, OptionError, optionsOf, SEED_MAX, type SimulateOptions } from './options.ts'
import { type Run, run } from './run.ts'

/** Time between two lines that say how far it has come, in ms. */
const PROGRESS_EVERY_MS = 5_000

async function main(): Promise<number> {
  const options = optionsOf(argv.slice(2))
  if (options.help) {
    stdout.write(HELP)
    return 0
  }
  const journal = options.journal === null ? null : openSync(options.journal, 'w')
  try {
    for (const { history, replay } of histories(options)) {
      const { broken } = await simulate(history, journal)
      if (broken === null) continue
      await explain(history, broken, {
        ...options,
        replay: replay(broken.steps),
        rerun: run,
        write: text => void stdout.write(text),
        progress: nowAndThen(),
      })
      return 1
    }
    return 0
  } finally {
    if (journal !== null) closeSync(journal)
  }
}

/** Each history to run, and the arguments that replay its first steps. */
function* histories(
  options: SimulateOptions,
): Generator<{ history: History; replay: (steps: number) => string }> {
  const { history: file, steps, seeds, minutes } = options
  if (file !== null) {
    yield { history: loadHistory(file), replay: () => `--history ${file}` }
    return
  }
  const first = options.seed ?? Math.floor(Math.random() * SEED_MAX)
  const endMs = minutes === null ? null : performance.now() + minutes * 60_000
  for (let nth = 0; endMs === null ? nth < seeds : performance.now() < endMs; nth += 1) {
    const seed = (first + nth) % (SEED_MAX + 1)
    yield {
      history: generate(seed, steps),
      replay: taken => `--seed ${seed} --steps ${taken}`,
    }
  }
}

/** Runs one world, and sums it up in a line. */
async function simulate(history: History, journal: number | null): Promise<Run> {
  const { seed, steps } = history
  const progress = nowAndThen()
  const beganMs = performance.now()
  const done = await run(history, {
    ...(journal === null ? {} : { sink: line => void writeSync(journal, line) }),
    progress: taken => progress(`seed ${seed}: ${taken} of ${steps.length} steps`),
  })
  const { broken, tasks, commits, tally, sha256 } = done
  const taken = broken?.steps ?? steps.length
  const perSecond = Math.round((taken / (performance.now() - beganMs)) * 1_000)
  const faults = Object.entries(tally).map(([kind, count]) => `${kind} ${count}`)
  const whole = `${taken} steps, ${tasks} tasks, ${commits} commits`
  const rate = `${perSecond} steps/s`
  stdout.write(`seed ${seed}: ${whole}; ${faults.join(', ')}; journal ${sha256}; ${rate}\n`)
  return done
}

/** Writes a line unless it has written one a moment ago. */
function nowAndThen(): (line: string) => void {
  let toldMs = performance.now()
  return line => {
    if (performance.now() - toldMs < PROGRESS_EVERY_MS) return
    toldMs = performance.now()
    stderr.write(`${line}\n`)
  }
}

try {
  process.exitCode = await main()
} catch (error) {
  if (!(error instanceof OptionError)) throw error
  stderr.write(`${error.message}\nnpm run simulate -- --help says more.\n`)
  process.exitCode = 2
}
