// The package as it is installed, built from the sources as they are: what a start is measured with, since
// nobody starts a service from its TypeScript.
import { spawnSync } from 'node:child_process'
import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

const ROOT = join(import.meta.dirname, '..', '..')
/** Apart from the package's own dist/, which others may be using; its package.json names it `rollcall`. */
const BUILT = join(import.meta.dirname, 'dist')

const CALLS = `import { defineCall } from 'rollcall'
export const nothing = defineCall({ name: 'nothing', run: () => null })
`

export interface BuiltPackage {
  /** Of `rollcall`, the executable. */
  bin: string
  /** A module of calls for `rollcall serve`. */
  calls: string
}

/** @throws {Error} It cannot be built. */
export function buildPackage(): BuiltPackage {
  rmSync(BUILT, { recursive: true, force: true })
  const dist = join(BUILT, 'dist')
  const { status, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, 'scripts', 'build.ts'), dist],
    { cwd: ROOT, encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(`the package cannot be built: ${stderr.trim()}`)
  cpSync(join(ROOT, 'package.json'), join(BUILT, 'package.json'))
  const calls = join(BUILT, 'calls.js')
  writeFileSync(calls, CALLS)
  return { bin: join(dist, 'server', 'bin.js'), calls }
}
