// What a line of history keeps is enough, with the task's row, to take the event again.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  eventData,
  leavesLine,
  submissionEvent,
  submittedAs,
  taskEventOf,
} from '../../machines/history.ts'
import type { HistoryEvent, Task, TaskEvent } from '../../machines/index.ts'
import { stepTask } from '../../machines/index.ts'
import { AT_MS, failed, TASK_EVENTS, task } from '../support/builders.ts'

const STATES: Task[] = [
  task({ wakeAtMs: AT_MS, place: null }),
  task({ value: 'suspended', wakeAtMs: AT_MS }),
  task({ value: 'running.executing', failure: failed('RCL0017') }),
  task({ value: 'running.cancelling', stopCause: 'cancel', failure: failed('RCL0020') }),
  task({ value: 'running.cancelling', stopCause: 'timeout' }),
]

/** The line of an event that led to a row, as a store gives it back. */
function lineOf(event: TaskEvent, row: Task): HistoryEvent {
  const data = JSON.parse(JSON.stringify(eventData(event, row.value)))
  const { taskId, groupId, value, attempt } = row
  return { eventId: 1, atMs: AT_MS, taskId, groupId, type: event.type, attempt, value, data }
}

describe('A line and the row of its task', () => {
  for (const before of STATES) {
    const events = TASK_EVENTS.filter(
      event => leavesLine(event) && stepTask(before, event) !== null,
    )
    const of = before.stopCause === null ? before.value : `${before.value} (${before.stopCause})`
    test(`give back each of ${events.length} events of a task that is ${of}`, () => {
      assert.ok(events.length > 0)
      for (const event of events) {
        const row = stepTask(before, event) as Task
        const again = taskEventOf(lineOf(event, row), row)
        assert.ok(again !== null, event.type)
        // How long it has to wait, and for whom, is not in the history.
        const { reasons, blockers } = row
        assert.deepEqual({ ...stepTask(before, again), reasons, blockers }, row, event.type)
      }
    })
  }

  test('tell when a submission was held back, and until when', () => {
    const heldBack = { place: null, response: 'postponed', wakeAtMs: AT_MS } as const
    for (const row of [task(), task({ response: 'postponed' }), task(heldBack)]) {
      const line = submissionEvent(row)
      const { place, wakeAtMs } = row
      assert.deepEqual(submittedAs(line), { heldBack: place === null, wakeAtMs })
    }
  })
})

describe('A line', () => {
  test('of a failed attempt that is not the last keeps the failure whole', () => {
    const failure = { ...failed(), traceback: 'Error: it broke\n    at run (calls.ts:1:2)' }
    const data = eventData({ type: 'task.failed', nowMs: AT_MS, failure, retryAtMs: 1 }, 'waiting')
    assert.deepEqual(data, { ...failure, retry_at_ms: 1 })
  })

  test('of the failure that ended its task names it, and leaves the rest to the row', () => {
    const event = { type: 'task.failed', nowMs: AT_MS, failure: failed(), retryAtMs: null } as const
    const error = { code: 'RCL0015', description: 'the call threw' }
    assert.deepEqual(eventData(event, 'error'), { error, retry_at_ms: null })
  })

  test('is short, however long a failure is', () => {
    const long = 'ö'.repeat(1_000_000)
    const { error } = failed('RCL0015', long)
    const failure = {
      error: { ...error, data: [long], sub_errors: [long] },
      exception: long,
      traceback: long,
      status: 500,
    }
    const data = eventData({ type: 'task.failed', nowMs: AT_MS, failure, retryAtMs: 1 }, 'waiting')
    assert.ok(JSON.stringify(data).length < 26_000, `${JSON.stringify(data).length}`)
    assert.match(JSON.stringify(data), /ö… \(1000000 characters\)/)
  })

  test('of what ends a task well, of cancellation and of a skip holds nothing twice', () => {
    const result = { big: true }
    for (const event of [
      { type: 'task.succeeded', nowMs: AT_MS, result, location: '/here/' },
      { type: 'task.cancel', nowMs: AT_MS },
      { type: 'task.skip', nowMs: AT_MS, failures: {} },
    ] satisfies TaskEvent[]) {
      assert.equal(eventData(event, 'finished'), null)
    }
  })

  test('is left by no event that comes often', () => {
    const often: TaskEvent[] = [
      { type: 'task.progressed', progress: { done: 1 } },
      { type: 'task.unblocked' },
      { type: 'task.place_freed' },
      { type: 'task.judged', response: 'accepted', reasons: [] },
    ]
    assert.deepEqual(often.filter(leavesLine), [])
  })
})
