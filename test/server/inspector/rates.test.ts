// Rates: what is submitted, started and ended in each second, by the clock of the engine.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEngine, defineCall, memoryStore } from '../../../server/index.ts'
import { Rates } from '../../../server/inspector/rates.ts'
import { VirtualClock } from '../../../server/testing/virtual-clock.ts'

const START_MS = Date.parse('2026-01-31T12:00:00.250Z')

async function started() {
  const clock = new VirtualClock(START_MS)
  const calls = [
    defineCall({ name: 'ping', run: () => 'pong' }),
    defineCall({
      name: 'retry',
      retry: { limit: 1, delayMs: 5_000, backoff: 'fixed' },
      run: () => {
        throw new Error('not yet')
      },
    }),
  ]
  const engine = createEngine({ calls, store: memoryStore(), clock })
  await engine.ready()
  const rates = new Rates(engine.core.engine, clock.nowMs())
  /** Seconds in which something was counted, from the start: `0: 1 submitted, …`. */
  const seen = () =>
    rates
      .seconds(clock.nowMs())
      .filter(({ submitted, started, ended }) => submitted + started + ended > 0)
      .map(({ at_ms, submitted, started, ended }) => {
        const second = (at_ms - Math.floor(START_MS / 1_000) * 1_000) / 1_000
        return `${second}: ${submitted} ${started} ${ended}`
      })
  return { clock, engine, rates, seen }
}

test('Each task is counted in the second of its submission, of each start, and of its end', async () => {
  const { clock, engine, seen } = await started()
  await engine.submitGroup({ calls: [{ call: 'ping' }, { call: 'ping' }] })
  await engine.submit('retry')
  await clock.advance(2_000)
  assert.deepEqual(seen(), ['0: 3 3 2'])
  await engine.submit('ping')
  await clock.advance(10_000)
  assert.deepEqual(seen(), ['0: 3 3 2', '2: 1 1 1', '5: 0 1 1'])
  await engine.close()
})

test('There is one entry for each second since the start, of the last two minutes', async () => {
  const { clock, engine, rates, seen } = await started()
  const firstMs = Math.floor(START_MS / 1_000) * 1_000
  assert.deepEqual(rates.seconds(clock.nowMs()), [
    { at_ms: firstMs, submitted: 0, started: 0, ended: 0 },
  ])
  await engine.submit('ping')
  await clock.advance(119_000)
  assert.equal(rates.seconds(clock.nowMs()).length, 120)
  assert.deepEqual(seen(), ['0: 1 1 1'])
  await clock.advance(1_000)
  const seconds = rates.seconds(clock.nowMs())
  assert.deepEqual([seconds.length, seconds[0]?.at_ms, seen()], [120, firstMs + 1_000, []])
  await engine.submit('ping')
  await clock.advance(0)
  assert.deepEqual(seen(), ['120: 1 1 1'])
  await engine.close()
})

test('What is counted after it was closed is nothing', async () => {
  const { clock, engine, rates, seen } = await started()
  rates.close()
  await engine.submit('ping')
  await clock.advance(0)
  assert.deepEqual(seen(), [])
  await engine.close()
})
