// One sync: what the feed lists becomes the repository's version, after all of
// it lies verified in the content store.

import { noFeed } from './errors.ts'
import { openFeed } from './feed.ts'
import type { FeedFile } from './manifest.ts'
import type { Mirror } from './mirror.ts'

/** How far a sync is. A type rather than an interface, so that it passes as JSON. */
export type SyncProgress = {
  /** Files. */
  done: number
  total: number
  /** The file in work, `null` before the first and after the last. */
  current: string | null
  bytes_done: number
  bytes_total: number
}

/** What a sync changed. A file whose bytes changed counts as one removed and one added. */
export type SyncResult = {
  added: number
  removed: number
  unchanged: number
  /** Bytes fetched: content that was here already costs none. */
  bytes: number
}

/** What a run has of its task: a stop signal, and somebody to tell. */
export interface RunContext<Progress> {
  signal: AbortSignal
  progress(progress: Progress): void
}

/**
 * Syncs a repository with its feed, or with `feed` when the request overrides it.
 *
 * The repository's version changes at the very end and at once; an error or a stop before that
 * leaves the old one, and content that is complete stays for the next try.
 *
 * @throws {CallError} REP0001, REP0004 naming the file and why, REP0005.
 */
export async function syncRepository(
  mirror: Mirror,
  id: string,
  feed: string | null,
  { signal, progress }: RunContext<SyncProgress>,
): Promise<SyncResult> {
  const url = feed ?? mirror.repositories.one(id).feed
  if (url === null) throw noFeed(id)
  const source = openFeed(url)
  const files = await source.manifest(signal)
  const bytesTotal = files.reduce((sum, file) => sum + file.size, 0)
  let done = 0
  let bytesDone = 0
  let bytesFetched = 0
  const tell = (current: string | null) =>
    progress({ done, total: files.length, current, bytes_done: bytesDone, bytes_total: bytesTotal })

  for (const file of files) {
    signal.throwIfAborted()
    tell(file.name)
    if (await mirror.content.has(file)) {
      bytesDone += file.size
    } else {
      await mirror.content.put(file, source.read(file, signal), signal, bytes => {
        bytesDone += bytes
        bytesFetched += bytes
        tell(file.name)
      })
    }
    done += 1
  }
  await mirror.content.flush()
  signal.throwIfAborted()
  const before = mirror.repositories.version(id).files
  mirror.repositories.replaceVersion(id, files)
  tell(null)
  return { ...difference(before, files), bytes: bytesFetched }
}

function difference(
  before: readonly FeedFile[],
  after: readonly FeedFile[],
): Omit<SyncResult, 'bytes'> {
  const key = ({ name, sha256 }: FeedFile) => `${sha256} ${name}`
  const known = new Set(before.map(key))
  const unchanged = after.filter(file => known.has(key(file))).length
  return { added: after.length - unchanged, removed: before.length - unchanged, unchanged }
}
