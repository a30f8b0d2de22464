// A history taken again: what each line makes of the tasks and their group, and what is said when the
// machines would have done otherwise.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Group, HistoryEvent, Json, Task } from '../../machines/index.ts'
import { Replay, type ReplayOptions, type ReplayStep } from '../../machines/replay.ts'
import { AT_MS, failed, group, task } from '../support/builders.ts'

/** One line: whose (a task, or the group), what, and the state that it led to. */
type Line = [whose: string, type: string, value: string, parts?: Partial<HistoryEvent>]

const START: Line = ['t1', 'task.start', 'running.executing', { data: { worker: 'w1' } }]
const member = (parts: Partial<Task> = {}): Task => task({ groupId: 'g1', ...parts })

/** A history of the group g1, a second a line, with the rows that are left of its tasks. */
class Told {
  readonly replay: Replay
  readonly steps: ReplayStep[] = []
  readonly #rows: Task[]

  constructor(rows: Task[], row: Group = group(), options: ReplayOptions = {}) {
    this.#rows = rows
    this.replay = new Replay(row, options)
    this.take(['g1', 'group.submitted', 'active.closed'])
    for (const { taskId } of rows) this.take([taskId, 'task.submitted', 'waiting'])
  }

  take(...lines: Line[]): ReplayStep {
    for (const [whose, type, value, parts] of lines) {
      const taskId = whose === 'g1' ? null : whose
      const eventId = this.steps.length + 1
      const event: HistoryEvent = {
        eventId,
        atMs: AT_MS + eventId * 1_000,
        taskId,
        groupId: 'g1',
        type,
        attempt: taskId === null ? null : 1,
        value,
        data: null as Json,
        ...parts,
      }
      this.steps.push(
        this.replay.take(
          event,
          this.#rows.find(each => each.taskId === taskId),
        ),
      )
    }
    return this.steps.at(-1) as ReplayStep
  }

  get differences(): string[] {
    return this.steps.flatMap(({ differences }) => differences)
  }
}

describe('A replay', () => {
  test('gives the task before and after each line, and its group beside it', () => {
    const told = new Told([member({ value: 'finished', result: { added: 3 } })])
    const started = told.take(START)
    assert.equal(started.task?.before?.value, 'waiting')
    assert.deepEqual(
      [started.task?.after.value, started.task?.after.worker, started.task?.after.startMs],
      ['running.executing', 'w1', AT_MS + 3_000],
    )
    assert.deepEqual(
      [started.group.before?.counts.waiting, started.group.after.counts.running],
      [1, 1],
    )
    const ended = told.take(['t1', 'task.succeeded', 'finished'])
    assert.deepEqual(ended.task?.after.result, { added: 3 })
    assert.equal(ended.group.after.value, 'settled')
    const settled = told.take(['g1', 'group.settled', 'settled'])
    assert.equal(settled.task, null)
    assert.deepEqual(
      [settled.group.before?.value, settled.group.after.value],
      ['active.closed', 'settled'],
    )
    assert.deepEqual(told.differences, [])
  })

  test('holds the state at the line that it took last', () => {
    const told = new Told([member({ value: 'finished' }), member({ taskId: 't2' })])
    told.take(START)
    assert.deepEqual(
      [...told.replay.tasks.values()].map(each => each.value),
      ['running.executing', 'waiting'],
    )
    assert.equal(told.replay.group?.value, 'active.closed')
  })

  test('takes an attempt that failed and the next one', () => {
    const told = new Told([member({ value: 'finished', attempt: 2, failedAttempts: 1 })])
    const failure = { ...failed('APP0001'), retry_at_ms: AT_MS + 9_000 } as unknown as Json
    const { task: again } = told.take(START, ['t1', 'task.failed', 'waiting', { data: failure }])
    assert.deepEqual(
      [again?.after.attempt, again?.after.wakeAtMs, again?.after.failure?.error.code],
      [2, AT_MS + 9_000, 'APP0001'],
    )
    told.take(
      ['t1', 'task.woken', 'waiting', { attempt: 2 }],
      ['t1', 'task.start', 'running.executing', { attempt: 2 }],
      ['t1', 'task.succeeded', 'finished', { attempt: 2 }],
      ['g1', 'group.settled', 'settled'],
    )
    assert.deepEqual(told.differences, [])
  })

  test('names the children of a task as they come', () => {
    const child = member({ taskId: 't2', parentId: 't1' })
    const told = new Told([member()])
    told.take(START)
    told.replay.take({ ...(told.steps.at(-1) as ReplayStep).event, ...SUBMITTED_CHILD }, child)
    assert.deepEqual(told.replay.tasks.get('t1')?.spawned, ['t2'])
    assert.equal(told.replay.group?.counts.waiting, 1)
  })
})

const SUBMITTED_CHILD = {
  eventId: 9,
  taskId: 't2',
  type: 'task.submitted',
  value: 'waiting',
  data: null,
}

describe('A difference is told when', () => {
  const cases: [what: string, lines: Line[], says: RegExp][] = [
    [
      'the machine goes elsewhere',
      [START, ['t1', 'task.succeeded', 'error']],
      /the machine goes to finished, and the record says error/,
    ],
    [
      'a state does not handle what happened',
      [['t1', 'task.succeeded', 'finished']],
      /a task that is waiting does not handle it/,
    ],
    ['no task knows the event', [['t1', 'task.paused', 'waiting']], /no task knows the event/],
    [
      'the attempt is another',
      [['t1', 'task.start', 'running.executing', { attempt: 2 }]],
      /it is of attempt 2, and the task is in attempt 1/,
    ],
    ['a task was never submitted', [['t7', 'task.cancel', 'canceled']], /no submission of .* t7/],
    [
      'lines are out of order',
      [['t1', 'task.start', 'running.executing', { eventId: 2 }]],
      /after event 2/,
    ],
    [
      'the group has settled for no reason',
      [['g1', 'group.settled', 'settled']],
      /the group is active\.closed, and no task's move changes that/,
    ],
    [
      'the group ought to have settled',
      [
        ['t1', 'task.cancel', 'canceled'],
        ['g1', 'group.suspend', 'suspended.closed'],
      ],
      /a task's move made the group settled, of which the record says nothing/,
    ],
    [
      'the group goes elsewhere by the move of a task',
      [
        ['t1', 'task.cancel', 'canceled'],
        ['g1', 'group.settled', 'cancelling'],
      ],
      /the machine goes to settled, and the record says cancelling/,
    ],
    [
      'the group goes elsewhere',
      [['g1', 'group.cancel', 'settled']],
      /the machine goes to cancelling, and the record says settled/,
    ],
    [
      'the group does not handle what happened',
      [['g1', 'group.close', 'active.closed']],
      /a group that is active\.closed does not handle group\.close/,
    ],
    ['no group knows the event', [['g1', 'group.paused', 'active.closed']], /no group knows/],
    ['the group comes twice', [['g1', 'group.submitted', 'active.closed']], /submitted before it/],
  ]
  for (const [what, lines, says] of cases) {
    test(what, () => {
      const told = new Told([member()])
      assert.deepEqual(told.differences, [])
      told.take(...lines)
      assert.match(told.differences.join('\n'), says)
      assert.equal(told.differences.length, 1)
    })
  }

  test('a child comes to a parent that can have none', () => {
    const told = new Told([member(), member({ taskId: 't2', parentId: 't1' })])
    assert.deepEqual(told.differences, ['its parent is waiting and can spawn nothing'])
  })

  test('the history ends before the line of what it caused', () => {
    const told = new Told([member({ value: 'canceled' })], group({ value: 'settled' }))
    told.take(['t1', 'task.cancel', 'canceled'])
    assert.match(told.replay.end(0).join('\n'), /made the group settled, of which the record says/)
  })
})

describe('After a difference', () => {
  test('a replay goes on from what was recorded', () => {
    const told = new Told([member(), member({ taskId: 't2' })])
    told.take(['t1', 'task.start', 'running.cancelling'], ['t1', 'task.stopped', 'canceled'])
    assert.equal(told.differences.length, 1)
    told.take(['t2', 'task.succeeded', 'finished'], ['g1', 'group.settled', 'settled'])
    assert.equal(told.differences.length, 2)
    assert.deepEqual(told.replay.group?.counts, { ...group().counts, canceled: 1, finished: 1 })
  })

  test('an attempt is the one that was recorded', () => {
    const told = new Told([member()])
    told.take(['t1', 'task.start', 'running.executing', { attempt: 4 }])
    told.take(['t1', 'task.cancel', 'running.cancelling', { attempt: 4 }])
    assert.equal(told.differences.length, 1)
    assert.equal(told.replay.tasks.get('t1')?.attempt, 4)
  })

  test('a group that ought to have settled goes on', () => {
    const told = new Told([member()])
    told.take(
      ['t1', 'task.cancel', 'canceled'],
      ['g1', 'group.suspend', 'suspended.closed'],
      ['g1', 'group.resume', 'active.closed'],
    )
    assert.equal(told.differences.length, 1)
  })
})

describe('At the end', () => {
  const lines: Line[] = [
    START,
    ['t1', 'task.succeeded', 'finished'],
    ['g1', 'group.settled', 'settled'],
  ]
  const ended = {
    value: 'finished',
    worker: 'w1',
    startMs: AT_MS + 3_000,
    finishMs: AT_MS + 4_000,
  } as const
  const settled = {
    value: 'settled',
    finishMs: AT_MS + 4_000,
    counts: { ...group().counts, finished: 1 },
  } as const

  test('the rows are what the history led to', () => {
    const told = new Told([member({ ...ended, rev: 4 })], group({ ...settled, rev: 5 }))
    told.take(...lines)
    assert.deepEqual(told.replay.end(5), [])
  })

  test('a row that is otherwise is told', () => {
    const told = new Told([member({ ...ended, attempt: 3, rev: 4 })], group({ ...settled, rev: 5 }))
    told.take(...lines)
    assert.deepEqual(told.replay.end(5), [
      'of task t1, attempt is 1 by the history and 3 in the row',
    ])
  })

  test('a row that changed later is left out', () => {
    const told = new Told(
      [member({ ...ended, attempt: 3, rev: 6 })],
      group({ value: 'active.open', rev: 7 }),
    )
    told.take(...lines)
    assert.deepEqual(told.replay.end(5), [])
  })
})

describe('Of a group that lost tasks', () => {
  test('the record is followed, and the tasks that are left are counted', () => {
    const told = new Told([member({ value: 'finished' })], group(), { purged: true })
    told.take(START, ['t1', 'task.succeeded', 'finished'])
    assert.equal(told.replay.group?.value, 'active.closed', 'one that was deleted runs on')
    told.take(
      ['g1', 'group.suspend', 'suspended.closed'],
      ['g1', 'group.cancel', 'cancelling'],
      ['g1', 'group.settled', 'settled'],
      ['g1', 'group.purged', 'settled', { data: { canceled: 1 } }],
    )
    const { value, canceled, counts, finishMs } = told.replay.group ?? {}
    assert.deepEqual([value, canceled, counts?.finished], ['settled', true, 1])
    assert.equal(finishMs, AT_MS + 7_000)
    assert.deepEqual(told.differences, [])
  })
})
