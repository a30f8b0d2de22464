// `rollcall watch` and `rollcall machines` as a shell sees them.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, test } from 'node:test'
import { taskMachine } from '../../machines/index.ts'
import { mermaidOf } from '../../machines/mermaid.ts'
import { serverForFile } from '../contract/server.ts'

const bin = join(import.meta.dirname, '..', '..', 'server', 'bin.ts')
const server = await serverForFile()

function rollcall(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], {
    encoding: 'utf8',
    env: { ROLLCALL_URL: server.base },
  })
  return { status, stdout, stderr }
}

describe('rollcall watch', () => {
  test('ends with 0 when every task has finished, and with 1 when one has not', async () => {
    const good = await server.group({ calls: [{ call: 'echo', args: { value: 1 } }] })
    const { status, stdout } = rollcall('watch', good)
    assert.equal(status, 0)
    assert.match(stdout, /settled: 1 finished; 1 of 1 ended · 100%\n$/)
    const bad = await server.group({ calls: [{ call: 'fling', args: { what: 'error' } }] })
    assert.equal(rollcall('watch', bad).status, 1)
    assert.equal(rollcall('watch', bad, '--once').status, 1)
  })

  test('ends with 130 when it is interrupted', async () => {
    const group = await server.group({ calls: [{ call: 'hold', args: { key: 'watch' } }] })
    const child = spawn(process.execPath, [bin, 'watch', group, '--url', server.base], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(createInterface({ input: child.stdout }), 'line')
    child.kill('SIGINT')
    assert.deepEqual(await once(child, 'exit'), [130, null])
    await server.open('watch')
  })

  test('fails with a sentence when there is nothing to watch', () => {
    const nobody = '00000000-0000-7000-8000-000000000000'
    const failed = (...args: string[]) => {
      const { status, stdout, stderr } = rollcall('watch', ...args)
      assert.equal(stdout, '')
      assert.match(stderr, /^rollcall: .+\n/)
      return status
    }
    assert.equal(failed(nobody), 2)
    assert.equal(failed(nobody, '--url', 'http://127.0.0.1:9'), 2)
    for (const args of [
      ['x'],
      [],
      [nobody, nobody],
      [nobody, '--port', '1'],
      [nobody, '--url', 'x'],
    ])
      assert.equal(failed(...args), 2)
  })

  test('says how it is used', () => {
    const { status, stdout } = rollcall('watch', '--help')
    assert.equal(status, 0)
    assert.match(stdout, /Usage: rollcall watch GROUP/)
    for (const option of ['--url URL', '--mount PATH', '--once']) assert.ok(stdout.includes(option))
  })
})

describe('rollcall machines', () => {
  test('prints what the server gives', async () => {
    const { body } = await server.get('machines/task/')
    assert.deepEqual(JSON.parse(rollcall('machines', 'task').stdout), body)
    const { status, stdout } = rollcall('machines', 'task', '--format', 'mermaid')
    assert.deepEqual([status, stdout], [0, mermaidOf(taskMachine)])
    assert.match(rollcall('machines').stdout, /"name": "group"/)
  })

  test('refuses what it does not have with status 2', () => {
    for (const args of [['lamp'], ['task', 'group'], ['--format', 'svg'], ['--once']]) {
      assert.equal(rollcall('machines', ...args).status, 2)
    }
  })
})
