// What every task carries, in ours and in the yardsticks: about 200 bytes, with a tag and a resource.

/** Carried by every task, so that all that it has to say is about 200 bytes. */
export const FILLER = 'x'.repeat(90)

export function tagOf(nth: number): string {
  return `pulp:repository:${nth}`
}

/** Task `nth` as a queue without words for them carries its tag and its resource. */
export function payload(nth: number) {
  return { filler: FILLER, tag: tagOf(nth), resource: `repository:${nth}:update` }
}
