// The past of a group as the page replays it from its history alone: any moment, either way, and what is
// drawn of it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isFinal, type TaskValue } from '../../../machines/index.ts'
import type { HistoryTuple } from '../../../server/inspector/page/data.ts'
import { barsOf } from '../../../server/inspector/page/timeline/bars.ts'
import { flowsOf } from '../../../server/inspector/page/timeline/flow.ts'
import { pastOf, travellerOf } from '../../../server/inspector/page/timeline/past.ts'
import { Playback } from '../../../server/inspector/page/timeline/playback.ts'
import { HistoryRecord, TASK_VALUES } from '../../../server/inspector/page/timeline/record.ts'
import { firstLevel, levelsOf, rowsAt } from '../../../server/inspector/page/timeline/rows.ts'
import { ticksOf } from '../../../server/inspector/page/timeline/scale.ts'
import { spanOf, zoomed } from '../../../server/inspector/page/timeline/span.ts'

const AT_MS = Date.parse('2026-01-31T12:00:00Z')

/** Events a second apart, numbered from 10 with gaps, as a group's among others. */
function historyOf(
  ...events: [taskId: string | null, type: string, value: string, attempt?: number][]
): HistoryTuple[] {
  return events.map(([taskId, type, value, attempt = 1], at) => [
    10 + at * 3,
    AT_MS + at * 1_000,
    taskId,
    type,
    value,
    taskId === null ? null : attempt,
  ])
}

const recordOf = (events: readonly HistoryTuple[]) => {
  const record = new HistoryRecord()
  record.append(events)
  return record
}

const RETRIED = historyOf(
  [null, 'group.submitted', 'active.closed'],
  ['a', 'task.submitted', 'waiting'],
  ['b', 'task.submitted', 'waiting'],
  ['a', 'task.start', 'running.executing'],
  ['a', 'task.failed', 'waiting'],
  ['b', 'task.suspend', 'suspended'],
  ['a', 'task.start', 'running.executing', 2],
  ['a', 'task.succeeded', 'finished', 2],
  ['b', 'task.cancel', 'canceled'],
  [null, 'group.settled', 'settled'],
)

test('a moment shows what had happened by then, and nothing of what came after', () => {
  const travel = travellerOf(recordOf(RETRIED))
  const then = travel(6)
  assert.equal(then.eventId, 25)
  assert.equal(then.atMs, AT_MS + 5_000)
  assert.equal(then.groupValue, 'active.closed')
  assert.deepEqual([then.valueOf('a'), then.valueOf('b')], ['waiting', 'suspended'])
  assert.equal(then.counts.waiting, 1)
  assert.equal(then.counts.suspended, 1)
  assert.equal(then.counts.finished, 0)
})

test('a task is in no state before its submission, and one that the history has not in none at all', () => {
  const travel = travellerOf(recordOf(RETRIED))
  const then = travel(2)
  assert.deepEqual([then.valueOf('a'), then.valueOf('b')], ['waiting', null])
  assert.equal(then.valueOf('c'), null)
})

test('before the first event there is nothing', () => {
  const { eventId, counts, groupValue } = travellerOf(recordOf(RETRIED))(0)
  assert.equal(eventId, 0)
  assert.ok(Object.values(counts).every(count => count === 0))
  assert.equal(groupValue, 'active.open')
})

test('a jump to any moment, from any other, shows what reading up to it shows', () => {
  const events = fc.array(
    fc.record({
      task: fc.nat({ max: 8 }),
      value: fc.constantFrom(...TASK_VALUES),
      isOfGroup: fc.boolean(),
      group: fc.constantFrom('active.open', 'active.closed', 'suspended.closed', 'settled'),
    }),
    { minLength: 1, maxLength: 60 },
  )
  fc.assert(
    fc.property(events, fc.array(fc.nat({ max: 70 }), { maxLength: 12 }), (given, jumps) => {
      const history: HistoryTuple[] = given.map(({ task, value, isOfGroup, group }, at) =>
        isOfGroup
          ? [at + 1, AT_MS + at, null, 'group.changed', group, null]
          : [at + 1, AT_MS + at, `t${task}`, 'task.changed', value, 1],
      )
      const travel = travellerOf(recordOf(history))
      for (const jump of jumps) {
        const position = Math.min(jump, history.length)
        const then = travel(position)
        const values = new Map<string, TaskValue>()
        let group = 'active.open'
        for (const [, , taskId, , value] of history.slice(0, position)) {
          if (taskId === null) group = value
          else values.set(taskId, value as TaskValue)
        }
        for (let task = 0; task <= 8; task += 1) {
          assert.equal(then.valueOf(`t${task}`), values.get(`t${task}`) ?? null)
        }
        assert.equal(then.groupValue, group)
        const finals = [...values.values()].filter(isFinal).length
        const { finished, error, canceled, skipped } = then.counts
        assert.equal(finished + error + canceled + skipped, finals)
        assert.equal(
          Object.values(then.counts).reduce((sum, each) => sum + each, 0),
          values.size,
        )
      }
    }),
  )
})

test('a history read in pages that overlap is the same as one read at once', () => {
  const record = new HistoryRecord()
  for (let at = 0; at < RETRIED.length; at += 2) record.append(RETRIED.slice(at, at + 4))
  assert.equal(record.length, RETRIED.length)
  assert.deepEqual(travellerOf(record)(7).counts, travellerOf(recordOf(RETRIED))(7).counts)
})

test('what is added to a history is there for who travels in it already', () => {
  const record = recordOf(RETRIED.slice(0, 4))
  const travel = travellerOf(record)
  assert.equal(travel(4).valueOf('a'), 'running.executing')
  record.append(RETRIED.slice(4))
  assert.equal(travel(RETRIED.length).valueOf('b'), 'canceled')
  assert.equal(travel(RETRIED.length).groupValue, 'settled')
})

test('the past of a group is one signal for all who ask', () => {
  assert.equal(pastOf('g1'), pastOf('g1'))
  assert.notEqual(pastOf('g1'), pastOf('g2'))
  assert.equal(pastOf('g1').value, null)
})

test('each attempt is a bar that looks as it ended', () => {
  const record = recordOf(RETRIED)
  const { bars, end } = barsOf(record, 0, record.length, AT_MS + 99_000)
  assert.deepEqual(
    bars.map(({ kind, attempt, fromMs, toMs }) => [kind, attempt, (toMs - fromMs) / 1_000]),
    [
      ['waiting', 1, 2],
      ['error', 1, 1],
      ['waiting', 1, 2],
      ['finished', 2, 1],
    ],
  )
  assert.deepEqual(end, { value: 'finished', atMs: AT_MS + 7_000 })
})

test('a bar that goes on at a moment ends there, however it ended later', () => {
  const record = recordOf(RETRIED)
  const { bars, end } = barsOf(record, 0, 4, AT_MS + 3_500)
  assert.deepEqual(bars.at(-1), {
    kind: 'running',
    fromMs: AT_MS + 3_000,
    toMs: AT_MS + 3_500,
    attempt: 1,
    isOpen: true,
  })
  assert.equal(end, null)
})

test('an attempt that was interrupted does not look like one that failed', () => {
  const record = recordOf(
    historyOf(
      ['a', 'task.submitted', 'waiting'],
      ['a', 'task.start', 'running.executing'],
      ['a', 'task.interrupted', 'waiting'],
    ),
  )
  assert.equal(barsOf(record, 0, 3, AT_MS + 5_000).bars[1]?.kind, 'interrupted')
})

test('a flow counts the tasks of each row by state, bin by bin', () => {
  const record = recordOf(RETRIED)
  const flow = (tasksPerRow: number, toRow: number) =>
    flowsOf(record, {
      tasksPerRow,
      fromRow: 0,
      toRow,
      position: record.length,
      along: { fromMs: AT_MS, toMs: AT_MS + 10_000 },
      bins: 10,
    })
  const at = (flows: Int32Array, row: number, value: TaskValue, bin: number) =>
    flows[(row * TASK_VALUES.length + TASK_VALUES.indexOf(value)) * 10 + bin]
  const both = flow(2, 1)
  assert.deepEqual(
    [0, 2, 3, 9].map(bin => at(both, 0, 'waiting', bin)),
    [0, 2, 1, 0],
  )
  assert.deepEqual(
    [7, 9].map(bin => at(both, 0, 'finished', bin)),
    [1, 1],
  )
  const each = flow(1, 2)
  assert.equal(at(each, 0, 'running.executing', 3), 1)
  assert.equal(at(each, 1, 'suspended', 6), 1)
})

test('a flow of few tasks says the same as one pass through all', () => {
  const events: HistoryTuple[] = []
  for (let task = 0; task < 100; task += 1) {
    events.push([events.length + 1, AT_MS + task, `t${task}`, 'task.submitted', 'waiting', 1])
  }
  for (let task = 0; task < 100; task += 1) {
    events.push([events.length + 1, AT_MS + 200 + task, `t${task}`, 'task.skip', 'skipped', 1])
  }
  const record = recordOf(events)
  const ask = {
    tasksPerRow: 5,
    position: record.length,
    along: { fromMs: AT_MS, toMs: AT_MS + 300 },
    bins: 30,
  }
  const all = flowsOf(record, { ...ask, fromRow: 0, toRow: 20 })
  const one = flowsOf(record, { ...ask, fromRow: 7, toRow: 8 })
  assert.deepEqual(one, all.slice(7 * one.length, 8 * one.length))
})

test('playing skips what took long and in which nothing happened', () => {
  const record = recordOf([
    [1, AT_MS, 'a', 'task.submitted', 'waiting', 1],
    [2, AT_MS + 86_400_000, 'a', 'task.start', 'running.executing', 1],
    [3, AT_MS + 86_400_100, 'a', 'task.succeeded', 'finished', 1],
  ])
  const playback = new Playback(record, 1)
  let position = 1
  let shownMs = 0
  while (position < record.length) {
    position = playback.advance(16, 1)
    shownMs += 16
    assert.ok(shownMs < 2_000, 'a day is over in less than two seconds')
  }
})

test('playing moves on by as much as time passed, times the speed', () => {
  const record = recordOf(RETRIED)
  const playback = new Playback(record, 1)
  assert.equal(playback.advance(100, 10), 2)
  assert.equal(playback.advance(100, 10), 3)
  assert.equal(playback.advance(300, 10), 6)
})

test('marks of the axis stand on round times of the reader, far enough apart', () => {
  const hour = 3_600_000
  const labels = ticksOf(AT_MS, AT_MS + 6 * hour, 700, 2 * hour).map(({ label }) => label)
  assert.deepEqual(labels, ['14:00', '15:00', '16:00', '17:00', '18:00', '19:00', '20:00'])
  const fine = ticksOf(AT_MS, AT_MS + 400, 400, 0).map(({ label }) => label)
  assert.deepEqual(fine, ['12:00:00', ':00.100', ':00.200', ':00.300', ':00.400'])
})

test('zooming keeps the time under the pointer where it is', () => {
  const whole = { fromMs: AT_MS, toMs: AT_MS + 100_000 }
  const aroundMs = AT_MS + 30_000
  const before = spanOf({ mode: 'all' }, whole)
  const after = spanOf(zoomed(before, 4, aroundMs, whole), whole)
  const share = (span: { fromMs: number; toMs: number }) =>
    (aroundMs - span.fromMs) / (span.toMs - span.fromMs)
  assert.ok(Math.abs(share(before) - share(after)) < 1e-9)
})

test('what shows the end of time goes on with it', () => {
  const whole = { fromMs: AT_MS, toMs: AT_MS + 100_000 }
  const choice = zoomed(spanOf({ mode: 'all' }, whole), 4, whole.toMs, whole)
  const later = spanOf(choice, { ...whole, toMs: whole.toMs + 50_000 })
  assert.ok(later.toMs >= whole.toMs + 50_000)
})

test('a hundred thousand tasks fit on two screens at first, and forty stand in rows of their own', () => {
  const many = levelsOf(100_000, 500)
  const level = many[firstLevel(many, 100_000, 500)]
  assert.ok(level !== undefined && rowsAt(level, 100_000) * level.rowPx <= 1_000)
  const few = levelsOf(40, 500)
  assert.equal(few[firstLevel(few, 40, 500)]?.tasks, 1)
})
