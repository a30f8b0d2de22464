// Snapshot → call report: exactly the keys and spellings of CONTRACT §4.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { callReport, hrefs, stateSummary } from '../../machines/report.ts'
import { stepTask } from '../../machines/work.ts'
import { AT_MS, failed, group, task, updates } from '../support/builders.ts'

const paths = hrefs('/pulp/api')

describe('A call report', () => {
  test('of a waiting task has these keys and these values', () => {
    const waiting = task({
      groupId: 'g1',
      tags: ['a'],
      response: 'postponed',
      reasons: [updates('repo:1')],
      dependencies: [{ taskId: 't0', states: ['finished', 'error'] }],
      spawned: ['t9'],
      principal: 'ann',
      priority: 3,
    })
    assert.deepEqual(callReport(waiting, paths), {
      _href: '/pulp/api/v2/tasks/t1/',
      response: 'postponed',
      reasons: [{ resource_type: 'repo', resource_id: '1', operation: 'update' }],
      state: 'waiting',
      task_id: 't1',
      task_group_id: 'g1',
      schedule_id: null,
      task_type: 'work',
      tags: ['a'],
      progress: {},
      progress_report: {},
      result: null,
      error: null,
      exception: null,
      traceback: null,
      start_time: null,
      finish_time: null,
      spawned_tasks: [{ _href: '/pulp/api/v2/tasks/t9/', task_id: 't9' }],
      worker_name: null,
      queue: null,
      id: 't1',
      attempt: 1,
      priority: 3,
      dependencies: [{ task_id: 't0', states: ['finished', 'error'] }],
      dependency_failures: {},
      principal_login: 'ann',
      submit_time: '2026-01-31T12:00:00Z',
    })
  })

  test('inside a group’s list links to the group, and of a task without a group to the task', () => {
    assert.equal(
      callReport(task({ groupId: 'g1' }), paths, 'group')._href,
      '/pulp/api/v2/task_groups/g1/',
    )
    assert.equal(callReport(task(), paths, 'group')._href, '/pulp/api/v2/tasks/t1/')
  })

  test('reads running whether the task executes or is being cancelled', () => {
    for (const value of ['running.executing', 'running.cancelling'] as const) {
      assert.equal(callReport(task({ value }), paths).state, 'running')
    }
  })

  test('of a failed task says what went wrong, and does not say the HTTP status', () => {
    const { error, exception, traceback } = callReport(
      task({ value: 'error', failure: failed('ABC', 'it broke') }),
      paths,
    )
    assert.deepEqual(error, { code: 'ABC', description: 'it broke', data: null, sub_errors: [] })
    assert.equal(exception, 'Error: it broke')
    assert.equal(traceback, null)
  })

  test('gives times in whole seconds, cut and not rounded', () => {
    const report = callReport(task({ startMs: AT_MS + 999, finishMs: AT_MS + 1_000 }), paths)
    assert.equal(report.start_time, '2026-01-31T12:00:00Z')
    assert.equal(report.finish_time, '2026-01-31T12:00:01Z')
  })

  test('forgets why an attempt failed when a later one succeeds', () => {
    const running = task({ value: 'running.executing', attempt: 2, failure: failed() })
    const done = { type: 'task.succeeded', nowMs: AT_MS, result: 3, location: null } as const
    const finished = stepTask(running, done)
    assert.ok(finished !== null)
    assert.equal(callReport(finished, paths).error, null)
    assert.equal(callReport(finished, paths).result, 3)
  })
})

describe('A state summary', () => {
  test('counts every state, and their total', () => {
    const counts = {
      waiting: 1,
      suspended: 2,
      running: 3,
      finished: 4,
      error: 5,
      canceled: 6,
      skipped: 7,
    }
    assert.deepEqual(stateSummary(group({ counts })), { accepted: 0, ...counts, total: 28 })
  })
})
