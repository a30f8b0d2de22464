// Makes dist/, the JavaScript and types that the package ships, from machines/ and server/.
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')

// From nothing each time: a file that was renamed would otherwise be shipped for ever.
rmSync(dist, { recursive: true, force: true })

const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
const args = [tsc, '-p', 'tsconfig.build.json']
const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' })
if (status !== 0) process.exit(status ?? 1)

// SQL, pages and the like lie beside the code that reads them, in the package as in the source.
for (const folder of ['machines', 'server']) {
  cpSync(join(root, folder), join(dist, folder), {
    recursive: true,
    filter: source => !/\.tsx?$/.test(source),
  })
}

chmodSync(join(dist, 'server', 'bin.js'), 0o755)
