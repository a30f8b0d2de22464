// Flatness by plan: every statement on the way of a command or a poll follows an index, and none sorts,
// so that its cost does not grow with the tasks in the store, the queue or the group.
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import {
  INSPECTS,
  latestTasksInStates,
  taskSeqsInStates,
} from '../../../server/store/sqlite/inspection.ts'
import { listing } from '../../../server/store/sqlite/listing.ts'
import { LOADS } from '../../../server/store/sqlite/load.ts'
import { MIGRATIONS } from '../../../server/store/sqlite/migrations.ts'
import { UPDATE_GROUP, UPDATE_TASK } from '../../../server/store/sqlite/rows.ts'
import { READS } from '../../../server/store/sqlite/store.ts'
import { WRITES } from '../../../server/store/sqlite/transaction.ts'
import type { TaskQuery } from '../../../server/store/store.ts'

const db = new DatabaseSync(':memory:')
for (const step of MIGRATIONS) db.exec(step)

function plan(sql: string): string[] {
  return db
    .prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .all()
    .map(({ detail }) => detail as string)
}

/** Scans along a partial index read only what is in it, in its order. */
const ALONG_INDEX =
  /^SCAN (\w+ )?(tasks|task_groups|t) USING (COVERING )?INDEX (tasks_ready|tasks_unfinished|tasks_wake|task_groups_active)$/
/** One row, a bound list, or a page in the order of the rows themselves. */
const SMALL = /^SCAN (counters|r|CONSTANT ROW|json_each|wanted)\b/

function isFlat(sql: string, scans: RegExp[] = []): void {
  for (const detail of plan(sql)) {
    if (!/^(SCAN|USE TEMP B-TREE)/.test(detail)) continue
    const allowed = [ALONG_INDEX, SMALL, ...scans].some(pattern => pattern.test(detail))
    assert.ok(allowed, `${detail}\n${sql}\n${plan(sql).join('\n')}`)
  }
}

/** The index that each load follows; another may read much more on the way to the same rows. */
const FOLLOWS: Record<keyof typeof LOADS, RegExp> = {
  firsts: /reservations_first \(resource_type=\? AND resource_id=\? AND operation=\?\)/,
  grantable:
    /reservations_waiting \(resource_type=\? AND resource_id=\? AND operation=\? AND place<\?\)/,
  behind: /PRIMARY KEY \(resource_type=\? AND resource_id=\? AND place>\? AND place<\?\)/,
  behindSharing:
    /reservations_sharing \(resource_type=\? AND resource_id=\? AND place>\? AND place<\?\)/,
  dependants: /PRIMARY KEY \(dependency_id=\? AND dependant_seq>\?\)/,
  ready: /INDEX tasks_ready$/,
  due: /tasks_wake \(wake_at_ms>\? AND wake_at_ms<\?\)/,
  members: /tasks_group_state \(group_id=\? AND state=\?\)/,
  cancellable: /tasks_group_state \(group_id=\? AND state=\?\)/,
  children: /tasks_children \(parent_id=\?\)/,
  purgeable: /tasks_state \(state=\?\)/,
  idempotency: /PRIMARY KEY \(key=\?\)/,
}

describe('An index leads', () => {
  for (const [name, index] of Object.entries(FOLLOWS)) {
    test(`to ${name}`, () => {
      const searches = plan(LOADS[name as keyof typeof LOADS]).filter(each =>
        /SEARCH|INDEX/.test(each),
      )
      assert.ok(searches.length > 0)
      for (const detail of searches) assert.match(detail, index)
    })
  }
})

test('What the inspector walks through is walked through without reading a row', () => {
  const walks = [
    [INSPECTS.taskSeqs, /COVERING INDEX tasks_group /],
    [taskSeqsInStates(2), /COVERING INDEX tasks_group_state /],
    [INSPECTS.tally, /COVERING INDEX tasks_state /],
    [INSPECTS.callsInUse, /COVERING INDEX tasks_unfinished /],
    [INSPECTS.readyBefore, /COVERING INDEX tasks_ready$/],
  ] as const
  for (const [sql, index] of walks) {
    const tables = plan(sql).filter(each => /\btasks\b/.test(each))
    assert.ok(tables.length > 0)
    for (const detail of tables) assert.match(detail, index)
  }
})

describe('No scan and no sort', () => {
  for (const [name, sql] of Object.entries(LOADS)) test(`loads ${name}`, () => isFlat(sql))
  for (const [name, sql] of Object.entries({ ...WRITES, UPDATE_TASK, UPDATE_GROUP })) {
    test(`writes ${name}`, () => isFlat(sql))
  }
  for (const [name, sql] of Object.entries(READS)) {
    // Runs once, at the start, over an index of what is unfinished.
    const once = name === 'unfinishedCalls' ? [/^USE TEMP B-TREE FOR GROUP BY$/] : []
    test(`reads ${name}`, () => isFlat(sql, once))
  }

  const inStates = { taskSeqsInStates: taskSeqsInStates(3), latestInStates: latestTasksInStates(3) }
  for (const [name, sql] of Object.entries({ ...INSPECTS, ...inStates })) {
    // Of the rows that a step takes.
    const step = [/^SCAN (\(subquery-\d+\)|CONSTANT ROW)$/, /^USE TEMP B-TREE FOR GROUP BY$/]
    test(`inspects ${name}`, () => isFlat(sql, step))
  }

  const queries: TaskQuery[] = [
    {},
    { groupId: 'g' },
    { groupId: 'g', states: ['error'] },
    { groupId: 'g', states: ['error', 'waiting'] },
    { groupId: 'g', states: 'unfinished' },
    { states: 'unfinished' },
    { states: ['running'] },
    { tags: ['a', 'b'], states: 'unfinished' },
    { taskIds: ['t'] },
    { taskIds: ['t'], tags: ['a'], states: 'unfinished' },
  ]
  for (const query of queries) {
    test(`lists ${JSON.stringify(query)}`, () => isFlat(listing(query).page))
  }
})
