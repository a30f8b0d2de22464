// Builders of real feeds and mirrors in temporary folders, for the tests beside.

import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'
import { type FeedFile, formatManifest, MANIFEST } from '../../examples/repositories/manifest.ts'
import { type Mirror, openMirror } from '../../examples/repositories/mirror.ts'
import type { SyncProgress } from '../../examples/repositories/sync.ts'

/** The manifest's line for these bytes. */
export function fileOf(name: string, text: string): FeedFile {
  const sha256 = createHash('sha256').update(text).digest('hex')
  return { name, sha256, size: Buffer.byteLength(text) }
}

/** A temporary folder that ends with the test. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-test-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A mirror in a folder of its own. */
export async function temporaryMirror(t: TestContext): Promise<Mirror & { folder: string }> {
  const folder = await temporaryFolder(t)
  const mirror = await openMirror(folder, '/pulp/api')
  t.after(() => mirror.close())
  return { ...mirror, folder }
}

/** Writes a feed: these files, and a manifest that tells the truth about them or what `manifest` says. */
export async function writeFeed(
  folder: string,
  files: Record<string, string>,
  manifest?: string,
): Promise<string> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  await mkdir(folder, { recursive: true })
  const honest = Object.entries(files).map(([name, text]) => fileOf(name, text))
  await writeFile(join(folder, MANIFEST), manifest ?? formatManifest(honest))
  return pathToFileURL(folder).href
}

/** A feed in a temporary folder; see {@link writeFeed}. */
export async function folderFeed(
  t: TestContext,
  files: Record<string, string>,
  manifest?: string,
): Promise<string> {
  return writeFeed(await temporaryFolder(t), files, manifest)
}

/** A loopback HTTP server that ends with the test; its URL has a slash at the end. */
export async function httpServer(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

/** A loopback feed: what it answers by path, where a function answers as it likes. */
export async function httpFeed(
  t: TestContext,
  answers: Record<string, string | RequestListener>,
): Promise<string> {
  return httpServer(t, (request, response) => {
    const answer = answers[(request.url ?? '').slice(1)]
    if (typeof answer === 'function') answer(request, response)
    else response.writeHead(answer === undefined ? 404 : 200).end(answer)
  })
}

/** A run's context that remembers its progress. */
export function run(signal: AbortSignal = new AbortController().signal) {
  const seen: SyncProgress[] = []
  return { seen, signal, progress: (progress: SyncProgress) => void seen.push(progress) }
}

/** Every file below a folder, as sorted relative paths. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()
}
