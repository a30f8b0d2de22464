// Flatness by plan: every statement on the way of a command or a poll follows an index, and none sorts,
// so that its cost does not grow with the tasks in the store, the queue or the group.
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import { TASK_STATES, type TaskState } from '../../../machines/index.ts'
import { WRITES } from '../../../server/store/sqlite/batch.ts'
import { BEHIND } from '../../../server/store/sqlite/behind.ts'
import { GROUP_LOADS } from '../../../server/store/sqlite/groups.ts'
import { HISTORY } from '../../../server/store/sqlite/history.ts'
import {
  INSPECTS,
  latestTasksInStates,
  tallyOf,
  taskSeqsInStates,
} from '../../../server/store/sqlite/inspection.ts'
import { JOURNAL } from '../../../server/store/sqlite/journal.ts'
import { KEY_LOADS } from '../../../server/store/sqlite/keys.ts'
import { listing } from '../../../server/store/sqlite/listing.ts'
import { MIGRATIONS } from '../../../server/store/sqlite/migrations.ts'
import { ROW_WRITES } from '../../../server/store/sqlite/pending-rows.ts'
import { PURGEABLE_LOADS } from '../../../server/store/sqlite/purgeable.ts'
import { RESTORES } from '../../../server/store/sqlite/restore.ts'
import { layoutOf, PART } from '../../../server/store/sqlite/row-parts.ts'
import { UPDATE_GROUP, UPDATE_SETTLED_GROUP } from '../../../server/store/sqlite/rows.ts'
import { READS } from '../../../server/store/sqlite/store.ts'
import { TASK_LOADS } from '../../../server/store/sqlite/tasks.ts'
import { LOADS } from '../../../server/store/sqlite/working-set.ts'
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
  /^SCAN (\w+ )?(tasks|task_groups|t) USING (COVERING )?INDEX (tasks_unfinished|tasks_running|tasks_suspended|tasks_wake|task_groups_unsettled)$/
/** One row, a list in JSON, or a page in the order of the rows themselves. */
const SMALL = /^SCAN (counters|r|CONSTANT ROW|wanted|(json_each|kept|task) VIRTUAL TABLE)\b/

function isFlat(sql: string, scans: RegExp[] = []): void {
  for (const detail of plan(sql)) {
    if (!/^(SCAN|USE TEMP B-TREE)/.test(detail)) continue
    const allowed = [ALONG_INDEX, SMALL, ...scans].some(pattern => pattern.test(detail))
    assert.ok(allowed, `${detail}\n${sql}\n${plan(sql).join('\n')}`)
  }
}

const ALL_LOADS = {
  ...LOADS,
  ...TASK_LOADS,
  ...BEHIND,
  ...GROUP_LOADS,
  ...KEY_LOADS,
  ...PURGEABLE_LOADS,
}

/** The index that each load follows; another may read much more on the way to the same rows. */
const FOLLOWS: Record<keyof typeof ALL_LOADS, RegExp> = {
  task: /task_id=\?/,
  tasks: /task_id=\?|^SCAN json_each /,
  entries: /INTEGER PRIMARY KEY|^SCAN json_each /,
  rows: /INTEGER PRIMARY KEY|^SCAN json_each /,
  group: /group_id=\?/,
  counters: /^$/,
  lastTaskSeq: /INTEGER PRIMARY KEY|^SEARCH tasks$/,
  lastGroupSeq: /INTEGER PRIMARY KEY|^SEARCH task_groups$/,
  purgeable: /tasks_final \(state=\? AND seq>\?\)/,
  idempotency: /PRIMARY KEY \(key=\?\)/,
}

describe('An index leads', () => {
  for (const [name, index] of Object.entries(FOLLOWS)) {
    test(`to ${name}`, () => {
      const searches = plan(ALL_LOADS[name as keyof typeof ALL_LOADS]).filter(each =>
        /SEARCH|INDEX/.test(each),
      )
      if (name !== 'counters') assert.ok(searches.length > 0)
      for (const detail of searches) assert.match(detail, index)
    })
  }
})

test('What the inspector walks through is walked through without reading a row', () => {
  const walks = [
    [taskSeqsInStates(TASK_STATES), /COVERING INDEX tasks_group_(unfinished|final) /],
    [taskSeqsInStates(['error', 'canceled']), /COVERING INDEX tasks_group_final /],
    [tallyOf('finished'), /COVERING INDEX tasks_final /],
    [tallyOf('running'), /COVERING INDEX tasks_running /],
    [INSPECTS.callsInUse, /COVERING INDEX tasks_unfinished /],
  ] as const
  for (const [sql, index] of walks) {
    const tables = plan(sql).filter(each => /\btasks\b/.test(each))
    assert.ok(tables.length > 0)
    for (const detail of tables) assert.match(detail, index)
  }
})

describe('No scan and no sort', () => {
  for (const [name, sql] of Object.entries(ALL_LOADS)) test(`loads ${name}`, () => isFlat(sql))
  const updateTask = layoutOf(PART.state | PART.finish).update
  for (const [name, sql] of Object.entries({
    ...WRITES,
    ...ROW_WRITES,
    UPDATE_GROUP,
    UPDATE_SETTLED_GROUP,
    updateTask,
  })) {
    test(`writes ${name}`, () => isFlat(sql))
  }
  // Whole, in its order, when nobody has it in memory.
  const inOrder = [/^SCAN journal$/]
  for (const [name, sql] of Object.entries(JOURNAL))
    test(`the journal: ${name}`, () => isFlat(sql, inOrder))
  for (const [name, sql] of Object.entries({ ...READS, ...HISTORY, ...RESTORES })) {
    // Runs once, at the start, over an index of what is unfinished.
    const once = name === 'unfinishedCalls' ? [/^USE TEMP B-TREE FOR GROUP BY$/] : []
    test(`reads ${name}`, () => isFlat(sql, once))
  }

  const states: TaskState[] = ['waiting', 'running', 'error']
  const inStates = {
    taskSeqsInStates: taskSeqsInStates(states),
    latestInStates: latestTasksInStates(states),
    tally: tallyOf('waiting'),
  }
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
    { taskIds: ['t'] },
    { taskIds: ['t'], tags: ['a'], states: 'unfinished' },
  ]
  for (const query of queries) {
    // Of the rows of the page.
    const page = [/^SCAN \(subquery-\d+\)$/]
    test(`lists ${JSON.stringify(query)}`, () => isFlat(listing(query).page, page))
  }
})
