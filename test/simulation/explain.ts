// What is said of a history that breaks an invariant: which one, how to see it again, and the shortest
// history that still breaks it.
import { saveHistory } from './files.ts'
import type { History } from './history.ts'
import type { Run } from './run.ts'
import { shrink } from './shrink.ts'

export interface ExplainOptions {
  /** Arguments that make the command run the same history again, as far as it is needed. */
  replay: string
  /** Runs a candidate, to its very end only when that is asked for. */
  rerun: (history: History, options: { finish: boolean }) => Promise<Run>
  /** Time that shrinking may take at most. */
  shrinkSeconds: number
  /** Where the shrunk history is written to, if anywhere. */
  save: string | null
  write: (text: string) => void
  /** Gets a line now and then while it takes long. */
  progress: (line: string) => void
}

export async function explain(
  history: History,
  broken: NonNullable<Run['broken']>,
  { replay, rerun, shrinkSeconds, save, write, progress }: ExplainOptions,
): Promise<void> {
  write(`\nBroken after step ${broken.steps}: ${broken.rule}\n  ${broken.details}\n`)
  write(`The seed is ${history.seed}. To replay it:\n  npm run simulate -- ${replay}\n`)
  const endMs = performance.now() + shrinkSeconds * 1_000
  const shrunk = await shrink(history, broken, {
    rerun: async candidate => (await rerun(candidate, { finish: broken.atEnd })).broken,
    mayGoOn: () => performance.now() < endMs,
    progress: ({ steps }, runs) => progress(`shrinking: ${steps.length} steps after ${runs} runs`),
  })
  const { steps, first } = shrunk.history
  const ended = shrunk.isDone ? 'nothing more can be left out' : 'the time was up'
  write(`\nShrunk to ${steps.length} steps in ${shrunk.runs} runs (${ended}):\n`)
  write(`  the first process has ${JSON.stringify(first)}\n`)
  for (const step of steps) write(`  ${JSON.stringify(step)}\n`)
  write(`It breaks: ${shrunk.finding.details}\n`)
  if (save === null) return
  saveHistory(save, shrunk.history, shrunk.finding)
  write(`To run it again:\n  npm run simulate -- --history ${save}\n`)
}
