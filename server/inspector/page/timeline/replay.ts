// A group at a moment of its history. It moves forwards by what each event led to and backwards by what
// was before it, so that a moment costs what lies between, and a whole history no more than one reading.
import type { TaskState } from '../data.ts'
import { type HistoryRecord, NONE, TASK_VALUES } from './record.ts'

export type Counts = Record<TaskState, number>

/** The state that counts for each state node. */
const STATE_OF = TASK_VALUES.map(value => value.split('.', 1)[0] as TaskState)

export class Replay {
  readonly #record: HistoryRecord
  /** How many events have happened. */
  position = 0
  /** State node of each task, by number. */
  #values = new Uint8Array(0)
  readonly #counts = new Uint32Array(TASK_VALUES.length)
  #groupValue = NONE

  constructor(record: HistoryRecord) {
    this.#record = record
  }

  /** Goes to where so many events have happened. */
  moveTo(position: number): void {
    const record = this.#record
    const target = Math.max(0, Math.min(record.length, Math.floor(position)))
    this.#reserve(record.taskIds.length)
    while (this.position < target) {
      const event = this.position
      this.#set(record.taskOf(event), record.valueOf(event))
      this.position += 1
    }
    while (this.position > target) {
      this.position -= 1
      const event = this.position
      this.#set(record.taskOf(event), record.beforeOf(event))
    }
  }

  /** Tasks by state; those not submitted are in none. */
  counts(): Counts {
    const counts: Counts = {
      waiting: 0,
      suspended: 0,
      running: 0,
      finished: 0,
      error: 0,
      canceled: 0,
      skipped: 0,
    }
    for (const [value, count] of this.#counts.entries()) {
      counts[STATE_OF[value] as TaskState] += count
    }
    return counts
  }

  get groupValue(): string {
    return this.#record.groupValueOf(this.#groupValue)
  }

  /** Number of a task's state node; `NONE` before its submission. */
  valueOf(task: number): number {
    return task < this.#values.length ? (this.#values[task] as number) : NONE
  }

  #set(task: number, value: number): void {
    if (task < 0) {
      this.#groupValue = value
      return
    }
    const before = this.#values[task] as number
    if (before !== NONE) this.#counts[before]! -= 1
    if (value !== NONE) this.#counts[value]! += 1
    this.#values[task] = value
  }

  #reserve(tasks: number): void {
    if (this.#values.length >= tasks) return
    const values = new Uint8Array(Math.max(tasks, this.#values.length * 2)).fill(NONE)
    values.set(this.#values)
    this.#values = values
  }
}
