// After an install in the checkout: builds the inspector's page, so that every way to start serves it.
// The package ships it built.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')

if (existsSync(vite)) {
  const args = [vite, 'build', '--logLevel', 'warn']
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' })
  process.exit(status ?? 1)
}
process.stdout.write(
  'rollcall: without the development dependencies the page at /inspect/ is not built\n',
)
