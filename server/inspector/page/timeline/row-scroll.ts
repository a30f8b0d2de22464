// The rows of a timeline and their scroll area: how many tasks share a row, which rows are in sight. The
// canvas stays where it is while the area beside it is as long as all rows.
import { signal } from '@preact/signals'
import { firstLevel, type Level, levelsOf, rowsAt } from './rows.ts'

export class RowScroll {
  readonly levels = signal<{ all: readonly Level[]; at: number }>({ all: levelsOf(0, 1), at: 0 })
  readonly #scroll: HTMLElement
  readonly #spacer: HTMLElement
  #taskCount = 0
  #isChosen = false

  constructor(scroll: HTMLElement, spacer: HTMLElement) {
    this.#scroll = scroll
    this.#spacer = spacer
  }

  get level(): Level {
    const { all, at } = this.levels.value
    return all[at] as Level
  }

  /** How many rows there are. */
  get count(): number {
    return rowsAt(this.level, this.#taskCount)
  }

  /** How far it is scrolled, in px. */
  get topPx(): number {
    return this.#scroll.scrollTop
  }

  get countInSight(): number {
    return Math.max(1, Math.floor(this.#scroll.clientHeight / this.level.rowPx))
  }

  get firstInSight(): number {
    return Math.ceil(this.topPx / this.level.rowPx)
  }

  /** The row at a height below the canvas's top; null: there is none. */
  rowAt(y: number): number | null {
    const row = Math.floor((y + this.topPx) / this.level.rowPx)
    return row >= 0 && row < this.count ? row : null
  }

  /** Takes in how many tasks there are and how much room; who chose a level keeps it. */
  fit(taskCount: number): void {
    this.#taskCount = taskCount
    const { clientHeight } = this.#scroll
    const all = levelsOf(taskCount, clientHeight)
    const before = this.levels.peek()
    const at = this.#isChosen
      ? Math.min(before.at, all.length - 1)
      : firstLevel(all, taskCount, clientHeight)
    const isSame =
      at === before.at &&
      all.length === before.all.length &&
      all.at(-1)?.rowPx === before.all.at(-1)?.rowPx
    if (!isSame) this.levels.value = { all, at }
    this.#sizeSpacer()
  }

  /**
   * Chooses a level; the task, or the middle of what was in sight, comes to the middle.
   *
   * @returns The row of the task; null: there is no such level.
   */
  choose(at: number, task = this.#middleTask()): number | null {
    const { all } = this.levels.peek()
    if (all[at] === undefined) return null
    this.#isChosen = true
    this.levels.value = { all, at }
    this.#sizeSpacer()
    const { tasks, rowPx } = this.level
    const row = Math.floor(task / tasks)
    this.#scroll.scrollTop = (row + 0.5) * rowPx - this.#scroll.clientHeight / 2
    return row
  }

  bringIntoSight(row: number): void {
    const { rowPx } = this.level
    const top = row * rowPx
    if (top < this.topPx) this.#scroll.scrollTop = top
    const over = top + rowPx - this.topPx - this.#scroll.clientHeight
    if (over > 0) this.#scroll.scrollTop += over
  }

  #middleTask(): number {
    const middlePx = this.topPx + this.#scroll.clientHeight / 2
    return Math.floor(middlePx / this.level.rowPx) * this.level.tasks
  }

  #sizeSpacer(): void {
    const height = this.count * this.level.rowPx
    this.#spacer.style.height = `${Math.max(0, height - this.#scroll.clientHeight)}px`
  }
}
