// One history from its first step to its end, in a world of its own.
import type { Finding } from './findings.ts'
import type { History } from './history.ts'
import { Journal } from './journal.ts'
import { RULES, type Rules } from './rules/rules.ts'
import type { Tally } from './tally.ts'
import { World } from './world.ts'

/** What broke, and when. */
export interface Broken extends Finding {
  /** Steps that had been taken. */
  steps: number
  /** Whether it was found when all was let go on after the last step. */
  atEnd: boolean
}

export interface Run {
  /** The first invariant that broke; null when all held. */
  broken: Broken | null
  tasks: number
  commits: number
  tally: Tally
  /** Of the journal, in hexadecimal. */
  sha256: string
}

export interface RunOptions {
  rules?: Rules
  /** Gets the journal's lines. */
  sink?: (line: string) => void
  /** Whether to let all go on to its end after the last step; default true. */
  finish?: boolean
  /** Called after each step with how many have been taken. */
  progress?: (steps: number) => void
}

export async function run(history: History, options: RunOptions = {}): Promise<Run> {
  const { rules = RULES, sink, progress, finish = true } = options
  const journal = new Journal(sink)
  const world = new World(history, journal, rules)
  const unhandled = (reason: unknown) =>
    world.findings.note('No promise fails that nobody waits for', String(reason))
  process.on('unhandledRejection', unhandled)
  let steps = 0
  let atEnd = false
  try {
    for (const step of history.steps) {
      steps += 1
      await world.take(step, steps)
      if (world.findings.first !== null) break
      progress?.(steps)
    }
    atEnd = world.findings.first === null
    if (atEnd && finish) await world.finish()
  } catch (error) {
    world.findings.note('Nothing fails in the hands of a client', `${(error as Error).stack}`)
  } finally {
    process.off('unhandledRejection', unhandled)
  }
  const { first } = world.findings
  if (first !== null) journal.write(`broken: ${first.rule}`)
  const { commits, tally, ledger } = world
  const tasks = ledger.ends.size + ledger.unfinished.size
  const broken = first === null ? null : { ...first, steps, atEnd }
  return { broken, tasks, commits, tally, sha256: journal.sha256 }
}
