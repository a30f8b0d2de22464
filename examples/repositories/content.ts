// Files addressed by what they hold: <data>/content/ab/cdef… for a SHA-256 that
// starts with abcdef. A file under its final name is complete, verified and
// read-only; everything else in these folders is a leftover of a crash.

import { createHash, randomUUID } from 'node:crypto'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { flush, isSystemError } from './durable.ts'
import { badFeed } from './errors.ts'
import type { FeedFile } from './manifest.ts'

const temporarySuffix = '.part'

/** The content store of one data folder. Safe for any number of writers in one process. */
export class ContentStore {
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
  }

  /** Opens the store, makes its folder, and removes what a killed process left unfinished. */
  static async open(folder: string): Promise<ContentStore> {
    await mkdir(folder, { recursive: true })
    for (const shard of await readdir(folder)) {
      const names = await readdir(join(folder, shard))
      const leftovers = names.filter(name => name.endsWith(temporarySuffix))
      await Promise.all(leftovers.map(name => rm(join(folder, shard, name), { force: true })))
    }
    return new ContentStore(folder)
  }

  /** Where the content with this digest lies, or will lie. */
  path(sha256: string): string {
    return join(this.#folder, sha256.slice(0, 2), sha256.slice(2))
  }

  /**
   * Is this file's content here?
   *
   * @throws {CallError} REP0004 when it is, and has another size than the manifest says.
   */
  async has(file: FeedFile): Promise<boolean> {
    try {
      const { size } = await stat(this.path(file.sha256))
      if (size !== file.size) throw lyingSize(file, size)
      return true
    } catch (error) {
      if (isSystemError(error, 'ENOENT')) return false
      throw error
    }
  }

  /**
   * Takes a file in, once its size and digest have been verified. Two writers of the same content
   * do not disturb each other: the last rename wins, with the same bytes.
   *
   * @param onBytes Told of each chunk's length, for progress.
   * @throws {CallError} REP0004 for another size or digest; then, as when `signal` stops it between
   *   two chunks, nothing stays behind.
   */
  async put(
    file: FeedFile,
    chunks: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
    onBytes: (bytes: number) => void,
  ): Promise<void> {
    const path = this.path(file.sha256)
    const temporary = `${path}.${randomUUID()}${temporarySuffix}`
    await mkdir(dirname(path), { recursive: true })
    try {
      await writeVerified(temporary, file, chunks, signal, onBytes)
      await rename(temporary, path)
    } finally {
      await rm(temporary, { force: true })
    }
  }

  /**
   * Makes the names of everything put so far survive a power cut; the bytes already do. Once for
   * many files, because it costs as much as writing one.
   */
  async flush(): Promise<void> {
    for (const shard of await readdir(this.#folder)) await flush(join(this.#folder, shard))
    await flush(this.#folder)
  }
}

async function writeVerified(
  path: string,
  file: FeedFile,
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const hash = createHash('sha256')
  const handle = await open(path, 'wx', 0o444)
  try {
    let size = 0
    for await (const chunk of chunks) {
      signal.throwIfAborted()
      hash.update(chunk)
      await handle.writeFile(chunk)
      size += chunk.byteLength
      onBytes(chunk.byteLength)
    }
    signal.throwIfAborted()
    if (size !== file.size) throw lyingSize(file, size)
    const sha256 = hash.digest('hex')
    if (sha256 !== file.sha256)
      throw badFeed(file.name, `the manifest says sha256 ${file.sha256}, the file has ${sha256}`)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function lyingSize(file: FeedFile, size: number): Error {
  return badFeed(file.name, `the manifest says ${file.size} bytes, the file has ${size}`)
}
