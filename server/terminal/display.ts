// Where the view goes: a terminal is drawn anew, anything else gets a line when something has changed.
import type { Clock } from '../ports.ts'
import { colored, plain } from './text.ts'
import { type GroupView, viewLine, viewLines } from './view.ts'

/** Standard output, as far as it is needed. */
export interface Output {
  write(text: string): unknown
  isTTY?: boolean
  columns?: number
  rows?: number
  hasColors?(): boolean
}

export interface Display {
  show(view: GroupView): void
  /** Shows the last of it, if there is any, and leaves the output as it was. */
  end(view: GroupView | null): void
}

/** Time between two drawings at least, in ms. */
const FRAME_MS = 100
/** Time between two lines at least, in ms. */
const LINE_MS = 1_000

const UP = (lines: number) => (lines === 0 ? '' : `\x1b[${lines}A`)
const CLEAR_BELOW = '\r\x1b[J'
const HIDE_CURSOR = '\x1b[?25l'
const SHOW_CURSOR = '\x1b[?25h'

/** @param once Whether the end is all that is shown. */
export function displayOn(output: Output, clock: Clock, once: boolean): Display {
  if (once) return new Printout(output, clock)
  return output.isTTY ? new TerminalDisplay(output, clock) : new LineDisplay(output, clock)
}

function draw(output: Output, view: GroupView, nowMs: number): string[] {
  const { columns = 80 } = output
  const paint = output.isTTY && output.hasColors?.() ? colored : plain
  return viewLines(view, { columns, paint, nowMs })
}

class Printout implements Display {
  readonly #output: Output
  readonly #clock: Clock

  constructor(output: Output, clock: Clock) {
    this.#output = output
    this.#clock = clock
  }

  show(): void {}

  end(view: GroupView | null): void {
    if (view === null) return
    this.#output.write(`${draw(this.#output, view, this.#clock.nowMs()).join('\n')}\n`)
  }
}

/** Lets the first through at once, and of those that follow in a while the last. */
class Throttle {
  readonly #clock: Clock
  readonly #everyMs: number
  readonly #take: (view: GroupView) => void
  #latest: GroupView | null = null
  #cancel: (() => void) | null = null

  constructor(clock: Clock, everyMs: number, take: (view: GroupView) => void) {
    this.#clock = clock
    this.#everyMs = everyMs
    this.#take = take
  }

  give(view: GroupView): void {
    this.#latest = view
    if (this.#cancel === null) this.#next()
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = null
  }

  #next(): void {
    const view = this.#latest
    this.#latest = null
    this.#cancel = null
    if (view === null) return
    this.#take(view)
    this.#cancel = this.#clock.after(this.#everyMs, () => this.#next())
  }
}

class TerminalDisplay implements Display {
  readonly #output: Output
  readonly #clock: Clock
  readonly #throttle: Throttle
  #drawn = 0

  constructor(output: Output, clock: Clock) {
    this.#output = output
    this.#clock = clock
    this.#throttle = new Throttle(clock, FRAME_MS, view => this.#draw(view))
    output.write(HIDE_CURSOR)
  }

  show(view: GroupView): void {
    this.#throttle.give(view)
  }

  end(view: GroupView | null): void {
    this.#throttle.stop()
    if (view !== null) this.#draw(view)
    this.#output.write(SHOW_CURSOR)
  }

  #draw(view: GroupView): void {
    const lines = draw(this.#output, view, this.#clock.nowMs())
    // What has scrolled off the top could not be drawn over.
    const shown = lines.slice(0, Math.max(1, (this.#output.rows ?? 24) - 1))
    this.#output.write(`${UP(this.#drawn)}${CLEAR_BELOW}${shown.join('\n')}\n`)
    this.#drawn = shown.length
  }
}

class LineDisplay implements Display {
  readonly #output: Output
  readonly #clock: Clock
  readonly #throttle: Throttle
  #said = ''

  constructor(output: Output, clock: Clock) {
    this.#output = output
    this.#clock = clock
    this.#throttle = new Throttle(clock, LINE_MS, view => this.#write(view))
  }

  show(view: GroupView): void {
    this.#throttle.give(view)
  }

  end(view: GroupView | null): void {
    this.#throttle.stop()
    if (view !== null) this.#write(view)
  }

  #write(view: GroupView): void {
    const { value, counts, lostMs } = view
    const said = JSON.stringify([value, counts, lostMs !== null])
    if (said === this.#said) return
    this.#said = said
    this.#output.write(`${viewLine(view, this.#clock.nowMs())}\n`)
  }
}
