// What clients ask of a process, and what they are answered. Nobody awaits an answer: it comes while
// other requests are under way, or never when the process dies first.
import { RollcallError } from '../../server/errors.ts'
import type { Rollcall } from '../../server/rollcall.ts'
import type { Findings } from './findings.ts'
import type { Journal } from './journal.ts'
import type { Life } from './life.ts'

export interface Request<T> {
  /** Says in the journal what was asked. */
  name: string
  send: (rollcall: Rollcall) => Promise<T>
  /** Whether a commit must come between the question and the answer. */
  commits: boolean
  /** Looks at the answer; gives what the journal says of it. */
  granted: (answer: T) => string
  /** What is wrong with a refusal by this code; null when it is right. */
  refused: (code: string) => string | null
  /** Whether it may still wait when the process has come to rest; absent: it may not. */
  mayWait?: () => boolean
}

/** The disk is full. */
const STORE_REFUSES = 'RCL0022'
/** What any request may be answered while the process ends. */
const SHUT = ['RCL0014', STORE_REFUSES]

export class Requests {
  readonly #findings: Findings
  readonly #journal: Journal
  readonly #open = new Map<number, Request<unknown>>()
  readonly #commits: () => number
  #sent = 0

  /** @param commits How many commits have been kept so far. */
  constructor(findings: Findings, journal: Journal, commits: () => number) {
    this.#findings = findings
    this.#journal = journal
    this.#commits = commits
  }

  send<T>(life: Life, request: Request<T>): void {
    this.#sent += 1
    const number = this.#sent
    const before = { commits: this.#commits(), refusals: life.connection.refusals }
    this.#journal.write(`  > ${number} ${request.name}`)
    this.#open.set(number, request as Request<unknown>)
    const answered = (text: () => string) => {
      // A process that has died answers nobody.
      if (!this.#open.has(number) || life.isDead) return
      this.#open.delete(number)
      this.#journal.write(`  < ${number} ${text()}`)
    }
    request.send(life.rollcall).then(
      answer =>
        answered(() => {
          if (request.commits && this.#commits() === before.commits)
            this.#findings.note(
              'Nobody is answered before the commit',
              `${request.name} was answered, and nothing was committed since it was sent`,
            )
          return request.granted(answer)
        }),
      error => answered(() => this.#refused(life, request as Request<unknown>, before, error)),
    )
  }

  /** The connections of all that wait have broken. */
  forget(): void {
    this.#open.clear()
  }

  /** A request that should have been answered when nothing is left to do; null when there is none. */
  get forgotten(): string | null {
    for (const [number, { name, mayWait }] of this.#open)
      if (mayWait?.() !== true) return `request ${number}: ${name}`
    return null
  }

  get areAllAnswered(): boolean {
    return this.#open.size === 0
  }

  #refused(
    life: Life,
    request: Request<unknown>,
    before: { refusals: number },
    error: unknown,
  ): string {
    if (!(error instanceof RollcallError)) {
      this.#findings.note('No assertion of the engine breaks', `${request.name}: ${error}`)
      return 'broken'
    }
    const { code } = error
    const found = request.refused(code)
    const isFair =
      found === null ||
      (SHUT.includes(code) && life.isClosing) ||
      (code === STORE_REFUSES && life.connection.refusals > before.refusals)
    if (!isFair)
      this.#findings.note('A request is refused for a reason', `${request.name}: ${code}, ${found}`)
    return `refused ${code}`
  }
}
