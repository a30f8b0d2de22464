// The page as its sources are at this moment: built once for all test processes, and again when they change.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { glob, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'vite'

const ROOT = join(import.meta.dirname, '..', '..')
const SOURCES = ['vite.config.ts', 'package-lock.json', 'server/inspector/page/**/*.*']

/** Where the built page is, which others read too. */
export async function builtPageFolder(): Promise<string> {
  const folder = join(tmpdir(), `rollcall-page-${await hashOfSources()}`)
  if (existsSync(folder)) return folder
  // A half built one never has the name.
  const own = await mkdtemp(`${folder}-`)
  await build({
    configFile: join(ROOT, 'vite.config.ts'),
    configLoader: 'native',
    root: join(ROOT, 'server', 'inspector', 'page'),
    logLevel: 'error',
    build: { outDir: own, emptyOutDir: true },
  })
  try {
    await rename(own, folder)
  } catch (error) {
    // Another process was faster.
    await rm(own, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  }
  return folder
}

async function hashOfSources(): Promise<string> {
  const paths = await Array.fromAsync(glob(SOURCES, { cwd: ROOT }))
  const hash = createHash('sha256')
  for (const path of paths.sort()) {
    hash.update(path).update('\0')
    hash.update(await readFile(join(ROOT, path))).update('\0')
  }
  return hash.digest('hex').slice(0, 16)
}
