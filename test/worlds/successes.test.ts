// Successes that are reported together: as one after another, but that all have ended before anything follows.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { isFinal, type Succeeded } from '../../machines/index.ts'
import { take } from './batch.ts'
import { crowd, drawStep, histories } from './crowd.ts'
import { checkState } from './invariants.ts'
import { isCommand, type Step, walk } from './steps.ts'
import type { Rows, World } from './world.ts'

/** Histories; with ROLLCALL_SUCCESSES_RUNS more. */
const RUNS = Number(process.env.ROLLCALL_SUCCESSES_RUNS ?? 600)

const succeeded = (taskId: string, attempt: number): Succeeded => {
  return { type: 'task.succeeded', taskId, attempt, result: null, location: null }
}

/**
 * What is there, but for the numbers of its changes, how much a task that never ran still waited for, and the
 * judgement of one that was judged again: it speaks of those that had not ended by then.
 */
function comparable({ tasks, groups, reservations, edges }: Rows) {
  return {
    tasks: tasks.map(each => {
      const { rev: _rev, response: _response, reasons: _reasons, blockers, ...rest } = each
      return { ...rest, blockers: isFinal(each.value) ? null : blockers }
    }),
    groups: groups.map(each => ({ ...each, rev: 0 })),
    reservations,
    edges,
  }
}

/** Every running task of a world succeeds, and a report of an attempt that was replaced comes with them. */
function takeTogether(world: World, sliceLimit: number): number {
  const running = world.rows.tasks.filter(({ value }) => value.startsWith('running'))
  const [first] = running
  if (first === undefined) return 0
  const reports = [
    succeeded(first.taskId, first.attempt + 1),
    ...running.map(({ taskId, attempt }) => succeeded(taskId, attempt)),
  ]
  const ended = { ...world, runs: [] }
  const together = take(ended, { type: 'tasks.succeeded', reports }, sliceLimit)
  assert.deepEqual(
    together.reply,
    reports.map((_, nth) => ({ outcome: nth === 0 ? 'stale' : 'taken' })),
  )
  checkState(together.world)
  // Whoever has no place yet is judged when it takes it: against those that have not ended by then.
  if (world.rows.tasks.some(each => each.place === null && !isFinal(each.value))) return 0
  let apart: World = ended
  for (const each of reports) ({ world: apart } = take(apart, each, sliceLimit))
  assert.deepEqual(comparable(together.world.rows), comparable(apart.rows))
  return running.length
}

describe('Successes that are reported together', () => {
  for (const sliceLimit of [1, 256]) {
    test(`leave what they leave one after another, ${sliceLimit} rows at a time`, async () => {
      const family = crowd(sliceLimit)
      let most = 0
      await fc.assert(
        fc.asyncProperty(histories, async choices => {
          let world: World = family.start
          for (const dice of choices) {
            const step: Step = drawStep(world, family, dice)
            if (isCommand(step)) most = Math.max(most, takeTogether(world, sliceLimit))
            ;({ world } = await walk(world, step, family))
          }
        }),
        { numRuns: RUNS },
      )
      assert.ok(most > 1, `at most ${most} tasks ended together`)
    })
  }
})
