// What the history does not say of tasks, and the timeline shows: their calls, for the rows that are seen,
// and on whom they depend, for the one that is looked at.
import type { TaskAnswer, TasksAnswer } from '../data.ts'
import { read } from '../http.ts'

export interface Relations {
  dependencies: string[]
  dependants: string[]
}

const PAGE = 100
/** Pages that are read for one look. */
const PAGES_MAX = 4
/** A row must be seen, or looked at, for so long before anything is read for it, in ms. */
const PATIENCE_MS = 120
const KEPT_MAX = 20_000

export class TaskFacts {
  readonly #groupId: string
  readonly #onChange: () => void
  readonly #calls = new Map<string, string>()
  readonly #pages = new Set<number>()
  readonly #relations = new Map<string, Relations>()
  readonly #stop = new AbortController()
  #rowsTimer = 0
  /** The pages that are waited for: a drawing that moves asks again with each frame. */
  #wanted = ''
  #taskCount = 0
  #taskTimer = 0
  #looked: string | null = null

  /** @param onChange Something is known that was not. */
  constructor(groupId: string, onChange: () => void) {
    this.#groupId = groupId
    this.#onChange = onChange
  }

  callOf(taskId: string): string | null {
    return this.#calls.get(taskId) ?? null
  }

  relationsOf(taskId: string): Relations | null {
    return this.#relations.get(taskId) ?? null
  }

  /** These tasks are seen, by their place in the order of submission. */
  see(from: number, to: number): void {
    const first = Math.floor(from / PAGE)
    const last = Math.min(Math.floor(Math.max(from, to - 1) / PAGE), first + PAGES_MAX - 1)
    const missing: number[] = []
    for (let page = first; page <= last; page += 1) if (!this.#pages.has(page)) missing.push(page)
    const wanted = missing.join()
    if (wanted === this.#wanted) return
    this.#wanted = wanted
    clearTimeout(this.#rowsTimer)
    if (missing.length === 0) return
    this.#rowsTimer = window.setTimeout(() => {
      for (const page of missing) void this.#readPage(page)
    }, PATIENCE_MS)
  }

  /** So many tasks there are; the page that was the last is read again when there are more. */
  grew(taskCount: number): void {
    if (taskCount === this.#taskCount) return
    this.#pages.delete(Math.floor(Math.max(0, this.#taskCount - 1) / PAGE))
    this.#taskCount = taskCount
  }

  /** This task is looked at; null: none is. */
  look(taskId: string | null): void {
    if (taskId === this.#looked) return
    this.#looked = taskId
    clearTimeout(this.#taskTimer)
    if (taskId === null || this.#relations.has(taskId)) return
    this.#taskTimer = window.setTimeout(() => void this.#readTask(taskId), PATIENCE_MS)
  }

  close(): void {
    this.#stop.abort()
    clearTimeout(this.#rowsTimer)
    clearTimeout(this.#taskTimer)
  }

  async #readPage(page: number): Promise<void> {
    if (this.#calls.size > KEPT_MAX) {
      this.#calls.clear()
      this.#pages.clear()
    }
    this.#pages.add(page)
    const path = `groups/${this.#groupId}/tasks/?limit=${PAGE}&skip=${page * PAGE}`
    const answer = await this.#read<TasksAnswer>(path)
    if (answer === null) {
      this.#pages.delete(page)
      return
    }
    for (const { task_id, call } of answer.tasks) this.#calls.set(task_id, call)
    this.#onChange()
  }

  async #readTask(taskId: string): Promise<void> {
    const answer = await this.#read<TaskAnswer>(`tasks/${taskId}/`)
    if (answer === null) return
    if (this.#relations.size > 500) this.#relations.clear()
    this.#relations.set(taskId, {
      dependencies: answer.dependencies.map(each => each.task_id),
      dependants: answer.dependants.map(each => each.task_id),
    })
    this.#onChange()
  }

  /** Null when it cannot be read: the bars stand without it, and the next look asks again. */
  async #read<T>(path: string): Promise<T | null> {
    try {
      return await read<T>(path, this.#stop.signal)
    } catch {
      return null
    }
  }
}
