import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { defineCall, Type } from '../../server/index.ts'
import { explore, fails, hangs, runs, succeeds, takes } from '../../server/testing/index.ts'

const sync = defineCall({
  name: 'feed.sync',
  args: Type.Object({ id: Type.String() }),
  run: ({ id }) => id,
})
const flaky = defineCall({
  name: 'feed.fetch',
  retry: { limit: 1, delayMs: 60_000, backoff: 'fixed' },
  run: () => null,
})
const calls = [sync, flaky]
const syncs = (...ids: string[]) => ({
  calls: ids.map(id => ({ call: 'feed.sync' as const, args: { id } })),
})

describe('Exploring a scenario', () => {
  test('tries every order in which the running tasks can end, each once', async () => {
    const orders: string[] = []
    const script = { 'feed.sync': takes(60_000) }
    const { orders: count } = await explore({ calls, script }, async engine => {
      const ended: string[] = []
      const seen = new Set<string>()
      engine.subscribe(() => {
        for (const run of engine.runs()) {
          if (run.ended !== null && !seen.has(run.taskId)) ended.push(run.args.id as string)
          if (run.ended !== null) seen.add(run.taskId)
        }
      })
      await engine.submitGroup(syncs('a', 'b', 'c'))
      await engine.run()
      orders.push(ended.join(''))
    })
    assert.equal(count, 6)
    assert.deepEqual(orders.sort(), ['abc', 'acb', 'bac', 'bca', 'cab', 'cba'])
  })

  test('tries them for handlers that run for real as well', async () => {
    const { orders } = await explore({ calls }, async engine => {
      await engine.submitGroup(syncs('a', 'b'))
      await engine.run()
    })
    assert.equal(orders, 2)
  })

  test('lets the time of a retry come before and after the end of another task', async () => {
    const attempts = new Set<string>()
    const script = { 'feed.fetch': [fails(), succeeds()] }
    await explore({ calls, script }, async engine => {
      await engine.submit(flaky, {})
      const { taskId } = await engine.submit(sync, { id: 'a' })
      await engine.run()
      const end = engine.runs(sync)[0]?.endedAt
      attempts.add(`${end} ${(await engine.report(taskId)).state}`)
    })
    assert.deepEqual([...attempts].sort(), ['00:00:00 finished', '00:01:00 finished'])
  })

  test('reports the first order that breaks the scenario, and tries it alone', async () => {
    const script = { 'feed.sync': ({ id }: { id: string }) => (id === 'c' ? fails() : succeeds()) }
    const scenario = async (engine: Parameters<Parameters<typeof explore>[1]>[0]) => {
      const { groupId } = await engine.submitGroup({
        ...syncs('a', 'b', 'c'),
        on_failure: 'cancel',
      })
      await engine.run()
      assert.equal((await engine.summary(groupId)).finished, 2)
    }
    const options = { calls, script }
    const failure = await explore(options, scenario).then(
      () => assert.fail('the order c a b cancels a and b'),
      (error: Error) => error,
    )
    assert.match(failure.message, /^Order 2 breaks the scenario: /)
    assert.match(
      failure.message,
      /1\. feed\.sync \{"id":"a"\} succeeds\n {2}2\. feed\.sync \{"id":"c"\} fails/,
    )
    assert.match(failure.message, /order: \[0, 1, 0\]/)
    assert.equal((failure.cause as Error).name, 'AssertionError')
    await assert.rejects(
      explore({ ...options, order: [0, 1, 0] }, scenario),
      /^Error: Order 1 breaks/,
    )
    await explore({ ...options, order: [0, 0, 0] }, scenario)
    for (const order of [[9], [0, 0, 0, 0], [0.5], 'x' as never]) {
      await assert.rejects(explore({ ...options, order }, scenario), RangeError)
    }
  })

  test('lets the process die at any moment when it may, and everything still ends once', async () => {
    let died = 0
    const script = { 'feed.sync': takes(1_000) }
    const { orders } = await explore({ calls, script, crashes: 1 }, async engine => {
      const { groupId } = await engine.submitGroup(syncs('a', 'b'))
      await engine.run()
      assert.equal((await engine.summary(groupId)).finished, 2)
      died += engine.crashes
    })
    // Without a crash 2 orders; with one before the first end 2, and before the second 2.
    assert.deepEqual([orders, died], [6, 4])
  })

  test('counts what stops after its cancellation among what may end next', async () => {
    const { orders } = await explore({ calls, script: { 'feed.sync': hangs() } }, async engine => {
      const { groupId } = await engine.submitGroup(syncs('a', 'b'))
      await engine.run()
      await engine.cancelGroup(groupId)
      await engine.run()
      assert.equal((await engine.summary(groupId)).canceled, 2)
    })
    assert.equal(orders, 2)
  })

  test('says so when there are more orders than wanted, or the scenario is not always the same', async () => {
    const scenario = async (engine: Parameters<Parameters<typeof explore>[1]>[0]) => {
      await engine.submitGroup(syncs('a', 'b', 'c'))
      await engine.run()
    }
    await assert.rejects(explore({ calls, ordersMax: 5 }, scenario), /more than 5 orders/)
    let times = 0
    await assert.rejects(
      explore({ calls, script: { 'feed.sync': runs() } }, async engine => {
        times += 1
        await engine.submitGroup(syncs('a', 'b', `${times}`))
        await engine.run()
      }),
      /does not do the same every time/,
    )
  })
})
