// A command in the engine's mailbox, and who hears what became of it.
import type { Command, Decision } from '../machines/index.ts'

type Reply = Decision['reply']

export const NOTHING_LATER: readonly Promise<unknown>[] = []

export class Letter {
  readonly command: Command
  /** Must reach the store in the end: a report from the runner, or the rest of a fan-out. */
  readonly reliable: boolean
  readonly resolve: (reply: Reply) => void
  readonly reject: (error: unknown, command: Command) => void
  /** Whether it goes without others: together with them it broke an assertion. */
  alone = false
  /** Whether the decision that asked for it was taken back. */
  isVoid = false
  /** What was decided last; its sender is told when that is on disk. */
  reply: Reply = null
  /** The ends of what follows from it in later transactions. */
  later = NOTHING_LATER

  constructor(
    command: Command,
    reliable: boolean,
    resolve: Letter['resolve'],
    reject: Letter['reject'],
  ) {
    this.command = command
    this.reliable = reliable
    this.resolve = resolve
    this.reject = reject
  }
}
