// Tasks that wait: behind a resource that a running task holds, or for the one slot that it takes.
import { defineCall, type TaskEngine } from '../../server/index.ts'
import { request, use } from './work.ts'

/** What they wait for: one resource that all of them use, or a slot, with a resource of its own each. */
export type Hold = 'resource' | 'slot'

const HELD = 'held'

/** Runs until it is interrupted. */
export const holder = defineCall({
  name: 'holder',
  resources: () => [use(HELD)],
  run: (_, { signal }) =>
    new Promise<null>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
    }),
})

/** Largest part of a group that is submitted in one piece. */
const PART = 10_000

/**
 * Fills an engine of concurrency 1, which has the calls `holder` and `nothing`, with a closed group of
 * waiting tasks.
 *
 * @returns The group's id.
 */
export async function fill(engine: TaskEngine, tasks: number, hold: Hold): Promise<string> {
  await engine.submit(holder, {})
  const { groupId } = await engine.submitGroup({ calls: [], open: true })
  for (let first = 0; first < tasks; first += PART) {
    const length = Math.min(PART, tasks - first)
    await engine.addToGroup(
      groupId,
      Array.from({ length }, (_, at) => request(first + at, hold === 'slot' ? undefined : HELD)),
    )
  }
  await engine.changeGroup(groupId, 'close')
  return groupId
}
