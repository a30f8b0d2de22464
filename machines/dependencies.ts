// Who waits for whom within one submission: the order in which its members would run, and cycles.

/** The members' indexes in run order, or those along a cycle, the first repeated at the end. */
export type RunOrder = { order: number[] } | { cycle: number[] }

/**
 * Orders members as they would run: always the first in the list of those whose dependencies have all
 * come before (CONTRACT §3).
 *
 * @param dependencies For each member, the indexes of the members it depends on, without repeats.
 */
export function runOrder(dependencies: readonly (readonly number[])[]): RunOrder {
  if (dependencies.every(indexes => indexes.length === 0))
    return { order: dependencies.map((_, member) => member) }
  const dependants: number[][] = dependencies.map(() => [])
  const open = dependencies.map((indexes, member) => {
    for (const index of indexes) dependants[index]?.push(member)
    return indexes.length
  })
  const available: number[] = []
  // Ascending, so that it is a heap from the start.
  open.forEach((count, member) => void (count === 0 && available.push(member)))

  const order: number[] = []
  while (available.length > 0) {
    const member = popLowest(available)
    order.push(member)
    for (const dependant of dependants[member] ?? []) {
      open[dependant] = (open[dependant] as number) - 1
      if (open[dependant] === 0) pushInOrder(available, dependant)
    }
  }
  if (order.length === dependencies.length) return { order }
  return { cycle: findCycle(dependencies, open) }
}

/** Walks from an unordered member to one that keeps it waiting, until a member comes up again. */
function findCycle(
  dependencies: readonly (readonly number[])[],
  open: readonly number[],
): number[] {
  const path: number[] = []
  let member = open.findIndex(count => count > 0)
  while (!path.includes(member)) {
    path.push(member)
    member = (dependencies[member] ?? []).find(index => (open[index] as number) > 0) as number
  }
  return [...path.slice(path.indexOf(member)), member]
}

function popLowest(heap: number[]): number {
  const lowest = heap[0] as number
  const last = heap.pop() as number
  if (heap.length === 0) return lowest
  let parent = 0
  for (;;) {
    let child = 2 * parent + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && (heap[child + 1] as number) < (heap[child] as number)) child += 1
    if ((heap[child] as number) >= last) break
    heap[parent] = heap[child] as number
    parent = child
  }
  heap[parent] = last
  return lowest
}

function pushInOrder(heap: number[], value: number): void {
  let child = heap.push(value) - 1
  while (child > 0) {
    const parent = (child - 1) >> 1
    if ((heap[parent] as number) <= value) break
    heap[child] = heap[parent] as number
    child = parent
  }
  heap[child] = value
}
