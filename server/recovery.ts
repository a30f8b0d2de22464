// What a restart turns into commands: attempts that the death of the process interrupted, and fan-outs
// that it cut short.
import type { Registry } from './calls.ts'
import type { Engine } from './engine.ts'
import { failure } from './errors.ts'
import type { Store } from './store/store.ts'

/** Reruns of a task whose process died, before it counts as the cause (CONTRACT §5). */
export const RERUNS_MAX = 5

const PAGE = 256

/**
 * Takes up what the last process left. Resolves before any task is started, so that nothing runs beside
 * a group that was cancelled or suspended.
 *
 * @returns How many attempts had been interrupted.
 */
export async function recover(engine: Engine, store: Store, registry: Registry): Promise<number> {
  let interrupted = 0
  for (let afterSeq = 0; ; ) {
    const page = await store.running(afterSeq, PAGE)
    await Promise.all(
      page.map(({ taskId, attempt, call, interruptions }) => {
        const mayRerun = registry.find(call)?.onInterrupted !== 'fail'
        const rerun = mayRerun && interruptions < RERUNS_MAX
        const description = mayRerun
          ? `the process ended ${interruptions + 1} times while the call ran; it is not run again`
          : 'the process ended while the call ran, and the call asks not to be run again then'
        return engine.sendReliably({
          type: 'task.interrupted',
          taskId,
          attempt,
          crashed: true,
          rerun,
          failure: failure('RCL0018', description),
        })
      }),
    )
    interrupted += page.length
    afterSeq = page.at(-1)?.seq ?? 0
    if (page.length < PAGE) break
  }

  for (let afterSeq = 0; ; ) {
    const page = await store.unsettledGroups(afterSeq, PAGE)
    for (const { groupId, value, counts } of page) {
      if (value === 'cancelling') {
        await engine.sendReliably({ type: 'group.fan_out', groupId, action: 'cancel' })
      } else if (value.startsWith('suspended') && counts.waiting > 0) {
        await engine.sendReliably({ type: 'group.fan_out', groupId, action: 'suspend' })
      } else if (value.startsWith('active') && counts.suspended > 0) {
        await engine.sendReliably({ type: 'group.fan_out', groupId, action: 'resume' })
      }
    }
    afterSeq = page.at(-1)?.seq ?? 0
    if (page.length < PAGE) break
  }
  return interrupted
}
