// Folders to measure in: on a disk, since durability is part of what is measured, and gone afterwards.
import { chmod, mkdir, mkdtemp, readdir, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** File systems that keep their files in memory, by the number that statfs(2) gives: tmpfs, ramfs. */
const IN_MEMORY = new Set([0x01021994, 0x858458f6])

export class Disk {
  readonly root: string
  #count = 0

  private constructor(root: string) {
    this.root = root
  }

  /**
   * Makes a folder of its own in `parent`, or in the first of the usual places that is on a disk.
   *
   * @throws {Error} `parent` is in memory: nothing that is written there is durable.
   */
  static async open(parent?: string): Promise<Disk> {
    const places = parent === undefined ? [tmpdir(), '/var/tmp'] : [parent]
    for (const place of places) {
      if (parent !== undefined) await mkdir(place, { recursive: true })
      const { type } = await statfs(place)
      if (IN_MEMORY.has(type)) continue
      const root = await mkdtemp(join(place, 'rollcall-bench-'))
      // PostgreSQL runs as a user of its own and must get through.
      await chmod(root, 0o755)
      return new Disk(root)
    }
    throw new Error(
      `what is in ${places.join(' or ')} is kept in memory, and nothing there is durable: name a folder on a disk with --data`,
    )
  }

  /** An empty folder. */
  async folder(name: string): Promise<string> {
    this.#count += 1
    const path = join(this.root, `${name}-${this.#count}`)
    await mkdir(path)
    return path
  }

  /** Removes a folder that `folder` gave. */
  async discard(path: string): Promise<void> {
    await rm(path, { recursive: true, force: true, maxRetries: 5 })
  }

  /** Removes all of them. */
  async empty(): Promise<void> {
    const names = await readdir(this.root)
    await Promise.all(names.map(name => this.discard(join(this.root, name))))
  }

  async remove(): Promise<void> {
    await this.discard(this.root)
  }
}
