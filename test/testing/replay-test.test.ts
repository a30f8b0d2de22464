// replayTest() as a user's test file has it: it passes where the statecharts do as recorded, fails on the
// first difference, and hands the rest to the user's own claims.
import assert from 'node:assert/strict'
import { relative } from 'node:path'
import { after, describe, type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { replayTest } from '../../server/testing/replay-test.ts'
import { exported, fileOf, over, resealed } from '../server/history/incident.ts'

const { store, groupId, taskIds } = await over()
const WHOLE = await exported(store, groupId)

// Registered for real, in this process.
const file = await fileOf({ after } as unknown as TestContext, WHOLE)
replayTest(file)
replayTest(pathToFileURL(file), ({ group, tasks, steps }) => {
  assert.equal(group.value, 'settled')
  assert.deepEqual(
    tasks.map(({ taskId, value }) => [taskId, value]),
    [
      [taskIds.skipped, 'skipped'],
      [taskIds.failing, 'finished'],
      [taskIds.canceled, 'canceled'],
    ],
  )
  const started = steps.filter(({ event }) => event.type === 'task.start')
  assert.deepEqual(
    started.map(({ task }) => task?.after.attempt),
    [1, 1, 2],
  )
})

interface Registered {
  name: string
  run: () => Promise<void>
}

/** What is registered for a file with this text. */
async function registered(
  t: TestContext,
  text: string,
  check?: Parameters<typeof replayTest>[1] & object,
): Promise<Registered> {
  const found: Registered[] = []
  const path = await fileOf(t, text)
  const options = typeof check === 'function' ? { check } : (check ?? {})
  replayTest(path, { ...options, test: (name, run) => void found.push({ name, run }) })
  assert.equal(found.length, 1)
  return found[0] as Registered
}

/** The history with its events changed, and a checksum that fits. */
function altered(change: (event: Record<string, unknown>) => void): string {
  const lines = WHOLE.trimEnd().split('\n')
  const changed = lines.map(line => {
    const content = JSON.parse(line)
    if (content.event !== undefined) change(content.event)
    return JSON.stringify(content)
  })
  return resealed(changed.join('\n'))
}

describe('A replay test', () => {
  test('is named for its file and its group', async t => {
    const { name } = await registered(t, WHOLE)
    assert.equal(
      name,
      `the statecharts do as recorded in incident.rollcall.jsonl, group ${groupId}`,
    )
  })

  test('fails on the first difference, and says where it is', async t => {
    const text = altered(event => {
      if (event.type === 'task.succeeded') event.value = 'error'
    })
    const { run } = await registered(t, text)
    await assert.rejects(run(), {
      message: new RegExp(
        `at event \\d+, task.succeeded of the task ${taskIds.failing}: the machine goes to finished, and the record says error; "rollcall replay .*incident.rollcall.jsonl" shows`,
      ),
    })
  })

  test('fails when a row is not what its history led to', async t => {
    const text = altered(event => {
      if (event.type === 'task.start') event.at_ms = (event.at_ms as number) + 1
    })
    const { run } = await registered(t, text)
    await assert.rejects(run(), { message: /at the end: of task .*, startMs is/ })
  })

  test("fails as the user's own claim does, which may take its time", async t => {
    const { run } = await registered(t, WHOLE, async ({ tasks }) => {
      await Promise.resolve()
      assert.equal(tasks.length, 4)
    })
    await assert.rejects(run(), { name: 'AssertionError' })
  })

  test('of a damaged file registers, and fails with what is wrong', async t => {
    const { name, run } = await registered(t, WHOLE.slice(0, -9))
    assert.match(name, /incident\.rollcall\.jsonl/)
    await assert.rejects(run(), { message: /is cut off/ })
  })

  test('of a file that is not there registers, and fails with that', async () => {
    const found: Registered[] = []
    replayTest('absent.jsonl', { test: (name, run) => void found.push({ name, run }) })
    await assert.rejects(found[0]?.run() ?? Promise.resolve(), {
      message: /there is no file absent/,
    })
  })

  test('takes a path from the working directory', async t => {
    const found: Registered[] = []
    const path = relative(process.cwd(), await fileOf(t, WHOLE))
    replayTest(path, { test: (name, run) => void found.push({ name, run }) })
    await found[0]?.run()
    assert.equal(found.length, 1)
  })
})
