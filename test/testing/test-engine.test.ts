// The test kit as its users meet it: real calls, scripted runs, a clock that only the test moves.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { CallError, created, defineCall, Type } from '../../server/index.ts'
import {
  crashes,
  fails,
  hangs,
  replayTest,
  runs,
  succeeds,
  takes,
  testEngine,
} from '../../server/testing/index.ts'
import { temporaryFolder } from '../support/temp.ts'

const MINUTE = 60_000

const sync = defineCall({
  name: 'feed.sync',
  args: Type.Object({ id: Type.String() }),
  resources: ({ id }) => [{ resource_type: 'feed', resource_id: id, operation: 'update' }],
  retry: { limit: 2, delayMs: MINUTE, backoff: 'exponential' },
  run: ({ id }) => ({ synced: id }),
})
const publish = defineCall({ name: 'feed.publish', run: () => ({ published: true }) })
const careful = defineCall({ name: 'feed.move', onInterrupted: 'fail', run: () => null })
const hasty = defineCall({ name: 'feed.look', timeoutMs: 5_000, run: () => null })
const firm = defineCall({ name: 'feed.drop', cancellable: false, run: () => null })
const calls = [sync, publish, careful, hasty, firm]

const times = (list: { startedAt: string; endedAt: string | null }[]) =>
  list.map(({ startedAt, endedAt }) => [startedAt, endedAt])

describe('Time in a test', () => {
  test('passes as the retries of a call say: a sync that works at the third try publishes once', async () => {
    const engine = await testEngine({
      calls,
      script: { 'feed.sync': [fails(), fails(), succeeds({ added: 3 })] },
    })
    const { taskIds } = await engine.submitGroup({
      calls: [
        { id: 'sync', call: sync, args: { id: 'fedora' } },
        { call: publish, depends_on: ['sync'] },
      ],
    })
    await engine.run()
    assert.deepEqual(
      engine.runs(sync).map(run => [run.startedAt, run.ended]),
      [
        ['00:00:00', 'failed'],
        ['00:01:00', 'failed'],
        ['00:03:00', 'succeeded'],
      ],
    )
    assert.deepEqual(times(engine.runs('feed.publish')), [['00:03:00', '00:03:00']])
    const report = await engine.report(taskIds[0] as string)
    assert.deepEqual([report.result, report.start_time], [{ added: 3 }, '2026-01-01T00:03:00Z'])
  })

  test('stands still until the test moves it, and then moves from event to event', async () => {
    const engine = await testEngine({ calls, script: { 'feed.sync': takes(90_500) } })
    const task = await engine.submit(sync, { id: 'fedora' })
    await engine.settle()
    assert.equal(engine.elapsed, '00:00:00')
    await engine.advance(MINUTE)
    assert.equal((await engine.report(task.taskId)).state, 'running')
    await engine.advance(MINUTE)
    assert.deepEqual(times(engine.runs()), [['00:00:00', '00:01:30.500']])
    assert.equal(engine.elapsed, '00:02:00')
  })

  test('begins when the test says, and start_after is kept', async () => {
    const engine = await testEngine({ calls, startAt: '2030-06-01T08:00:00Z' })
    await engine.submit({ call: publish, start_after: '2030-06-01T20:00:00Z' })
    await engine.run()
    assert.equal(engine.runs()[0]?.startedAt, '12:00:00')
  })

  test('is the same for the same seed, which chooses the jitter of retries', async () => {
    const startedAt = async (seed?: number) => {
      const engine = await testEngine({ calls, script: { 'feed.sync': fails() }, seed })
      await engine.submit(sync, { id: 'fedora' })
      await engine.run()
      return engine.runs().map(run => run.startedAt)
    }
    assert.deepEqual(await startedAt(), ['00:00:00', '00:01:00', '00:03:00'])
    assert.deepEqual(await startedAt(7), await startedAt(7))
    assert.notDeepEqual(await startedAt(7), await startedAt(8))
  })

  test('is that of each end when several results are waited for, also over a crash', async () => {
    const engine = await testEngine({
      calls,
      script: {
        'feed.sync': ({ id }) => takes(Number(id) * 1_000),
        'feed.publish': [takes(1_500, crashes()), succeeds()],
      },
    })
    const ends: string[] = []
    const waits = ['3', '2', '1'].map(async id => {
      const task = await engine.submit(sync, { id })
      return { id, task }
    })
    await engine.submit(publish, {})
    await Promise.all(
      waits.map(async wait => {
        const { id, task } = await wait
        await task.result()
        ends.push(`${id} at ${engine.elapsed}`)
      }),
    )
    // The process died at 1.5 s: what ran then began anew.
    assert.deepEqual(ends, ['1 at 00:00:01', '2 at 00:00:03.500', '3 at 00:00:04.500'])
  })

  test('moves by a length of time, and nothing else', async () => {
    const engine = await testEngine({ calls })
    for (const ms of [-1, Number.NaN, '5' as never]) {
      await assert.rejects(engine.advance(ms), /advance\(ms\) takes 0 ms or more/)
    }
  })

  test('passes while a result is waited for', async () => {
    const engine = await testEngine({ calls, script: { 'feed.sync': takes(MINUTE, succeeds(1)) } })
    const task = await engine.submit(sync, { id: 'fedora' })
    assert.equal(await task.result(), 1)
    assert.equal(engine.elapsed, '00:01:00')
  })
})

describe('A scripted run', () => {
  test('ends as its arguments say, attempt by attempt, the last outcome again', async () => {
    const engine = await testEngine({
      calls,
      script: { 'feed.sync': ({ id }) => (id === 'bad' ? [takes(1_000, fails())] : succeeds()) },
    })
    const { taskIds } = await engine.submitGroup({
      calls: ['good', 'bad'].map(id => ({ call: 'feed.sync', args: { id } })),
    })
    await engine.run()
    const states = await Promise.all(taskIds.map(async id => (await engine.report(id)).state))
    assert.deepEqual(states, ['finished', 'error'])
    assert.deepEqual(
      engine.runs().map(run => [run.args.id, run.attempt, run.ended]),
      [
        ['good', 1, 'succeeded'],
        ['bad', 1, 'failed'],
        ['bad', 2, 'failed'],
        ['bad', 3, 'failed'],
      ],
    )
  })

  test('gives what the handler would: an error with its code, a result with its location', async () => {
    const engine = await testEngine({
      calls,
      script: {
        'feed.publish': fails(new CallError('PUB0001', 'no room', { status: 507 })),
        'feed.look': succeeds(created('/feeds/1/', { id: 1 })),
      },
    })
    const failing = await engine.submit(publish, {})
    await assert.rejects(failing.result(), { code: 'PUB0001', message: 'no room', status: 507 })
    const looking = await engine.submit(hasty, {})
    assert.deepEqual(await looking.result(), { id: 1 })
  })

  test('hangs until it is cancelled or timed out', async () => {
    const engine = await testEngine({
      calls,
      script: { 'feed.sync': hangs(), 'feed.look': hangs() },
    })
    const hanging = await engine.submit(sync, { id: 'fedora' })
    const late = await engine.submit(hasty, {})
    await engine.run()
    assert.equal((await engine.report(hanging.taskId)).state, 'running')
    assert.equal((await engine.report(late.taskId)).error?.code, 'RCL0017')
    await assert.rejects(hanging.result(), /feed.sync\) is running, and nothing is left/)
    await engine.cancel(hanging.taskId)
    await engine.run()
    assert.equal((await engine.report(hanging.taskId)).state, 'canceled')
    assert.deepEqual(
      engine.runs().map(run => [run.call, run.endedAt, run.ended]),
      [
        ['feed.sync', '00:00:05', 'stopped'],
        ['feed.look', '00:00:05', 'stopped'],
      ],
    )
  })

  test('that ignores being stopped keeps its resources, and is reported', async () => {
    const engine = await testEngine({
      calls,
      script: { 'feed.sync': [hangs({ ignoresStop: true }), succeeds()] },
    })
    const first = await engine.submit(sync, { id: 'fedora' })
    const second = await engine.submit(sync, { id: 'fedora' })
    await engine.settle()
    await engine.cancel(first.taskId)
    await engine.run()
    const report = await engine.report(first.taskId)
    assert.deepEqual([report.state, report.error?.code], ['running', 'RCL0020'])
    assert.equal((await engine.report(second.taskId)).state, 'waiting')
    await engine.crash()
    await engine.run()
    assert.equal((await engine.report(first.taskId)).state, 'canceled')
    assert.equal((await engine.report(second.taskId)).state, 'running')
  })

  test('may be the real handler, which takes no time of the clock', async () => {
    const engine = await testEngine({
      calls,
      script: {
        'feed.publish': takes(
          MINUTE,
          runs(async (_: object, { progress }) => {
            progress({ half: true })
            await new Promise(resolve => setTimeout(resolve, 5))
            return { slow: true }
          }),
        ),
      },
    })
    const real = await engine.submit(sync, { id: 'fedora' })
    assert.deepEqual(await real.result(), { synced: 'fedora' })
    assert.equal(engine.elapsed, '00:00:00')
    const standIn = await engine.submit(publish, {})
    assert.deepEqual(await standIn.result(), { slow: true })
    assert.deepEqual(times(engine.runs(publish)), [['00:00:00', '00:01:00']])
    assert.deepEqual((await engine.report(standIn.taskId)).progress, { half: true })
  })
})

describe('A process that dies in a test', () => {
  test('in the middle of a run leaves the run to another attempt', async () => {
    const engine = await testEngine({
      calls,
      script: { 'feed.sync': [takes(30_000, crashes()), takes(5_000)] },
    })
    const task = await engine.submit(sync, { id: 'fedora' })
    await task.result()
    assert.equal((await engine.report(task.taskId)).attempt, 2)
    assert.deepEqual(
      engine.runs().map(run => [run.startedAt, run.endedAt, run.ended]),
      [
        ['00:00:00', '00:00:30', 'crashed'],
        ['00:00:30', '00:00:35', 'succeeded'],
      ],
    )
    assert.equal(engine.crashes, 1)
  })

  test('takes with it what else ran, starts nothing more, and runs no task twice at a time', async () => {
    const engine = await testEngine({
      calls,
      script: {
        'feed.publish': [crashes(), succeeds()],
        'feed.sync': takes(1_000),
        'feed.move': takes(1_000),
      },
      concurrency: 3,
    })
    const { taskIds } = await engine.submitGroup({
      calls: [
        { call: sync, args: { id: 'a' } },
        { call: publish },
        { call: careful },
        { call: sync, args: { id: 'b' } },
      ],
    })
    await engine.run()
    const ends = await Promise.all(
      taskIds.map(async id => {
        const { state, attempt } = await engine.report(id)
        return [state, attempt]
      }),
    )
    // The crash came before the third handler of its batch was called; its row ran already.
    assert.deepEqual(ends, [
      ['finished', 2],
      ['finished', 2],
      ['error', 1],
      ['finished', 1],
    ])
    assert.deepEqual(
      engine.runs().map(run => [run.call, run.startedAt, run.ended]),
      [
        ['feed.sync', '00:00:00', 'crashed'],
        ['feed.publish', '00:00:00', 'crashed'],
        ['feed.sync', '00:00:00', 'succeeded'],
        ['feed.publish', '00:00:00', 'succeeded'],
        ['feed.sync', '00:00:00', 'succeeded'],
      ],
    )
  })

  test('again and again is given up after five reruns', async () => {
    const engine = await testEngine({ calls, script: { 'feed.sync': crashes() } })
    const task = await engine.submit(sync, { id: 'fedora' })
    await assert.rejects(task.result(), { code: 'RCL0018' })
    assert.equal(engine.crashes, 6)
  })
})

describe('The end of a test', () => {
  test('closes in order: what runs is interrupted, and it waits for no real time', async () => {
    const engine = await testEngine({ calls, script: { 'feed.sync': hangs() } })
    await engine.submit(sync, { id: 'fedora' })
    await engine.settle()
    await engine.close(MINUTE)
    assert.deepEqual(
      engine.runs().map(run => [run.endedAt, run.ended]),
      [['00:01:00', 'stopped']],
    )
  })
})

describe('A mistake in a test', () => {
  test('is said at the start when the script names no call, or nothing of one', async () => {
    const unknown = { 'feed.snyc': succeeds() }
    await assert.rejects(
      testEngine({ calls, script: unknown }),
      /names the call feed.snyc; there is feed.sync/,
    )
    await assert.rejects(
      testEngine({ calls, script: { 'feed.sync': [] } }),
      /script of feed.sync is empty/,
    )
    const misspelt = { calls, scripts: {} }
    await assert.rejects(
      testEngine(misspelt),
      /there is no option scripts; there are calls, script/,
    )
    await assert.rejects(testEngine({ calls, startAt: 'noon' }), /startAt is a time .* found noon/)
    assert.throws(() => takes(-1), /0 ms or more; found -1/)
  })

  test('is said by run() when a script gives no outcome', async () => {
    const script = { 'feed.sync': () => 'works' as never }
    const engine = await testEngine({ calls, script })
    await engine.submit(sync, { id: 'fedora' })
    await assert.rejects(engine.run(), /script of feed.sync gives works for attempt 1/)
  })

  test('is said when a handler that runs for real does not end', async () => {
    const script = { 'feed.sync': runs(() => new Promise(() => {})) }
    const engine = await testEngine({ calls, script, patienceMs: 10 })
    await engine.submit(sync, { id: 'fedora' })
    await assert.rejects(engine.run(), /feed.sync has run for 10 ms of real time/)
  })
})

describe('What happened in a test', () => {
  test('can be exported, and replayed as an incident', async t => {
    const engine = await testEngine({
      calls,
      script: { 'feed.sync': [takes(1_000, crashes()), fails(), succeeds()] },
    })
    const { groupId } = await engine.submitGroup({
      calls: [
        { id: 'sync', call: sync, args: { id: 'a' } },
        { call: publish, depends_on: ['sync'] },
      ],
    })
    await engine.run()
    const file = join(await temporaryFolder(t), 'incident.rollcall.jsonl')
    await writeFile(file, engine.exportGroup(groupId))

    const registered: (() => Promise<void>)[] = []
    replayTest(file, {
      test: (_, run) => registered.push(run),
      check: ({ group, tasks, steps }) => {
        assert.deepEqual([group.value, group.counts.finished], ['settled', 2])
        assert.deepEqual(
          tasks.map(task => task.attempt),
          [3, 1],
        )
        assert.equal(steps.filter(step => step.event.type === 'task.interrupted').length, 1)
      },
    })
    assert.equal(registered.length, 1)
    await registered[0]?.()
  })
})
