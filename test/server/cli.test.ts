// The executable as a shell sees it: status, standard output and standard error.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '..', '..')

function rollcall(...args: string[]) {
  const bin = join(root, 'server', 'bin.ts')
  return spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', env: {} })
}

test('A refused line ends with status 2, one sentence on standard error and no output', () => {
  const { status, stdout, stderr } = rollcall('serve', '--host', '0.0.0.0')
  assert.equal(status, 2)
  assert.equal(stdout, '')
  assert.match(stderr, /^rollcall: --host is "0\.0\.0\.0", but /)
})

test('Help goes to standard output and ends with status 0', () => {
  const { status, stdout, stderr } = rollcall('help')
  assert.deepEqual([status, stderr], [0, ''])
  assert.match(stdout, /Usage: rollcall serve/)
})

test('The version is that of the package', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const { status, stdout } = rollcall('--version')
  assert.deepEqual([status, stdout], [0, `${version}\n`])
})
