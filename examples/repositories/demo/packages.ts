// The demo's feeds: every package of a node_modules folder becomes a folder with
// its files and a manifest. Nothing is written into node_modules itself.

import { hash } from 'node:crypto'
import { access, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isSystemError, linkOrCopy } from '../durable.ts'
import { type FeedFile, formatManifest, MANIFEST, nameProblem } from '../manifest.ts'

/** A package as a feed. */
export interface PackageFeed {
  /** An id that a repository can have; no two packages share it. */
  id: string
  name: string
  version: string
  /** `file://…` */
  feed: string
}

/**
 * Makes a feed of each package, and gives them one by one. A feed that is complete already, from
 * an earlier run, stays as it is.
 *
 * Packages nested in another package's own node_modules are feeds of their own.
 */
export async function* packageFeeds(
  nodeModules: string,
  feedsFolder: string,
): AsyncGenerator<PackageFeed> {
  for await (const folder of packageFolders(nodeModules)) {
    const path = relative(nodeModules, folder).split(sep).join('/')
    const id = repositoryId(path)
    const target = join(feedsFolder, id)
    if (!(await exists(target))) await makeFeed(folder, target)
    const { version = '' } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
    yield { id, name: path, version, feed: pathToFileURL(target).href }
  }
}

async function* packageFolders(nodeModules: string): AsyncGenerator<string> {
  for (const entry of await readdir(nodeModules, { withFileTypes: true })) {
    // Dotted are npm's own; a link is a workspace, not an installed package.
    if (entry.name.startsWith('.') || !entry.isDirectory()) continue
    const folder = join(nodeModules, entry.name)
    if (entry.name.startsWith('@')) {
      yield* packageFolders(folder)
    } else if (await exists(join(folder, 'package.json'))) {
      yield folder
      if (await exists(join(folder, 'node_modules')))
        yield* packageFolders(join(folder, 'node_modules'))
    }
  }
}

/** `@scope/name` → `scope__name`; npm's names have no two underscores in a row at a scope's end. */
function repositoryId(path: string): string {
  return path.replaceAll('/node_modules/', '___').replaceAll('@', '').replaceAll('/', '__')
}

/** Fills a folder beside the target and renames it, so that a killed run leaves no half of a feed. */
async function makeFeed(packageFolder: string, target: string): Promise<void> {
  const making = `${target}.making`
  await rm(making, { recursive: true, force: true })
  await mkdir(making, { recursive: true })
  const files: FeedFile[] = []
  for await (const name of filesOf(packageFolder)) {
    const path = join(packageFolder, name)
    await mkdir(dirname(join(making, name)), { recursive: true })
    await linkOrCopy(path, join(making, name))
    files.push({ name, ...(await measured(path)) })
  }
  await writeFile(join(making, MANIFEST), formatManifest(files))
  await rename(making, target)
}

async function* filesOf(packageFolder: string): AsyncGenerator<string> {
  for (const entry of await readdir(packageFolder, { recursive: true, withFileTypes: true })) {
    const name = relative(packageFolder, join(entry.parentPath, entry.name)).split(sep).join('/')
    const isNested = name.startsWith('node_modules/')
    if (entry.isFile() && !isNested && nameProblem(name) === null) yield name
  }
}

async function measured(path: string): Promise<{ sha256: string; size: number }> {
  const bytes = await readFile(path)
  return { sha256: hash('sha256', bytes), size: bytes.length }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return false
    throw error
  }
}
