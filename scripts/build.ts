// Makes dist/, the JavaScript, types and web page that the package ships, from machines/ and server/.
// `node scripts/build.ts DIR` makes them in another folder.
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'vite'

const root = join(import.meta.dirname, '..')
const dist = resolve(process.argv[2] ?? join(root, 'dist'))

// From nothing each time: a file that was renamed would otherwise be shipped for ever.
rmSync(dist, { recursive: true, force: true })

run('typescript', 'bin', 'tsc')('-p', 'tsconfig.build.json', '--outDir', dist)
run('vite', 'bin', 'vite.js')('build', '--logLevel', 'warn')

await bundleTypebox()

// What the page is made of stays; what was made of it is shipped.
const page = join(root, 'server', 'inspector', 'page')
// SQL, pages and the like lie beside the code that reads them, in the package as in the source.
for (const folder of ['machines', 'server']) {
  cpSync(join(root, folder), join(dist, folder), {
    recursive: true,
    filter: source => !/\.tsx?$/.test(source) && source !== page,
  })
}

chmodSync(join(dist, 'server', 'bin.js'), 0o755)

/** Makes server/typebox.js whole: what it names lies in some 500 files, too many to load at each start. */
async function bundleTypebox(): Promise<void> {
  const license = readFileSync(join(root, 'node_modules', 'typebox', 'license'), 'utf8')
  const file = join(dist, 'server', 'typebox.js')
  await build({
    configFile: false,
    logLevel: 'warn',
    ssr: { noExternal: true },
    build: {
      ssr: file,
      outDir: join(dist, 'server'),
      emptyOutDir: false,
      minify: false,
      target: 'node24',
      rolldownOptions: {
        output: { entryFileNames: 'typebox.js', banner: `/*! ${license.trim()} */` },
      },
    },
  })
}

/** Runs a package's program in the root, and ends with its status when that is not 0. */
function run(...program: string[]) {
  return (...args: string[]) => {
    const file = join(root, 'node_modules', ...program)
    const { status } = spawnSync(process.execPath, [file, ...args], { cwd: root, stdio: 'inherit' })
    if (status !== 0) process.exit(status ?? 1)
  }
}
