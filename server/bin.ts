#!/usr/bin/env node
// The executable. It looks at the Node.js version before it loads anything: an older one would
// otherwise fail on the first module that it lacks, with a stack instead of this sentence.

const NODE_MAJOR_MIN = 24

if (Number.parseInt(process.versions.node, 10) < NODE_MAJOR_MIN) {
  console.error(`rollcall needs Node.js ${NODE_MAJOR_MIN} or later; this is ${process.version}`)
  process.exit(2)
}

const { run } = await import('./cli.ts')

// A handler that ignores its signal must not keep a server alive that has ended.
process.exit(await run())
