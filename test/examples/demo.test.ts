import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { temporaryFolder, writeFeed } from './feeds.ts'

const demo = join(import.meta.dirname, '../../examples/repositories/demo.ts')

interface Run {
  process: ChildProcess
  output: () => string
}

function startDemo(t: TestContext, folder: string, ...options: string[]): Run {
  const where = ['--data', join(folder, 'data'), '--packages', join(folder, 'node_modules')]
  const child = spawn(process.execPath, [demo, ...where, ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  let output = ''
  child.stdout.on('data', chunk => (output += chunk))
  child.stderr.on('data', chunk => (output += chunk))
  return { process: child, output: () => output }
}

async function outputWith(run: Run, pattern: RegExp): Promise<RegExpExecArray> {
  while (true) {
    const found = pattern.exec(run.output())
    if (found) return found
    assert.equal(run.process.exitCode, null, run.output())
    await sleep(10)
  }
}

async function exitStatus({ process }: Run): Promise<number | null> {
  if (process.exitCode === null && process.signalCode === null) await once(process, 'exit')
  return process.exitCode
}

/** A node_modules folder with these packages, each of a few files. */
async function packagesIn(folder: string, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const files = Object.fromEntries(
      Array.from({ length: 40 }, (_, n) => [`lib/${n}.js`, `${index} ${n}`]),
    )
    await writeFeed(join(folder, 'node_modules', `p${index}`), {
      'package.json': '{"version":"1.0.0"}',
      ...files,
    })
    await rm(join(folder, 'node_modules', `p${index}`, 'PULP_MANIFEST'))
  }
}

test('the demo mirrors every package and ends with 0', async t => {
  const folder = await temporaryFolder(t)
  await packagesIn(folder, 3)
  const run = startDemo(t, folder, '--exit')
  assert.equal(await exitStatus(run), 0, run.output())
  assert.match(run.output(), /4 finished of 4/)
  assert.match(run.output(), /Mirrored 3 repositories: 123 files/)
})

test('the demo ends with 1 and names the task when one does not finish', async t => {
  const folder = await temporaryFolder(t)
  await packagesIn(folder, 2)
  await writeFeed(join(folder, 'data', 'feeds', 'p1'), {}, `gone,${'0'.repeat(64)},1\n`)
  const run = startDemo(t, folder, '--exit')
  assert.equal(await exitStatus(run), 1, run.output())
  assert.match(
    run.output(),
    /error: repository\.sync .*p1.* \(REP0004 gone: the feed has no such file\)/,
  )
  assert.match(run.output(), /skipped: index\.publish/)
})

test('a demo that was killed in the middle goes on with its group and ends with 0', async t => {
  const folder = await temporaryFolder(t)
  await packagesIn(folder, 30)
  const killed = startDemo(t, folder, '--exit', '--concurrency', '1')
  await outputWith(killed, /submitting one group/)
  await outputWith(killed, /\d+\/31: .*running/)
  killed.process.kill('SIGKILL')
  await exitStatus(killed)
  const run = startDemo(t, folder, '--exit')
  assert.equal(await exitStatus(run), 0, run.output())
  assert.match(run.output(), /Going on with the group/)
  assert.match(run.output(), /31 finished of 31/)
})

test('without --exit the demo serves until a signal, then ends with 0', async t => {
  const folder = await temporaryFolder(t)
  await packagesIn(folder, 1)
  const run = startDemo(t, folder)
  await outputWith(run, /Serving until Ctrl-C/)
  const [, origin] = await outputWith(run, /listening on (http:\S+)/)
  const response = await fetch(`${origin}/published/~index/index.json`)
  assert.equal(((await response.json()) as unknown[]).length, 1)
  run.process.kill('SIGINT')
  assert.equal(await exitStatus(run), 0)
})
