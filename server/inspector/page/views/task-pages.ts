// The tasks of a group as the table shows them: pages of rows read as they come into view, changed in
// place by the stream, and forgotten when they have been out of view for long.
import { batch, signal } from '@preact/signals'
import type { TaskRow, TasksAnswer } from '../data.ts'
import { queryOf, read } from '../http.ts'
import { pause, visible } from '../live/connection.ts'
import type { LiveEvent } from '../live/frames.ts'
import { isFinal } from '../states.ts'
import { changedTask } from './task-source.ts'

export interface TaskFilter {
  groupId: string
  states: readonly string[]
  search: string
}

/** Rows that are read at a time. */
export const PAGE = 100
/** Rows that are read at a time when all are. */
const BULK = 500
/** Pages that are kept. */
const PAGES_MAX = 40
/** Shortest time between two readings of what can be seen, in ms. */
const PACE_MS = 1_000

export class TaskPages {
  /** Null until the first page is there. */
  readonly total = signal<number | null>(null)
  readonly error = signal<Error | null>(null)
  /** Moves when any row has changed: whoever draws rows reads it. */
  readonly version = signal(0)
  readonly filter: TaskFilter
  readonly #pages = new Map<number, TaskRow[]>()
  readonly #places = new Map<string, [page: number, at: number]>()
  readonly #stop = new AbortController()
  #window: [first: number, end: number] = [0, PAGE]
  #stale = new Set<number>([0])
  #isReading = false
  #isPacing = false

  constructor(filter: TaskFilter) {
    this.filter = filter
    void this.#pump()
  }

  close(): void {
    this.#stop.abort()
  }

  rowAt(index: number): TaskRow | undefined {
    return this.#pages.get(Math.floor(index / PAGE))?.[index % PAGE]
  }

  /** Reads what can be seen and is not there. */
  show(first: number, end: number): void {
    this.#window = [first, end]
    void this.#pump()
  }

  /** Reads what can be seen again, soon. */
  refresh(): void {
    for (const page of this.#pages.keys()) this.#stale.add(page)
    this.#stale.add(Math.floor(this.#window[0] / PAGE))
    this.#pace()
  }

  retry(): void {
    this.error.value = null
    this.refresh()
  }

  /** Changes the rows that are known at once; what an event does not say is read again when paced. */
  take(events: readonly LiveEvent[]): void {
    const [first, end] = this.#window
    const isFiltered = this.filter.states.length > 0
    let changed = false
    let concernsWindow = false
    for (const event of events) {
      if (event.name !== 'task') continue
      const { body } = event
      const place = this.#places.get(body.task_id as string)
      if (place === undefined) {
        // It may match only since this change.
        concernsWindow ||= isFiltered
        continue
      }
      const [page, at] = place
      const rows = this.#pages.get(page) as TaskRow[]
      rows[at] = changedTask(rows[at] as TaskRow, body)
      changed = true
      this.#stale.add(page)
      const index = page * PAGE + at
      concernsWindow ||= isFiltered || (index >= first && index < end)
    }
    if (changed) this.version.value += 1
    if (concernsWindow) {
      if (isFiltered) for (const page of this.#pages.keys()) this.#stale.add(page)
      this.#pace()
    }
  }

  /**
   * Ids of all unfinished tasks that the filter matches. Read from the last page to the first: a task that
   * leaves the filter meanwhile moves others to pages that are still to be read.
   */
  async unfinishedIds(signal: AbortSignal, told: (read: number) => void): Promise<string[]> {
    const ids = new Set<string>()
    const { total } = await this.#read(0, 1, signal)
    let read = 0
    for (let page = Math.ceil(total / BULK) - 1; page >= 0; page -= 1) {
      const { tasks } = await this.#read(page * BULK, BULK, signal)
      for (const { task_id, value } of tasks) if (!isFinal(value)) ids.add(task_id)
      read += tasks.length
      told(read)
    }
    return [...ids]
  }

  #pace(): void {
    if (this.#isPacing) return
    this.#isPacing = true
    void pause(PACE_MS, this.#stop.signal)
      .then(() => visible(this.#stop.signal))
      .then(() => {
        this.#isPacing = false
        return this.#pump()
      })
  }

  /** Reads one page after another until all that can be seen is there; the window may move meanwhile. */
  async #pump(): Promise<void> {
    const { signal } = this.#stop
    if (this.#isReading) return
    this.#isReading = true
    for (;;) {
      const page = this.#wanted()
      if (page === null || signal.aborted) break
      this.#stale.delete(page)
      try {
        const answer = await this.#read(page * PAGE, PAGE, signal)
        batch(() => {
          this.#keep(page, answer.tasks)
          this.total.value = answer.total
          this.error.value = null
          this.version.value += 1
        })
      } catch (error) {
        if (signal.aborted) break
        this.#stale.add(page)
        this.error.value = error as Error
        this.#pace()
        break
      }
    }
    this.#isReading = false
  }

  #read(skip: number, limit: number, signal: AbortSignal): Promise<TasksAnswer> {
    const { groupId, states: state, search } = this.filter
    const query = queryOf({ state, search, limit, skip: skip === 0 ? null : skip })
    return read<TasksAnswer>(`groups/${groupId}/tasks/${query}`, signal)
  }

  /** A page that can be seen and is missing; then one that is stale; then one that comes next. */
  #wanted(): number | null {
    const total = this.total.peek()
    const [first, end] = this.#window
    const firstPage = Math.floor(first / PAGE)
    const lastPage = Math.floor((Math.max(first + 1, Math.min(end, total ?? end)) - 1) / PAGE)
    const pages: number[] = []
    for (let page = firstPage; page <= lastPage; page += 1) pages.push(page)
    const isMissing = (page: number) => !this.#pages.has(page)
    const isNear = (page: number) => page >= 0 && page * PAGE < (total ?? 0) && isMissing(page)
    return (
      pages.find(isMissing) ??
      (this.#isPacing ? undefined : pages.find(page => this.#stale.has(page))) ??
      [lastPage + 1, firstPage - 1].find(isNear) ??
      null
    )
  }

  #keep(page: number, rows: TaskRow[]): void {
    this.#forget(page)
    this.#pages.set(page, rows)
    for (const [at, { task_id }] of rows.entries()) this.#places.set(task_id, [page, at])
    if (this.#pages.size <= PAGES_MAX) return
    const [first] = this.#window
    const farthest = [...this.#pages.keys()].reduce((far, each) =>
      Math.abs(each * PAGE - first) > Math.abs(far * PAGE - first) ? each : far,
    )
    this.#forget(farthest)
  }

  #forget(page: number): void {
    for (const { task_id } of this.#pages.get(page) ?? []) {
      if (this.#places.get(task_id)?.[0] === page) this.#places.delete(task_id)
    }
    this.#pages.delete(page)
  }
}
