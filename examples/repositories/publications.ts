// Published folders, swapped in whole. <data>/published/<name> is a symbolic
// link to a tree under <data>/publications/<name>/ that never changes once the
// link points at it; one rename of the link is the whole swap.

import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readlink, realpath, rename, rm, symlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { flush, isSystemError } from './durable.ts'
import { notPublished } from './errors.ts'
import { nameProblem } from './manifest.ts'

// Outside the alphabet of repository ids, so that no two publications share a name.
const separator = '~'

/** The publication of a repository: its id, and the publisher's when one was named. */
export function publicationName(repositoryId: string, publisherId: string | null): string {
  return publisherId === null ? repositoryId : `${repositoryId}${separator}${publisherId}`
}

/** The publication that lists the repositories. */
export const indexName = `${separator}index`

/** The publications of one data folder. The caller sees to it that a name has one writer at a time. */
export class Publications {
  readonly #links: string
  readonly #trees: string

  private constructor(folder: string) {
    this.#links = join(folder, 'published')
    this.#trees = join(folder, 'publications')
  }

  /** Opens the publications, makes their folders, and removes what a killed process left unfinished. */
  static async open(folder: string): Promise<Publications> {
    const publications = new Publications(folder)
    await mkdir(publications.#links, { recursive: true })
    await mkdir(publications.#trees, { recursive: true })
    const links = await readdir(publications.#links)
    await Promise.all(
      links.filter(isTemporary).map(name => rm(join(publications.#links, name), { force: true })),
    )
    for (const name of await readdir(publications.#trees)) await publications.#removeOldTrees(name)
    return publications
  }

  /**
   * Publishes the folder that `lay` fills; when it throws, what was published stays.
   *
   * @param lay Given the path of an empty folder. Its files must be flushed; its folders need not be.
   */
  async replace(name: string, lay: (tree: string) => Promise<void>): Promise<void> {
    const tree = join(this.#trees, name, randomUUID())
    await mkdir(tree, { recursive: true })
    try {
      await lay(tree)
      await flushTree(tree)
      await flush(join(this.#trees, name))
      await flush(this.#trees)
      await this.#point(name, join('..', 'publications', name, basename(tree)))
    } finally {
      await this.#removeOldTrees(name)
    }
  }

  /** Withdraws every publication of a repository. */
  async remove(repositoryId: string): Promise<void> {
    const names = await readdir(this.#trees)
    for (const name of names) {
      if (name !== repositoryId && !name.startsWith(repositoryId + separator)) continue
      await rm(join(this.#links, name), { force: true })
      await flush(this.#links)
      await rm(join(this.#trees, name), { recursive: true, force: true })
    }
  }

  /**
   * The real path of a published file: it stays the same file when the publication is swapped.
   *
   * @throws {CallError} REP0006 when nothing is published there.
   */
  async file(name: string, path: string): Promise<string> {
    if (name.includes('/') || isTemporary(name) || nameProblem(`${name}/${path}`) !== null)
      throw notPublished(`${name}/${path}`)
    try {
      return await realpath(join(this.#links, name, path))
    } catch (error) {
      if (isSystemError(error, 'ENOENT', 'ENOTDIR')) throw notPublished(`${name}/${path}`)
      throw error
    }
  }

  async #point(name: string, target: string): Promise<void> {
    const temporary = join(this.#links, `.${randomUUID()}`)
    await symlink(target, temporary)
    try {
      await rename(temporary, join(this.#links, name))
    } finally {
      await rm(temporary, { force: true })
    }
    await flush(this.#links)
  }

  async #removeOldTrees(name: string): Promise<void> {
    const current = await this.#currentTree(name)
    const trees = await readdir(join(this.#trees, name))
    for (const tree of trees) {
      if (tree !== current)
        await rm(join(this.#trees, name, tree), { recursive: true, force: true })
    }
  }

  async #currentTree(name: string): Promise<string | null> {
    try {
      return basename(await readlink(join(this.#links, name)))
    } catch (error) {
      if (isSystemError(error, 'ENOENT')) return null
      throw error
    }
  }
}

// A repository's id may start with a dot, a random name of this length is none's.
function isTemporary(name: string): boolean {
  return /^\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(name)
}

async function flushTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await flushTree(join(folder, entry.name))
  }
  await flush(folder)
}
