// The store's yardstick, measured before and after what it is compared with: a machine's pace changes
// within seconds.
import type { Conditions } from './figure.ts'
import { measure } from './process.ts'
import type { SqliteLived, SqliteLives } from './sides/sqlite-lives.ts'

/** Of node:sqlite, rows a second. */
export interface RawRates {
  inserts: number
  updates: number
  /** Inserted, then updated. */
  lives: number
}

/** Takes the yardstick each time that it is asked to, and gives the rates of two takings together. */
export class RawPace {
  readonly #folder: Conditions['folder']
  readonly #tasks: number
  #before: SqliteLived | null = null

  constructor(folder: Conditions['folder'], tasks: number) {
    this.#folder = folder
    this.#tasks = tasks
  }

  /** Runs `measured` between two takings. */
  async around<T>(measured: () => Promise<T>): Promise<{ result: T; raw: RawRates }> {
    const before = this.#before ?? (await this.#take())
    const result = await measured()
    const after = await this.#take()
    this.#before = after
    const both = 2 * this.#tasks
    const insertSeconds = before.insertSeconds + after.insertSeconds
    const updateSeconds = before.updateSeconds + after.updateSeconds
    const raw = {
      inserts: both / insertSeconds,
      updates: both / updateSeconds,
      lives: both / (insertSeconds + updateSeconds),
    }
    return { result, raw }
  }

  async #take(): Promise<SqliteLived> {
    const given: SqliteLives = { folder: await this.#folder('sqlite'), tasks: this.#tasks }
    return measure<SqliteLived>('sqlite-lives', given)
  }
}
