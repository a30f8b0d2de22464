// Where the time of a figure goes: runs it once with node's sampling profiler on in our own processes, and
// prints the functions that took most, thread by thread.
// Run: node test/bench/profile.ts FIGURE [--top N] [--quick] [--keep DIR]
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { BENCHES, FIGURES } from './benches.ts'
import { readProfiles } from './cpu-profile.ts'
import { Disk } from './disk.ts'
import type { Bench } from './figure.ts'
import { profileInto, type SideName } from './process.ts'
import { sampleText } from './result.ts'

const ROOT = join(import.meta.dirname, '..', '..')

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    top: { type: 'string', default: '25' },
    quick: { type: 'boolean', default: false },
    keep: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
const [figure] = positionals
const bench = BENCHES.find(({ figures }) => figures.some(({ name }) => name === figure))
if (values.help) {
  process.stdout.write('node test/bench/profile.ts FIGURE [--top N] [--quick] [--keep DIR]\n')
} else if (bench === undefined) {
  const known = FIGURES.map(({ name }) => name).join(', ')
  process.stderr.write(`profile: name one figure: ${known}\n`)
  process.exitCode = 2
} else {
  await profile(bench)
}

async function profile({ measure }: Bench): Promise<void> {
  const disk = await Disk.open()
  const into = values.keep ?? (await disk.folder('profiles'))
  const sides = new Set<SideName>()
  profileInto(side => {
    if (!isOurs(side)) return null
    sides.add(side)
    return join(into, side)
  })
  try {
    const samples = measure({
      rounds: 1,
      isQuick: values.quick,
      wants: name => name === figure,
      folder: name => disk.folder(name),
      discard: path => disk.discard(path),
      say: text => process.stdout.write(`${text}\n`),
    })
    for await (const sample of samples) {
      const found = FIGURES.find(({ name }) => name === sample.figure)
      if ('missing' in sample || found === undefined) continue
      process.stdout.write(`${sampleText(found, sample)}, with the profiler on\n`)
    }
    for (const side of sides) await print(side, join(into, side))
  } finally {
    await disk.remove()
  }
}

function isOurs(side: SideName): boolean {
  return side.startsWith('engine-') || side === 'rollcall-server'
}

async function print(side: SideName, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const { threadId, busyMs, idleMs, lines } of await readProfiles(folder, ROOT)) {
    const thread = threadId === 0 ? 'main thread' : `worker thread ${threadId}`
    process.stdout.write(
      `\n${side}, ${thread}: ${busyMs.toFixed(0)} ms busy, ${idleMs.toFixed(0)} ms idle\n`,
    )
    for (const { where, selfMs } of lines.slice(0, Number(values.top))) {
      const share = ((100 * selfMs) / busyMs).toFixed(1)
      process.stdout.write(`${share.padStart(5)} % ${selfMs.toFixed(0).padStart(7)} ms  ${where}\n`)
    }
  }
}
