// What happened, as lines of text: the same for the same history, on any day and any machine. It takes
// ids, times of the virtual clock and numbers of changes; never a wall clock's time, a path or a stack.
import { createHash } from 'node:crypto'

export class Journal {
  readonly #hash = createHash('sha256')
  readonly #sink: (line: string) => void

  /** @param sink Gets every line, its end included. */
  constructor(sink: (line: string) => void = () => {}) {
    this.#sink = sink
  }

  write(line: string): void {
    const whole = `${line}\n`
    this.#hash.update(whole)
    this.#sink(whole)
  }

  /** Of all lines so far, in hexadecimal. */
  get sha256(): string {
    return this.#hash.copy().digest('hex')
  }
}

/** The part of a counted id that differs. */
export function short(id: string): string {
  return id.replace(/^[0-]+7000-8000-0*/, '')
}
