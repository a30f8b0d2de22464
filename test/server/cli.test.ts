// The executable as a shell sees it: status, standard output and standard error.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { createEngine, defineCall } from '../../server/index.ts'
import { temporaryFolder } from '../support/temp.ts'
import { exported, fileOf, over, resealed } from './history/incident.ts'

const root = join(import.meta.dirname, '..', '..')
const bin = join(root, 'server', 'bin.ts')

function rollcall(...args: string[]) {
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

/** A folder that an engine of this process serves, with a group of so many tasks that have ended. */
async function served(t: TestContext, tasks = 2): Promise<{ data: string; groupId: string }> {
  const data = join(await temporaryFolder(t), 'data')
  const nothing = defineCall({ name: 'nothing', run: () => null })
  const engine = createEngine({ calls: [nothing], store: data, concurrency: 64 })
  t.after(() => engine.close())
  const calls = Array.from({ length: tasks }, () => ({ call: nothing }))
  const { groupId } = await engine.submitGroup({ calls })
  await engine.core.until({
    read: () => engine.summary(groupId),
    done: ({ finished }) => finished === tasks,
    concerns: () => true,
    timeoutMs: 20_000,
  })
  return { data, groupId }
}

describe('rollcall export', () => {
  test('writes a file beside the server that runs, and replay agrees with it', async t => {
    const { data, groupId } = await served(t)
    const out = join(data, '..', 'out.jsonl')
    const written = rollcall(
      'export',
      '--group',
      groupId.toUpperCase(),
      '--data',
      data,
      '--out',
      out,
    )
    assert.deepEqual(
      [written.status, written.stdout, written.stderr],
      [0, `the history of the group ${groupId} is in ${out}\n`, ''],
    )
    assert.deepEqual(await readdir(join(data, '..')), ['data', 'out.jsonl'])

    const { status, stdout, stderr } = rollcall('replay', out)
    assert.deepEqual([status, stderr], [0, ''])
    assert.match(stdout, new RegExp(`^group ${groupId}: 2 tasks, 8 events, exported 20`))
    assert.match(
      stdout,
      /\n\+00:00:0\d.*…\S{8} nothing +task\.start +attempt 1 +waiting → running\.exec/,
    )
    assert.match(stdout, /the group is settled: 2 finished\nthe statecharts do as recorded\n$/)
  })

  test('writes the same to standard output when it is asked to', async t => {
    const { data, groupId } = await served(t)
    const { status, stdout, stderr } = rollcall(
      ...['export', '--group', groupId, '--data', data, '--out', '-'],
    )
    assert.deepEqual([status, stderr], [0, ''])
    const again = await fileOf(t, stdout)
    assert.equal(rollcall('replay', again).status, 0)
  })

  test('names its file for the group when it is told no other', async t => {
    const { data, groupId } = await served(t)
    const cwd = await temporaryFolder(t)
    spawnSync(process.execPath, [bin, 'export', '--group', groupId, '--data', data], { cwd })
    assert.ok(existsSync(join(cwd, `${groupId}.rollcall.jsonl`)))
  })

  test('ends with status 1 and one sentence when it cannot', async t => {
    const { data, groupId } = await served(t)
    const nobody = '00000000-0000-7000-8000-00000000dead'
    const cases: [args: string[], says: RegExp][] = [
      [
        ['--group', nobody, '--data', data],
        /^rollcall: no task group in .*data has the id .*dead\n$/,
      ],
      [
        ['--group', groupId, '--data', join(data, 'no')],
        /^rollcall: no store of Rollcall is in .*no\n$/,
      ],
      [
        ['--group', groupId, '--data', data, '--out', join(data, 'no', 'out')],
        /^rollcall: .*out cannot be written: its folder does not exist\n$/,
      ],
      [
        ['--group', groupId, '--data', data, '--out', data],
        /^rollcall: .* cannot be written: .*\n$/,
      ],
    ]
    for (const [args, says] of cases) {
      const { status, stdout, stderr } = rollcall('export', ...args)
      assert.deepEqual([status, stdout], [1, ''])
      assert.match(stderr, says)
    }
    assert.ok(!(await readdir(join(data, '..'))).some(name => name.endsWith('.partial')))
  })
})

describe('rollcall replay', () => {
  test('ends with status 1 when the statecharts do otherwise, and says where first', async t => {
    const { store, groupId } = await over()
    const text = await exported(store, groupId)
    // The row says another attempt than its history led to; the checksum is made to fit.
    const file = await fileOf(t, resealed(text.replace('"attempt":2,"inter', '"attempt":3,"inter')))
    const { status, stdout, stderr } = rollcall('replay', file)
    assert.deepEqual([status, stderr], [1, ''])
    assert.match(
      stdout,
      /\n {4}differs: of task .*, attempt is 2 by the history and 3 in the row\n/,
    )
    assert.match(
      stdout,
      /differ from the record 1 time, first at the end: of task .* 3 in the row\n$/,
    )
  })

  test('prints each step at its time, with what failed and when it is tried again', async t => {
    const { store, groupId } = await over()
    const { stdout } = rollcall('replay', await fileOf(t, await exported(store, groupId)))
    const line = stdout.split('\n').find(each => each.includes('task.failed'))
    assert.equal(
      line,
      '+00:00:00.000  2026-01-31T12:00:00.000Z  …00000003 work            task.failed       attempt 1  running.executing → waiting  (RCL0015 no route; again at 2026-01-31T12:00:01.000Z)',
    )
    assert.match(stdout, /\n\+00:00:01\.000 .* task\.start +attempt 2 /)
  })

  test('refuses a damaged file with status 2 and one sentence, and prints none of it', async t => {
    const { store, groupId } = await over()
    const text = await exported(store, groupId)
    const file = await fileOf(t, text.replace('finished', 'error'))
    const { status, stdout, stderr } = rollcall('replay', file)
    assert.deepEqual([status, stdout], [2, ''])
    assert.match(stderr, /^rollcall: .* was changed after its export: .*\n$/)
  })

  test('prints no control character that a text in the file may hold', async t => {
    const { store, groupId } = await over()
    const text = (await exported(store, groupId)).replace('no route', '\\u001b[2J\\u202e')
    const { stdout } = rollcall('replay', await fileOf(t, resealed(text)))
    assert.match(stdout, /RCL0015 �\[2J�/)
  })

  test('ends quietly when its reader does', async t => {
    const { data, groupId } = await served(t, 400)
    const out = join(data, '..', 'out.jsonl')
    rollcall('export', '--group', groupId, '--data', data, '--out', out)
    const child = spawn(process.execPath, [bin, 'replay', out], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const complaints = child.stderr.toArray()
    await once(child.stdout, 'readable')
    child.stdout.destroy()
    const [status] = await once(child, 'exit')
    assert.deepEqual([status, (await complaints).join('')], [0, ''])
  })
})
