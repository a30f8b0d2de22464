// What gets published: a repository's version as a folder with its own
// manifest, and the index of several repositories.

import { mkdir, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { linkOrCopy } from './durable.ts'
import { formatManifest, MANIFEST } from './manifest.ts'
import type { Mirror } from './mirror.ts'
import { indexName, publicationName } from './publications.ts'
import type { RunContext } from './sync.ts'

/** How far a publish is, in files; for the index, in repositories. */
export type PublishProgress = { done: number; total: number; current: string | null }

/** What was published, and where it can be read. */
export type PublishResult = { _href: string; version: number; files: number; bytes: number }

/** What an index lists. */
export type IndexResult = { _href: string; repositories: number; files: number; bytes: number }

/**
 * Publishes a repository's version; its files are hard links to the content.
 *
 * @param publisherId Publishers do not share folders; `null` for the repository's own.
 * @throws {CallError} REP0001
 */
export async function publishRepository(
  mirror: Mirror,
  id: string,
  publisherId: string | null,
  { signal, progress }: RunContext<PublishProgress>,
): Promise<PublishResult> {
  const { number, files } = mirror.repositories.version(id)
  const name = publicationName(id, publisherId)
  await mirror.publications.replace(name, async tree => {
    for (const [done, file] of files.entries()) {
      signal.throwIfAborted()
      progress({ done, total: files.length, current: file.name })
      const path = join(tree, file.name)
      await mkdir(dirname(path), { recursive: true })
      await linkOrCopy(mirror.content.path(file.sha256), path)
    }
    await writeFlushed(join(tree, MANIFEST), formatManifest(files))
    signal.throwIfAborted()
  })
  progress({ done: files.length, total: files.length, current: null })
  return {
    _href: mirror.publishedHref(name, MANIFEST),
    version: number,
    files: files.length,
    bytes: bytesOf(files),
  }
}

/**
 * Publishes `index.json`, which lists these repositories with the sizes of their versions.
 *
 * @throws {CallError} REP0001
 */
export async function publishIndex(
  mirror: Mirror,
  ids: readonly string[],
  { signal, progress }: RunContext<PublishProgress>,
): Promise<IndexResult> {
  const rows = ids.map((id, done) => {
    signal.throwIfAborted()
    progress({ done, total: ids.length, current: id })
    const { display_name, _href } = mirror.repositories.one(id)
    const { number, files } = mirror.repositories.version(id)
    return { id, display_name, _href, version: number, files: files.length, bytes: bytesOf(files) }
  })
  await mirror.publications.replace(indexName, async tree => {
    await writeFlushed(join(tree, 'index.json'), `${JSON.stringify(rows, null, 2)}\n`)
    signal.throwIfAborted()
  })
  progress({ done: ids.length, total: ids.length, current: null })
  return {
    _href: mirror.publishedHref(indexName, 'index.json'),
    repositories: rows.length,
    files: rows.reduce((sum, row) => sum + row.files, 0),
    bytes: rows.reduce((sum, row) => sum + row.bytes, 0),
  }
}

async function writeFlushed(path: string, text: string): Promise<void> {
  const handle = await open(path, 'wx')
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function bytesOf(files: readonly { size: number }[]): number {
  return files.reduce((sum, file) => sum + file.size, 0)
}
