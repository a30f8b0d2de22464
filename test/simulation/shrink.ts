// A history that breaks an invariant → a shorter and simpler one that still breaks the same: steps are
// left out, in large pieces first (delta debugging), then what is left of each step is made plainer.
import type { Finding } from './findings.ts'
import type { History, Step } from './history.ts'
import { NUMBERS, nearer, simplerLives, simplerSteps } from './simpler.ts'

/** Steps up to which every two of them are tried to be left out together. */
const PAIRED_MAX = 30

export interface ShrinkOptions {
  /** Runs a candidate; null when it breaks nothing. */
  rerun: (history: History) => Promise<(Finding & { steps: number }) | null>
  /** Whether there is time for another candidate. */
  mayGoOn: () => boolean
  /** Called after each candidate that was shorter or simpler. */
  progress?: (shortest: History, runs: number) => void
}

export interface Shrunk {
  history: History
  finding: Finding
  /** Candidates that were run. */
  runs: number
  /** Whether nothing more could be left out; false when the time was up. */
  isDone: boolean
}

/** @param finding What the history breaks, and after how many steps. */
export async function shrink(
  history: History,
  finding: Finding & { steps: number },
  options: ShrinkOptions,
): Promise<Shrunk> {
  const search = new Search(
    { ...history, steps: history.steps.slice(0, finding.steps) },
    finding,
    options,
  )
  await search.takeTail()
  for (let before = -1; search.improvements !== before && options.mayGoOn(); ) {
    before = search.improvements
    await search.leaveOut()
    await search.simplify()
    await search.leaveOutAndCount()
    await search.leaveOutPairs()
  }
  const { shortest, runs } = search
  return { history: shortest, finding: search.finding, runs, isDone: options.mayGoOn() }
}

class Search {
  shortest: History
  finding: Finding
  runs = 0
  improvements = 0
  readonly #options: ShrinkOptions

  constructor(history: History, { rule, details }: Finding, options: ShrinkOptions) {
    this.shortest = history
    this.finding = { rule, details }
    this.#options = options
  }

  /** The cause is mostly in the last steps: tries those alone, more and more of them. */
  async takeTail(): Promise<void> {
    const { steps } = this.shortest
    for (let length = 16; length < steps.length; length *= 2)
      if (await this.#try({ ...this.shortest, steps: steps.slice(-length) })) return
  }

  /** Leaves out every piece that is not needed: halves, then quarters, down to single steps. */
  async leaveOut(): Promise<void> {
    for (let size = Math.ceil(this.shortest.steps.length / 2); ; size = Math.ceil(size / 2)) {
      for (let at = 0; at < this.shortest.steps.length; ) {
        const steps = this.shortest.steps.toSpliced(at, size)
        if (!(await this.#try({ ...this.shortest, steps }))) at += size
      }
      if (size <= 1) return
    }
  }

  /** Leaves out single steps where the numbers in those after it must count one less for it. */
  async leaveOutAndCount(): Promise<void> {
    for (let at = this.shortest.steps.length - 1; at >= 0; at -= 1) {
      for (const numbers of NUMBERS) {
        const { steps } = this.shortest
        const later = steps.slice(at + 1).map(step => nearer(step, numbers))
        if (await this.#try({ ...this.shortest, steps: [...steps.slice(0, at), ...later] })) break
      }
    }
  }

  /** Leaves out two steps of which each makes sense with the other only: a group, and its cancellation. */
  async leaveOutPairs(): Promise<void> {
    if (this.shortest.steps.length > PAIRED_MAX) return
    for (let second = this.shortest.steps.length - 1; second > 0; second -= 1) {
      for (let first = second - 1; first >= 0; first -= 1) {
        const steps = this.shortest.steps.filter((_, at) => at !== first && at !== second)
        if (await this.#try({ ...this.shortest, steps })) break
      }
    }
  }

  /** Makes each step, and what processes are started with, as plain as it can be. */
  async simplify(): Promise<void> {
    for (const first of simplerLives(this.shortest.first))
      await this.#try({ ...this.shortest, first })
    for (let at = 0; at < this.shortest.steps.length; at += 1) {
      for (let found = true; found; ) {
        found = false
        const step = this.shortest.steps[at] as Step | undefined
        if (step === undefined) return
        for (const simpler of simplerSteps(step)) {
          const steps = this.shortest.steps.with(at, simpler)
          found = await this.#try({ ...this.shortest, steps })
          if (found) break
        }
      }
    }
  }

  /** Whether a candidate breaks the same; then it is the shortest so far. */
  async #try(candidate: History): Promise<boolean> {
    const { rerun, mayGoOn, progress } = this.#options
    if (!mayGoOn()) return false
    this.runs += 1
    const broken = await rerun(candidate)
    if (broken?.rule !== this.finding.rule) return false
    this.finding = { rule: broken.rule, details: broken.details }
    this.shortest = { ...candidate, steps: candidate.steps.slice(0, broken.steps) }
    this.improvements += 1
    progress?.(this.shortest, this.runs)
    return true
  }
}
