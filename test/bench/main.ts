// `npm run bench`: every figure beside its yardstick in one run, a table at the end, and a JSON file.
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { BENCHES, FIGURES, NAMES } from './benches.ts'
import { Disk } from './disk.ts'
import type { Bench, Figure, Sample } from './figure.ts'
import { HELP, type Options, readOptions } from './options.ts'
import { type FigureResult, goalText, resultOf, sampleText, tableOf } from './result.ts'

const BROKE = 'it broke'

const QUICK = `
Quick: one round unless --rounds says more, of sizes that are smaller than the table says: 10,000 tasks
instead of 100,000, and 100,000 that wait instead of 1,000,000. A whole run decides.`

const reading = readOptions(process.argv.slice(2), NAMES, join(tmpdir(), 'rollcall-bench.json'))
switch (reading.kind) {
  case 'help':
    process.stdout.write(HELP)
    break
  case 'list':
    process.stdout.write(`${listing()}\n`)
    break
  case 'invalid':
    process.stderr.write(`bench: ${reading.message}\nTry "npm run bench -- --help".\n`)
    process.exitCode = 2
    break
  case 'run':
    process.exitCode = await run(reading.options)
    break
}

async function run(options: Options): Promise<number> {
  try {
    const disk = await Disk.open(options.data)
    const interrupted = once(process, 'SIGINT').then(() => {
      throw new Error('interrupted')
    })
    try {
      return await Promise.race([measureAndTell(options, disk), interrupted])
    } finally {
      await disk.remove()
    }
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  } finally {
    // Whoever was interrupted in the middle may still have sides; they end with this process.
    setImmediate(() => process.exit())
  }
}

async function measureAndTell(options: Options, disk: Disk): Promise<number> {
  const { rounds, isQuick, json } = options
  say(`in ${disk.root}, rounds: ${rounds}${isQuick ? ', quick: smaller sizes' : ''}`)
  const startedMs = performance.now()
  const results = await measureAll(options, disk)
  const seconds = (performance.now() - startedMs) / 1_000
  say(`\n${tableOf(results)}`)
  for (const { figure, missing } of results) {
    if (missing !== null) say(`\n${figure} was not measured: ${missing}`)
  }
  if (isQuick) say(QUICK)
  await writeJson(options, seconds, results)
  say(`\n${seconds.toFixed(0)} s; all numbers are in ${json}`)
  return results.some(({ missing }) => missing?.startsWith(BROKE)) ? 1 : 0
}

async function measureAll(options: Options, disk: Disk): Promise<FigureResult[]> {
  const { only, rounds, isQuick } = options
  const results: FigureResult[] = []
  for (const bench of BENCHES) {
    const wants = (figure: string) =>
      only.length === 0 || only.includes(bench.name) || only.includes(figure)
    const figures = bench.figures.filter(({ name }) => wants(name))
    if (figures.length === 0) continue
    const startedMs = performance.now()
    say(`${bench.name} …`)
    const folders = {
      folder: (name: string) => disk.folder(name),
      discard: (path: string) => disk.discard(path),
    }
    results.push(...(await measured(bench, figures, { rounds, isQuick, wants, say, ...folders })))
    await disk.empty()
    say(`  ${((performance.now() - startedMs) / 1_000).toFixed(0)} s`)
  }
  return results
}

async function measured(
  bench: Bench,
  figures: readonly Figure[],
  conditions: Parameters<Bench['measure']>[0],
): Promise<FigureResult[]> {
  const samples = new Map<string, Sample[]>(figures.map(({ name }) => [name, []]))
  const missing = new Map<string, string>()
  try {
    for await (const sample of bench.measure(conditions)) {
      const figure = figures.find(({ name }) => name === sample.figure)
      if (figure === undefined) continue
      if ('missing' in sample) {
        missing.set(figure.name, sample.missing)
        say(`  ${figure.name}: not measured, ${sample.missing}`)
      } else {
        samples.get(figure.name)?.push(sample)
        say(`  ${sampleText(figure, sample)}`)
      }
    }
  } catch (error) {
    // The other benches are worth their time all the same; the exit status tells.
    const message = `${BROKE}: ${error instanceof Error ? error.message : String(error)}`
    say(`  ${message}`)
    for (const { name } of figures) missing.set(name, message)
  }
  return figures.map(figure =>
    resultOf(figure, samples.get(figure.name) ?? [], missing.get(figure.name) ?? null),
  )
}

async function writeJson(
  { json, isQuick, rounds }: Options,
  seconds: number,
  figures: FigureResult[],
): Promise<void> {
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memory_bytes: totalmem(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  }
  const document = {
    measured_at: new Date().toISOString(),
    seconds,
    is_quick: isQuick,
    rounds,
    machine,
    figures,
  }
  await writeFile(json, `${JSON.stringify(document, null, 2)}\n`)
}

function listing(): string {
  return FIGURES.map(({ name, what, yardstick, goal, unit }) => {
    const against = yardstick === null ? '' : `, against ${yardstick}`
    return `${name.padEnd(20)} ${what}${against}; goal ${goalText(goal, unit) || 'none'}`
  }).join('\n')
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
