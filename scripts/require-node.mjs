// Plain JavaScript that any Node.js reads: a version that cannot run TypeScript ends here, with a
// sentence instead of a stack. Every npm script runs it first; server/bin.ts does it for the package.
import { readFileSync } from 'node:fs'

const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const required = Number(engines.node.replace('>=', ''))

if (Number.parseInt(process.versions.node, 10) < required) {
  console.error(
    `Rollcall needs Node.js ${required} or later, and this is ${process.version} (${process.execPath}). ` +
      'Run "npm ci" in this folder: it installs the right one for the scripts of this project.',
  )
  process.exit(1)
}
