// What a list of numbers says.

export interface Summary {
  median: number
  min: number
  max: number
}

/** @throws {RangeError} There are no numbers. */
export function summarize(numbers: readonly number[]): Summary {
  const sorted = numbers.toSorted((a, b) => a - b)
  const [min, max] = [sorted[0], sorted.at(-1)]
  if (min === undefined || max === undefined) throw new RangeError('there are no numbers')
  return { median: quantile(sorted, 0.5), min, max }
}

/**
 * A quantile with linear interpolation between the two nearest.
 *
 * @param sorted Ascending, at least one.
 * @param share01 0.99 is the 99th percentile.
 */
export function quantile(sorted: readonly number[], share01: number): number {
  const at = share01 * (sorted.length - 1)
  const below = sorted[Math.floor(at)] as number
  const above = sorted[Math.ceil(at)] as number
  return below + (above - below) * (at - Math.floor(at))
}
