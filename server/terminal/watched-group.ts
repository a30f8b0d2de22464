// What `rollcall watch` knows of a group: what the stream said, and what it looks up beside it.
import type { CallReport, StateSummary } from '../../machines/index.ts'
import { NotFoundError } from '../errors.ts'
import type { Client, StreamEvent } from './client.ts'
import type { WatchConfig } from './options.ts'
import { PaceOfGroup } from './pace-of-group.ts'
import { endedOf, type GroupView, type RunningTask, type WaitingTask } from './view.ts'

/** Running tasks that are shown. */
const RUNNING_MAX = 8
/** Reasons that are shown. */
const REASONS_MAX = 3

export class WatchedGroup {
  readonly #config: WatchConfig
  readonly #client: Client
  readonly #pace = new PaceOfGroup()
  #value = ''
  #counts: StateSummary | null = null
  #running: RunningTask[] = []
  #longest: WaitingTask | null = null
  #lostMs: number | null = null
  /** Where the next stream begins. */
  lastId = ''

  constructor(config: WatchConfig, client: Client) {
    this.#config = config
    this.#client = client
  }

  /** Paths of the REST interface, of this group and of its stream. */
  get path(): string {
    return `${this.#config.mount}/v2/task_groups/${this.#config.groupId}/`
  }

  /** How the group is; null before the stream has said so. */
  view(nowMs: number): GroupView | null {
    const counts = this.#counts
    if (counts === null) return null
    return {
      groupId: this.#config.groupId,
      value: this.#value,
      counts,
      running: counts.running === 0 ? [] : this.#running.slice(0, counts.running),
      longest: counts.waiting + counts.suspended === 0 ? null : this.#longest,
      perSecond: this.#pace.perSecond(nowMs),
      leftMs: this.#pace.leftMs(nowMs, counts.total - endedOf(counts)),
      lostMs: this.#lostMs,
    }
  }

  get hasSettled(): boolean {
    return this.#value === 'settled'
  }

  /** Whether every task that the group had has finished. */
  get hasFinished(): boolean {
    return this.#counts !== null && this.#counts.finished === this.#counts.total
  }

  /** Takes what the stream says; true when how the group is has changed. */
  take({ lastId, data }: StreamEvent, nowMs: number): boolean {
    this.lastId = lastId
    this.#lostMs = null
    if (data.type === 'group.deleted') {
      throw new NotFoundError(`the task group ${this.#config.groupId} was deleted`)
    }
    if (data.type !== 'group.changed') return false
    this.#value = String(data.value)
    this.#counts = data.state_summary as StateSummary
    this.#pace.note(nowMs, endedOf(this.#counts))
    return true
  }

  /** Notes that the server does not answer. */
  lose(nowMs: number): void {
    this.#lostMs ??= nowMs
  }

  /** Looks up what runs and who waits longest. */
  async lookUp(signal: AbortSignal): Promise<void> {
    const running = await this.#reports(`?state=running&limit=${RUNNING_MAX}`, signal)
    this.#running = running.map(({ task_id, task_type, attempt, start_time, progress }) => ({
      taskId: task_id,
      call: task_type,
      attempt,
      startedMs: Date.parse(start_time ?? ''),
      progress,
    }))
    const [waiting] = await this.#reports('?state=waiting&state=suspended&limit=1', signal)
    this.#longest = waiting === undefined ? null : await this.#explained(waiting, signal)
  }

  async #reports(query: string, signal: AbortSignal): Promise<CallReport[]> {
    return (await this.#client.get(this.path + query, signal)) as CallReport[]
  }

  async #explained(report: CallReport, signal: AbortSignal): Promise<WaitingTask> {
    const { task_id: taskId, task_type: call, submit_time } = report
    const because = await this.#because(report, signal)
    const sinceMs = Date.parse(submit_time)
    return { taskId, call, sinceMs, because: because.slice(0, REASONS_MAX) }
  }

  /** Why it waits, as the inspector says it; from a server without one, as admission said it. */
  async #because(report: CallReport, signal: AbortSignal): Promise<string[]> {
    try {
      const path = `/inspect/data/tasks/${report.task_id}/waits/`
      const { because } = (await this.#client.get(path, signal)) as { because: string[] }
      return because
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error
      if (report.state === 'suspended') return ['It is suspended.']
      return report.reasons.map(
        ({ operation, resource_type, resource_id }) =>
          `Admission found the ${operation} of ${resource_type} ${resource_id} before it.`,
      )
    }
  }
}
