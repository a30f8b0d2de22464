// Delays between attempts.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RETRY_DELAY_MAX_MS, retryDelayMs } from '../../machines/retry.ts'

describe('The delay before the next attempt', () => {
  test('is the same each time when fixed, whatever the draw, until no attempt is left', () => {
    const policy = { limit: 2, delayMs: 1_000, backoff: 'fixed' } as const
    assert.deepEqual(
      [1, 2, 3].map(attempt => retryDelayMs(policy, attempt, 0.9)),
      [1_000, 1_000, null],
    )
  })

  test('doubles when exponential, and lies between its half and its whole', () => {
    const policy = { limit: 4, delayMs: 1_000, backoff: 'exponential' } as const
    assert.deepEqual(
      [1, 2, 3, 4].map(attempt => retryDelayMs(policy, attempt, 0)),
      [500, 1_000, 2_000, 4_000],
    )
    for (const draw of [0.25, 0.5, 0.999]) {
      const delayMs = retryDelayMs(policy, 3, draw) as number
      assert.ok(delayMs >= 2_000 && delayMs <= 4_000, `${delayMs}`)
    }
  })

  test('never exceeds a day, however many attempts were made', () => {
    const policy = { limit: 5_000, delayMs: 1_000, backoff: 'exponential' } as const
    assert.equal(retryDelayMs(policy, 4_000, 1), RETRY_DELAY_MAX_MS)
  })

  test('is refused for an attempt that is not a positive integer', () => {
    const policy = { limit: 1, delayMs: 1, backoff: 'fixed' } as const
    for (const attempt of [0, -1, 1.5, Number.NaN]) {
      assert.throws(() => retryDelayMs(policy, attempt, 0), RangeError)
    }
  })

  test('is none when the policy allows no further attempt', () => {
    assert.equal(retryDelayMs({ limit: 0, delayMs: 1, backoff: 'fixed' }, 1, 0), null)
  })
})
