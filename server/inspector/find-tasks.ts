// Tasks for a table, by state and search. Of a group a page anywhere in it, found in steps that each take
// little time; what a search found is kept, since what a task is found by never changes.
import type { TaskState } from '../../machines/index.ts'
import type { Engine } from '../engine.ts'
import type { Clock } from '../ports.ts'
import type { Inspection, TaskLine, TaskWords } from '../store/inspection.ts'
import { latestFirst } from './latest-first.ts'

export interface GroupTasksQuery {
  groupId: string
  /** Null: any. */
  states: readonly TaskState[] | null
  skip: number
  limit: number
}

/** Tasks that one step of a search looks at. */
const WORDS_STEP = 400
/** Tasks that one step passes over on the way to a page. */
const SKIP_STEP = 10_000
/** Searches that are kept, and how many tasks they may have found together. */
const KEPT_MAX = 6
const KEPT_SEQS_MAX = 1_000_000

/** Seqs of a page of the group's tasks, without a search. */
export async function pageOfGroup(
  inspection: Inspection,
  { groupId, states, skip, limit }: GroupTasksQuery,
  clock: Clock,
): Promise<number[]> {
  let afterSeq = 0
  let left = skip
  while (left > SKIP_STEP) {
    const [last] = await inspection.taskSeqs({
      ...{ groupId, states, afterSeq },
      skip: SKIP_STEP - 1,
      limit: 1,
    })
    if (last === undefined) return []
    afterSeq = last
    left -= SKIP_STEP
    await clock.turn()
  }
  return inspection.taskSeqs({ groupId, states, afterSeq, skip: left, limit })
}

/** What was found so far by one search, and up to where. */
interface Search {
  groupId: string
  text: string
  seqs: number[]
  afterSeq: number
  /** The looking under way, one after another. */
  last: Promise<void>
}

export class TaskSearches {
  readonly #clock: Clock
  readonly #unsubscribe: () => void
  #kept: Search[] = []

  constructor({ engine, clock }: { engine: Engine; clock: Clock }) {
    this.#clock = clock
    this.#unsubscribe = engine.subscribe(commit => {
      if (this.#kept.length === 0) return
      // A deleted task must not be counted among what was found.
      for (const task of commit.tasks.values()) if (task === null) this.#kept = []
    })
  }

  close(): void {
    this.#unsubscribe()
    this.#kept = []
  }

  /** Seqs of all tasks of a group that a search finds, in submission order. */
  async find(inspection: Inspection, groupId: string, search: string): Promise<readonly number[]> {
    const text = search.trim().toLowerCase()
    const known = this.#kept.find(each => each.groupId === groupId && each.text === text)
    const found = known ?? { groupId, text, seqs: [], afterSeq: 0, last: Promise.resolve() }
    this.#kept = [found, ...this.#kept.filter(each => each !== found)].slice(0, KEPT_MAX)
    const looking = found.last.then(() => this.#lookOn(inspection, found))
    // A failure is told to whoever asked; the next one looks again from where it got.
    found.last = looking.catch(() => {})
    await looking
    this.#trim()
    return found.seqs
  }

  /** Forgets the searches that were asked for longest ago, but never the last. */
  #trim(): void {
    let seqs = 0
    this.#kept = this.#kept.filter((each, index) => {
      seqs += each.seqs.length
      return index === 0 || seqs <= KEPT_SEQS_MAX
    })
  }

  async #lookOn(inspection: Inspection, search: Search): Promise<void> {
    for (;;) {
      const { groupId, afterSeq, text } = search
      const words = await inspection.taskWords({ groupId, afterSeq, limit: WORDS_STEP })
      for (const each of words) if (isFound(each, text)) search.seqs.push(each.seq)
      search.afterSeq = words.at(-1)?.seq ?? afterSeq
      if (words.length < WORDS_STEP) return
      await this.#clock.turn()
    }
  }
}

/** Of all tasks a page, latest first. */
export async function latestTasks(
  inspection: Inspection,
  query: {
    /** Null: any. */
    states: readonly TaskState[] | null
    search: string
    limit: number
    beforeSeq: number
  },
  clock: Clock,
): Promise<{ lines: TaskLine[]; next: number | null }> {
  const { states, search, limit, beforeSeq } = query
  const text = search.trim().toLowerCase()
  const question = {
    read: (before: number, step: number) =>
      inspection.latestTasks({ states, beforeSeq: before, limit: step }),
    fits: text === '' ? null : (words: TaskWords) => isFound(words, text),
    limit,
    beforeSeq,
  }
  const { seqs, next } = await latestFirst(question, clock)
  return { lines: (await inspection.lines(seqs)).toReversed(), next }
}

function isFound({ taskId, call, tags }: TaskWords, text: string): boolean {
  return (
    taskId.startsWith(text) ||
    call.toLowerCase().includes(text) ||
    tags.some(tag => tag.toLowerCase().includes(text))
  )
}

/** Which of these seqs are of tasks of the group in these states. */
export async function inStates(
  inspection: Inspection,
  groupId: string,
  seqs: readonly number[],
  states: readonly TaskState[],
  clock: Clock,
): Promise<number[]> {
  const kept: number[] = []
  let at = 0
  let afterSeq = (seqs[0] ?? 1) - 1
  while (at < seqs.length) {
    const step = await inspection.taskSeqs({
      ...{ groupId, states, afterSeq },
      skip: 0,
      limit: SKIP_STEP,
    })
    // Both are sorted.
    for (const seq of step) {
      while (at < seqs.length && (seqs[at] as number) < seq) at += 1
      if (seqs[at] === seq) kept.push(seq)
    }
    if (step.length < SKIP_STEP) break
    afterSeq = step.at(-1) as number
    await clock.turn()
  }
  return kept
}
