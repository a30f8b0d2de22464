// The history in chunks: what is packed comes out again, and what is left when tasks are deleted.
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { HistoryEvent } from '../../../machines/index.ts'
import { WRITES } from '../../../server/store/sqlite/batch.ts'
import { chunksOf, chunkText, eventsOf } from '../../../server/store/sqlite/chunks.ts'
import { MIGRATIONS } from '../../../server/store/sqlite/migrations.ts'

const TASKS = ['a', 'b', 'c']

/** Events of a commit, in the order of their numbers, some alike and some of which are next to each other. */
const commits = fc
  .array(
    fc.record({
      skipped: fc.constantFrom(0, 0, 0, 1, 1_000),
      taskId: fc.constantFrom(null, ...TASKS),
      groupId: fc.constantFrom(null, 'g'),
      atMs: fc.constantFrom(5, 5, 5, 6),
      type: fc.constantFrom('task.start', 'task.start', 'task.succeeded'),
      attempt: fc.constantFrom(1, 1, 1, 2, null),
      value: fc.constantFrom('running', 'running', 'finished'),
      data: fc.constantFrom<HistoryEvent['data'][]>(
        null,
        null,
        { worker: 'w' },
        { worker: 'v' },
        { reason: [null, 'a'] },
      ),
    }),
    { maxLength: 40 },
  )
  .map(drafts => {
    let eventId = 0
    return drafts.map(({ skipped, ...event }): HistoryEvent => {
      eventId += 1 + skipped
      return { eventId, ...event }
    })
  })

function byId(events: HistoryEvent[]): HistoryEvent[] {
  return events.toSorted((a, b) => a.eventId - b.eventId)
}

describe('Events of a commit', () => {
  test('come out of their chunks as they went in', () => {
    fc.assert(
      fc.property(commits, events => {
        const read = chunksOf(events).flatMap(chunk => eventsOf(chunkText(chunk), chunk.groupId))
        assert.deepEqual(byId(read), events)
      }),
      { numRuns: 1_000 },
    )
  })

  test('go with their tasks, and with the last of them the chunk', () => {
    const db = new DatabaseSync(':memory:')
    for (const step of MIGRATIONS) db.exec(step)
    const insert = db.prepare(WRITES.insertChunk)
    const thin = db.prepare(WRITES.thinChunk)
    const clear = db.prepare(WRITES.deleteEmptyChunk)
    const rows = db.prepare('SELECT group_id, events FROM history ORDER BY first_id')
    fc.assert(
      fc.property(commits, fc.subarray(TASKS), fc.subarray(TASKS), (events, gone, goneNext) => {
        db.exec('DELETE FROM history')
        const chunks = chunksOf(events)
        for (const chunk of chunks)
          insert.run(chunk.firstId, chunk.lastId, chunk.groupId, chunkText(chunk))
        for (const taskIds of [gone, goneNext]) {
          for (const { firstId } of chunks) {
            thin.run(JSON.stringify(taskIds), firstId)
            clear.run(firstId)
          }
        }
        const kept = rows.all().map(row => {
          return eventsOf(row.events as string, row.group_id as string | null)
        })
        assert.ok(kept.every(each => each.length > 0))
        const isKept = ({ taskId }: HistoryEvent) =>
          taskId === null || !(gone.includes(taskId) || goneNext.includes(taskId))
        assert.deepEqual(byId(kept.flat()), events.filter(isKept))
      }),
      { numRuns: 1_000 },
    )
  })

  test('that are alike and follow each other are kept as one', () => {
    const event = { atMs: 5, groupId: null, type: 'task.start', attempt: 1, value: 'running' }
    const events = TASKS.map((taskId, nth) => {
      return { ...event, eventId: 7 + nth, taskId, data: { worker: 'w' } }
    })
    const [chunk] = chunksOf(events)
    const together = '[[7,5,["a","b","c"],"task.start",1,"running",{"worker":"w"}]]'
    assert.equal(chunkText(chunk!), together)
  })

  test('that an earlier version kept one by one are read', () => {
    const text =
      '[[7,5,"a","task.start",1,"running",null],[8,5,null,"group.settled",null,"settled",null]]'
    assert.deepEqual(
      eventsOf(text, 'g').map(({ eventId, taskId }) => [eventId, taskId]),
      [
        [7, 'a'],
        [8, null],
      ],
    )
  })
})
