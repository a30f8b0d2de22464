// How long a task waits before its next attempt.

export interface RetryPolicy {
  /** Attempts after the first, 0 or more. */
  limit: number
  /** Delay before the first of them, in ms. */
  delayMs: number
  backoff: 'fixed' | 'exponential'
}

/** The longest delay, in ms: an exponential one ends here. */
export const RETRY_DELAY_MAX_MS = 24 * 60 * 60 * 1000

/**
 * Delay before the next attempt in ms, or null when there is none left. Exponential delays double from
 * attempt to attempt and lie between a half and the whole of that ("equal jitter"), so that tasks which
 * failed together do not come back together; fixed delays are exact.
 *
 * @param attempt  Attempts made so far, 1 or more, of those that count towards the limit.
 * @param random01 A draw in [0, 1); the caller owns the generator.
 * @throws {RangeError} `attempt` is below 1 or not an integer.
 * @see "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
 */
export function retryDelayMs(
  policy: RetryPolicy,
  attempt: number,
  random01: number,
): number | null {
  if (!Number.isInteger(attempt) || attempt < 1) {
    throw new RangeError(`attempt is ${attempt}; it counts attempts made, from 1`)
  }
  if (attempt > policy.limit) return null
  if (policy.backoff === 'fixed') return Math.min(policy.delayMs, RETRY_DELAY_MAX_MS)
  const whole = Math.min(policy.delayMs * 2 ** (attempt - 1), RETRY_DELAY_MAX_MS)
  return Math.round(whole / 2 + (random01 * whole) / 2)
}
