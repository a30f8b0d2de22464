// Everything that the service keeps, under one data folder. The engine's own
// store lies beside it and neither looks into the other.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ContentStore } from './content.ts'
import { Publications } from './publications.ts'
import { Repositories } from './repositories.ts'

/** The three stores, and the paths under which REST shows them. */
export interface Mirror {
  repositories: Repositories
  content: ContentStore
  publications: Publications
  /** The path of the collection of repositories, with the slash at its end. */
  root: string
  /** Where a published file can be read over HTTP. */
  publishedHref(name: string, path: string): string
  close(): void
}

/**
 * Opens the mirror in a folder, which is made when it does not exist.
 *
 * @param folder One process at a time: whoever starts the engine on the same folder holds its lock.
 * @param mount The path under which the service's REST lives, `/pulp/api`.
 */
export async function openMirror(folder: string, mount: string): Promise<Mirror> {
  await mkdir(folder, { recursive: true })
  const root = `${mount}/v2/repositories/`
  const repositories = new Repositories(join(folder, 'repositories.sqlite'), root)
  return {
    repositories,
    content: await ContentStore.open(join(folder, 'content')),
    publications: await Publications.open(folder),
    root,
    publishedHref: (name, path) => `/published/${name}/${path}`,
    close: () => repositories.close(),
  }
}
