// A feed: a file:// or http(s):// folder that holds PULP_MANIFEST beside its
// files. Reads as streams and never gives more bytes than the manifest allows;
// whether the bytes are the right ones is for the content store to say.

import { constants } from 'node:fs'
import { open, realpath } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isSystemError } from './durable.ts'
import { badFeed, badField } from './errors.ts'
import { type FeedFile, MANIFEST, parseManifest } from './manifest.ts'

const manifestBytesMax = 64 * 1024 * 1024
const chunkBytes = 256 * 1024

/** Where the files of a repository come from. */
export interface Feed {
  /** The feed's files, sorted by name. @throws {CallError} REP0004 */
  manifest(signal: AbortSignal): Promise<FeedFile[]>
  /** A file's bytes, never more than its size. @throws {CallError} REP0004 naming the file */
  read(file: FeedFile, signal: AbortSignal): AsyncIterable<Uint8Array>
}

/** Gives the chunks of one file by its name; the caller bounds how many it takes. */
type ReadFile = (name: string, signal: AbortSignal) => AsyncIterable<Uint8Array>

/**
 * Opens the folder behind a feed's URL. Nothing is read yet.
 *
 * @throws {CallError} REP0003 when the URL is none, or of another scheme.
 */
export function openFeed(feedUrl: string): Feed {
  const url = parseFeedUrl(feedUrl)
  const readFile = url.protocol === 'file:' ? folderReader(fileURLToPath(url)) : httpReader(url)
  return {
    async manifest(signal) {
      const limit = `a manifest has at most ${manifestBytesMax} bytes`
      const chunks: Uint8Array[] = []
      for await (const chunk of bounded(
        readFile(MANIFEST, signal),
        MANIFEST,
        manifestBytesMax,
        signal,
        limit,
      )) {
        chunks.push(chunk)
      }
      return parseManifest(decodeUtf8(Buffer.concat(chunks)))
    },
    read: (file, signal) =>
      bounded(
        readFile(file.name, signal),
        file.name,
        file.size,
        signal,
        `${MANIFEST} says ${file.size} bytes`,
      ),
  }
}

/** The feed's URL, ending in a slash. @throws {CallError} REP0003 */
export function parseFeedUrl(feedUrl: string): URL {
  const url = URL.parse(feedUrl)
  if (url === null) throw badField('feed', 'not a URL')
  if (!['file:', 'http:', 'https:'].includes(url.protocol))
    throw badField('feed', 'not a file, http or https URL')
  if (url.username !== '' || url.password !== '')
    throw badField('feed', 'a URL with credentials in it')
  if (url.protocol === 'file:' && (url.host !== '' || /%2f|%00/i.test(url.pathname))) {
    throw badField('feed', 'not the URL of a folder of this machine')
  }
  if (url.search !== '' || url.hash !== '')
    throw badField('feed', 'a folder has no query and no fragment')
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return url
}

async function* bounded(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  bytesMax: number,
  signal: AbortSignal,
  limit: string,
): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const chunk of chunks) {
    signal.throwIfAborted()
    bytes += chunk.byteLength
    if (bytes > bytesMax) throw badFeed(name, `${limit}, the feed sent more`)
    yield chunk
  }
}

function folderReader(folder: string): ReadFile {
  return async function* (name) {
    const handle = await openInside(folder, name)
    try {
      if (!(await handle.stat()).isFile()) throw badFeed(name, 'not a regular file')
      yield* handle.createReadStream({ highWaterMark: chunkBytes, autoClose: false })
    } finally {
      await handle.close()
    }
  }
}

/** Opens a file whose real path, after every symbolic link, lies inside the folder. */
async function openInside(folder: string, name: string) {
  try {
    const root = await realpath(folder)
    const path = await realpath(join(root, name))
    if (!path.startsWith(root === sep ? root : root + sep))
      throw badFeed(name, 'a symbolic link that leaves the feed’s folder')
    // Without O_NONBLOCK a named pipe would hold the sync for ever.
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) throw badFeed(name, 'the feed has no such file')
    if (isSystemError(error, 'EACCES', 'EPERM', 'ELOOP', 'ENXIO'))
      throw badFeed(name, 'the file cannot be opened')
    throw error
  }
}

function httpReader(base: URL): ReadFile {
  return async function* (name, signal) {
    const response = await request(
      new URL(name.split('/').map(encodeURIComponent).join('/'), base),
      name,
      signal,
    )
    if (response.status !== 200) {
      await response.body?.cancel()
      throw badFeed(name, `the feed answered ${response.status}`)
    }
    if (response.body === null) return
    try {
      yield* response.body
    } catch (error) {
      throw connectionError(name, error, signal)
    }
  }
}

async function request(url: URL, name: string, signal: AbortSignal): Promise<Response> {
  try {
    // fetch follows redirects, and refuses those that leave http and https.
    return await fetch(url, { signal, headers: { 'accept-encoding': 'identity' } })
  } catch (error) {
    throw connectionError(name, error, signal)
  }
}

function connectionError(name: string, error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return badFeed(
    name,
    `the feed could not be read: ${cause instanceof Error ? cause.message : String(cause)}`,
  )
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw badFeed(MANIFEST, 'not UTF-8')
  }
}
