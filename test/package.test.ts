// What a user gets: the packed tarball, installed into an empty folder, serves and is typed.
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { temporaryFolder } from './support/temp.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..')

const CALLS = `
import { defineCall, Type } from 'rollcall'

export const greet = defineCall({
  name: 'person.greet',
  args: Type.Object({ name: Type.String() }),
  resources: ({ name }) => [{ resource_type: 'person', resource_id: name, operation: 'update' }],
  async run({ name }, { progress }) {
    progress({ greeted: name })
    return { greeting: 'Hello, ' + name }
  },
})
`

// Each @ts-expect-error is a claim of its own: it fails when the types let the line pass.
const CONSUMER = `
import { createEngine, defineCall, Type } from 'rollcall'
import * as machines from 'rollcall/machines'
import { takes, testEngine } from 'rollcall/testing'

export const add = defineCall({
  name: 'number.add',
  args: Type.Object({ a: Type.Number(), b: Type.Number() }),
  async run({ a, b }, { signal, taskId }) {
    const sum: number = a + b
    const aborted: boolean = signal.aborted
    // @ts-expect-error: a number is not text
    const text: string = a
    // @ts-expect-error: a task's id is text
    const id: number = taskId
    return { sum, aborted, text, id }
  },
})

// @ts-expect-error: a call has a name
defineCall({ args: Type.Object({}), run: () => null })

export const surface = [createEngine, machines]

export const testing = await testEngine({ calls: [add], script: { 'number.add': takes(1_000) } })
const sum: { sum: number } = await (await testing.submit(add, { a: 1, b: 2 })).result()
// @ts-expect-error: the result has no such field
sum.difference

// @ts-expect-error: nothing of this name is exported
export const absent = machines.thereIsNoSuchThing
`

const TSCONFIG = {
  compilerOptions: {
    target: 'ES2024',
    lib: ['ES2024', 'ESNext.Disposable'],
    module: 'NodeNext',
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
    skipLibCheck: true,
  },
  files: ['consumer.ts'],
}

test('The packed package, installed into an empty folder,', async t => {
  // One installation serves all the claims below: it takes most of their time.
  const folder = await temporaryFolder(t)
  await installPackage(folder)

  await t.test('runs a task that was posted to its server', async t => {
    await writeFile(join(folder, 'calls.mjs'), CALLS)
    const base = await startServer(t, folder)

    const submitted = await fetch(`${base}/pulp/api/v2/tasks/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ call: 'person.greet', args: { name: 'Ada' } }),
    })
    const acknowledgement = await submitted.text()
    assert.equal(submitted.status, 202, acknowledgement)

    const [spawned] = JSON.parse(acknowledgement).spawned_tasks
    const report = await ended(new URL(spawned._href, base))
    assert.equal(report.state, 'finished', JSON.stringify(report))
    assert.deepEqual(report.result, { greeting: 'Hello, Ada' })
    assert.deepEqual(report.progress, { greeted: 'Ada' })
  })

  await t.test('prints its version', async () => {
    const { stdout } = await run(process.execPath, [executable(folder), '--version'])
    assert.equal(stdout.trim(), (await manifest(root)).version)
  })

  await t.test('runs the tests of calls that the README shows', async () => {
    const readme = await readFile(join(root, 'README.md'), 'utf8')
    for (const name of ['calls.ts', 'calls.test.ts']) {
      const code = new RegExp(`\`\`\`ts\\n(// ${name}\\n[^]*?)\`\`\``).exec(readme)?.[1]
      assert.ok(code !== undefined, `the README shows no ${name}`)
      await writeFile(join(folder, name), code)
    }
    // As a run of its own, not as a part of this one.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const args = ['--test', '--test-reporter=spec', 'calls.test.ts']
    const { stdout } = await run(process.execPath, args, { cwd: folder, env })
    assert.match(stdout, /^ℹ pass 3$/m)
  })

  await t.test('types a consumer, arguments included', async () => {
    await writeFile(join(folder, 'consumer.ts'), CONSUMER)
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG))
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    await run(process.execPath, [tsc, '-p', folder]).catch(error => assert.fail(error.stdout))
  })

  await t.test('ships no TypeScript source and no tests', async () => {
    const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
    })
    const paths: string[] = JSON.parse(stdout)[0].files.map((file: { path: string }) => file.path)
    assert.ok(paths.includes('dist/server/bin.js') && paths.includes('LICENSE'), paths.join('\n'))
    const strays = paths.filter(path => /(^|\/)test\/|(?<!\.d)\.tsx?$|\.db$/.test(path))
    assert.deepEqual(strays, [])
  })
})

async function installPackage(folder: string): Promise<void> {
  await run('npm', ['pack', '--pack-destination', folder], { cwd: root })
  const { name, version, devDependencies } = await manifest(root)
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }')
  const quick = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline']
  const types = `@types/node@${devDependencies['@types/node']}`
  await run('npm', ['install', ...quick, `./${name}-${version}.tgz`, types], { cwd: folder })
}

type Manifest = { name: string; version: string; devDependencies: Record<string, string> }

async function manifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
}

function executable(folder: string): string {
  return join(folder, 'node_modules', '.bin', 'rollcall')
}

/** Starts the installed server on a free port, gives its base URL, and stops it with the test. */
async function startServer(t: TestContext, folder: string): Promise<string> {
  const args = ['serve', '--calls', './calls.mjs', '--port', '0', '--data', './data']
  const server = spawn(process.execPath, [executable(folder), ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => stop(server))

  let complaints = ''
  server.stderr.on('data', chunk => {
    complaints += chunk
  })
  for await (const line of createInterface({ input: server.stdout })) {
    const listening = /^rollcall listening on (http:\/\/\S+)$/.exec(line)
    if (!listening?.[1]) continue
    // Whatever it prints later must not fill the pipe and block it.
    server.stdout.resume()
    return listening[1]
  }
  return assert.fail(`the server ended before it listened: ${complaints}`)
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const exit = once(server, 'exit')
  server.kill('SIGTERM')
  assert.deepEqual(await exit, [0, null], 'SIGTERM ends the server with status 0')
}

type Report = { state: string; result: unknown; progress: unknown }

/** Polls a task until its state is final, as a client without any special header would. */
async function ended(url: URL): Promise<Report> {
  const deadline = AbortSignal.timeout(30_000)
  for (;;) {
    const response = await fetch(url, { signal: deadline })
    assert.equal(response.status, 200)
    const report = (await response.json()) as Report
    if (!['waiting', 'running', 'suspended'].includes(report.state)) return report
    await delay(50, undefined, { signal: deadline })
  }
}
