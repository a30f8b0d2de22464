// Reports as they are sent: rendered once per change, and sent again without a look at the store while
// they are true. What is too long to keep is for its reader to stream.
import {
  callReport,
  type Group,
  type Hrefs,
  isFinal,
  stateSummary,
  type Task,
} from '../machines/index.ts'
import { CommittedCache, type Horizon } from './committed-cache.ts'
import type { Commit } from './decisions.ts'
import { jsonChunks } from './json-chunks.ts'
import type { Clock } from './ports.ts'

const KIB = 1024
const MIB = 1024 * KIB

/** What is kept at most, 32 MiB in all. */
const TASKS = { entriesMax: 16_384, bytesMax: 14 * MIB, entryBytesMax: 256 * KIB }
const GROUPS = { entriesMax: 4_096, bytesMax: 2 * MIB, entryBytesMax: 4 * KIB }
const LISTS = { entriesMax: 1_024, bytesMax: 16 * MIB, entryBytesMax: MIB }

/** What an entry takes besides its text, in bytes. */
const ENTRY_BYTES = 256

/** The shortest report of a task, in bytes of JSON. */
const REPORT_BYTES_MIN = 600

/** A task's report. */
export interface RenderedTask {
  rev: number
  /** Whether the task has ended, so that only its deletion can change it. */
  hasEnded: boolean
  json: string
}

/** A group's summary. */
export interface RenderedGroup {
  rev: number
  /** Whether it has settled. */
  hasEnded: boolean
  /** The counts of the summary: other counts, other text. */
  countsVersion: string
  summaryJson: string
}

/** A group's list of reports in UTF-8; null when it is too long to be kept. */
export interface RenderedList {
  body: Buffer | null
}

/** Where reports are read: committed state, of tasks and groups that exist. */
export interface ReportSource {
  task(taskId: string): Promise<Task>
  group(groupId: string): Promise<Group>
  /** The tasks of a group, in submission order. */
  members(groupId: string): AsyncIterable<Task>
}

export interface RenderedReportsParts {
  source: ReportSource
  hrefs: Hrefs
  clock: Clock
  horizon: Horizon
}

/** The reports of an engine. Whoever makes one hands it each commit, in order. */
export class RenderedReports {
  readonly #source: ReportSource
  readonly #hrefs: Hrefs
  readonly #clock: Clock
  readonly #horizon: Horizon
  readonly #tasks: CommittedCache<RenderedTask>
  readonly #groups: CommittedCache<RenderedGroup>
  readonly #lists: CommittedCache<RenderedList>

  constructor({ source, hrefs, clock, horizon }: RenderedReportsParts) {
    this.#source = source
    this.#hrefs = hrefs
    this.#clock = clock
    this.#horizon = horizon
    this.#tasks = new CommittedCache({
      ...TASKS,
      horizon,
      sizeOf: ({ json }) => textBytes(json) + ENTRY_BYTES,
    })
    this.#groups = new CommittedCache({
      ...GROUPS,
      horizon,
      sizeOf: ({ summaryJson, countsVersion }) =>
        textBytes(summaryJson) + textBytes(countsVersion) + ENTRY_BYTES,
    })
    this.#lists = new CommittedCache({
      ...LISTS,
      horizon,
      sizeOf: ({ body }) => (body?.length ?? 0) + ENTRY_BYTES,
    })
  }

  /** Bytes that are kept. */
  get bytes(): number {
    return this.#tasks.bytes + this.#groups.bytes + this.#lists.bytes
  }

  /** Lets go of what a commit has changed. */
  take(commit: Commit): void {
    if (!this.#tasks.isEmpty) for (const taskId of commit.tasks.keys()) this.#tasks.drop(taskId)
    if (!this.#groups.isEmpty || !this.#lists.isEmpty) {
      for (const groupId of commit.groups.keys()) {
        this.#groups.drop(groupId)
        this.#lists.drop(groupId)
      }
    }
    this.#horizon.tell(commit.rev)
  }

  /** The report of a task. @throws {NotFoundError} No task has that id. */
  task(taskId: string): RenderedTask | Promise<RenderedTask> {
    return this.#tasks.read(taskId, async () => {
      const task = await this.#source.task(taskId)
      const json = JSON.stringify(callReport(task, this.#hrefs))
      return { rev: task.rev, hasEnded: isFinal(task.value), json }
    })
  }

  /** The summary of a group. @throws {NotFoundError} No group has that id. */
  group(groupId: string): RenderedGroup | Promise<RenderedGroup> {
    return this.#groups.read(groupId, async () => {
      const group = await this.#source.group(groupId)
      const summary = stateSummary(group)
      return {
        rev: group.rev,
        hasEnded: group.value === 'settled',
        countsVersion: Object.values(summary).join('-'),
        summaryJson: JSON.stringify(summary),
      }
    })
  }

  /** The reports of a group's tasks, in submission order. @throws {NotFoundError} No group has that id. */
  list(groupId: string): RenderedList | Promise<RenderedList> {
    return this.#lists.read(groupId, async () => {
      const { total } = stateSummary(await this.#source.group(groupId))
      if (total * REPORT_BYTES_MIN > LISTS.entryBytesMax) return { body: null }
      let bytes = 0
      const chunks: Buffer[] = []
      for await (const text of jsonChunks(this.#reports(groupId))) {
        const chunk = Buffer.from(text)
        bytes += chunk.length
        if (bytes > LISTS.entryBytesMax - ENTRY_BYTES) return { body: null }
        chunks.push(chunk)
        // Whoever polls something short does not wait for the whole of a list.
        await this.#clock.turn()
      }
      return { body: Buffer.concat(chunks, bytes) }
    })
  }

  async *#reports(groupId: string) {
    for await (const task of this.#source.members(groupId)) {
      yield callReport(task, this.#hrefs, 'group')
    }
  }
}

/** Memory of a text, at most: V8 takes a byte for each character of ASCII, and two when one is beyond Latin-1. */
function textBytes(text: string): number {
  return Buffer.byteLength(text) === text.length ? text.length : 2 * text.length
}
