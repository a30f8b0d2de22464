// Writes a group's history as the lines of a file, as of one moment, while the group goes on: what the
// store committed until then, a page of rows at a time.
import type { HistoryEvent, Task } from '../../machines/index.ts'
import { isoTime } from '../../machines/index.ts'
import { NotFoundError, UnavailableError } from '../errors.ts'
import type { Store } from '../store/store.ts'
import { packageVersion } from '../version.ts'
import { Checksum, type End, FORMAT, FORMAT_VERSION, type Header, wireOf } from './format.ts'

/** What an export reads. */
export type HistorySource = Pick<Store, 'rev' | 'group' | 'tasks' | 'history'>

/** Events that are read at once. */
const PAGE = 256

/**
 * The lines of a group's history file, each with its line feed.
 *
 * @param nowMs When it is exported, in ms since the epoch.
 * @throws {NotFoundError} No group has that id.
 * @throws {UnavailableError} Tasks of the group were deleted meanwhile: what was read so far is no history.
 */
export async function* exportGroup(
  source: HistorySource,
  groupId: string,
  nowMs: number,
): AsyncGenerator<string> {
  const missing = new NotFoundError(`no task group has the id ${groupId}`)
  if ((await source.group(groupId)) === null) throw missing
  // Rows are read after this: one that has not changed since is as it was then, and its `rev` says so.
  const lastEventId = await source.rev()
  const group = await source.group(groupId)
  if (group === null) throw missing

  const checksum = new Checksum()
  const line = (content: object) => {
    const text = JSON.stringify(content)
    checksum.add(text)
    return `${text}\n`
  }
  yield line({
    format: FORMAT,
    version: FORMAT_VERSION,
    rollcall: packageVersion(),
    group_id: groupId,
    exported_at: isoTime(nowMs),
    last_event_id: lastEventId,
  } satisfies Header)
  yield line({ group: wireOf(group) })

  const end: Omit<End, 'sha256'> = { tasks: 0, events: 0 }
  for await (const page of pages(source, groupId, 0)) {
    const events = page.filter(({ eventId }) => eventId <= lastEventId)
    const rows = await submittedIn(source, events)
    for (const event of events) {
      const row = rows.get(event.taskId ?? '')
      if (event.type === 'task.submitted') {
        if (row === undefined) throw deletedMeanwhile(groupId)
        yield line({ task: wireOf(row) })
        end.tasks += 1
      }
      yield line({ event: wireOf(event) })
      end.events += 1
    }
    if (events.length < page.length) break
  }
  if (await lostTasks(source, groupId, lastEventId)) throw deletedMeanwhile(groupId)
  yield `${JSON.stringify({ end: { ...end, sha256: checksum.end() } })}\n`
}

async function* pages(
  source: HistorySource,
  groupId: string,
  after: number,
): AsyncGenerator<HistoryEvent[]> {
  for (let afterEventId = after; ; ) {
    const page = await source.history({ groupId, afterEventId, limit: PAGE })
    yield page
    if (page.length < PAGE) return
    afterEventId = page.at(-1)?.eventId as number
  }
}

/** The tasks whose submission is among these events. */
async function submittedIn(
  source: HistorySource,
  events: HistoryEvent[],
): Promise<Map<string, Task>> {
  const taskIds = events.flatMap(({ type, taskId }) =>
    type === 'task.submitted' && taskId !== null ? [taskId] : [],
  )
  const rows = new Map<string, Task>()
  if (taskIds.length === 0) return rows
  for await (const task of source.tasks({ taskIds })) rows.set(task.taskId, task)
  return rows
}

/** Whether tasks of the group were deleted, with their history, after an event. */
async function lostTasks(source: HistorySource, groupId: string, after: number): Promise<boolean> {
  for await (const page of pages(source, groupId, after)) {
    if (page.some(({ type }) => type === 'group.purged')) return true
  }
  return (await source.group(groupId)) === null
}

function deletedMeanwhile(groupId: string): UnavailableError {
  return new UnavailableError(
    `tasks of the group ${groupId} were deleted while its history was read; export it again`,
  )
}
