// Search: each operator by example on both stores, and the two stores against each other on random tasks
// and filters.
import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import fc from 'fast-check'
import type { Json, Task } from '../../../machines/index.ts'
import { parseFilters, parseSort } from '../../../server/store/condition.ts'
import { memoryStore } from '../../../server/store/memory.ts'
import { sqliteStore } from '../../../server/store/sqlite/store.ts'
import type { Store } from '../../../server/store/store.ts'
import { temporaryFolder } from '../../support/temp.ts'
import { commit, puts, resource, task } from './builders.ts'

async function bothStores(t: TestContext): Promise<[Store, Store]> {
  const stores: [Store, Store] = [memoryStore(), sqliteStore(await temporaryFolder(t))]
  for (const store of stores) {
    await store.open()
    t.after(() => store.close())
  }
  return stores
}

interface Criteria {
  filters?: unknown
  sort?: unknown
  limit?: number
  skip?: number
}

async function found(store: Store, { filters, sort, limit, skip }: Criteria): Promise<string> {
  const where = parseFilters(filters)
  const tasks = await store.search({
    where,
    sort: parseSort(sort),
    limit: limit ?? null,
    skip: skip ?? 0,
  })
  return tasks.map(({ seq }) => seq).join(' ')
}

const at = (time: string) => Date.parse(time)

const TASKS: Task[] = [
  task(1, 'finished', {
    tags: ['pulp:repository:a', 'sync'],
    call: 'repository.sync',
    result: {
      added: 3,
      name: 'Ä',
      steps: [
        { ok: true, ms: 5 },
        { ok: false, ms: 9 },
      ],
      grid: [[1, 2], [3]],
    },
    startMs: at('2026-01-02T03:04:05.678Z'),
    reasons: [{ ...resource('a'), operation: 'update' }],
    priority: 5,
  }),
  task(2, 'error', {
    tags: ['sync'],
    result: null,
    failure: {
      error: { code: 'RCL0015', description: 'disk full', data: { errno: 28 }, sub_errors: [] },
      exception: 'Error: disk full\nat once',
      traceback: null,
      status: null,
    },
    startMs: at('2026-01-02T03:04:06Z'),
    spawned: ['t9'],
  }),
  task(3, 'waiting', {
    result: 3,
    groupId: 'g1',
    args: { id: 'x', 'odd "key"\u0000': 1, '0': 'zero' },
  }),
  task(4, 'waiting', {
    result: '3',
    args: { id: 'y', when: '2026-02-01T00:00:00+01:00' },
    principal: 'admin',
  }),
  task(5, 'running.cancelling', {
    result: [3, 'x', null],
    progress: { done: 0, of: 10 },
    worker: 'w',
  }),
  task(6, 'skipped', { result: { added: 3 }, dependencies: [{ taskId: 't1', states: ['error'] }] }),
  task(7, 'waiting', { result: true, tags: ['sync', 'pulp:repository:a'], priority: -1 }),
]

const EXAMPLES: [filters: unknown, found: string][] = [
  [undefined, '1 2 3 4 5 6 7'],
  [{}, '1 2 3 4 5 6 7'],
  [{ task_id: 't3' }, '3'],
  [{ id: { $in: ['t3', 't9', 't1'] } }, '1 3'],
  [{ state: 'running' }, '5'],
  [{ state: 'running.cancelling' }, ''],
  [{ state: { $nin: ['waiting', 'running'] } }, '1 2 6'],
  [{ state: { $ne: 'waiting' }, priority: { $lt: 5 } }, '2 5 6'],
  [{ state: 5 }, ''],
  [{ task_type: { $regex: '^REPO', $options: 'i' } }, '1'],
  [{ task_group_id: null }, '1 2 4 5 6 7'],
  [{ task_group_id: { $exists: false } }, ''],
  [{ schedule_id: null, queue: { $exists: true } }, '1 2 3 4 5 6 7'],
  [{ queue: { $ne: null } }, ''],
  [{ principal_login: { $in: [null, 'admin'] }, priority: 0 }, '2 3 4 5 6'],
  [{ worker_name: { $not: { $eq: 'w' } } }, '1 2 3 4 6 7'],
  [{ priority: { $gte: 0, $lte: 5, $ne: 0 } }, '1'],
  [{ priority: { $gt: '0' } }, ''],
  [{ attempt: 1, priority: { $in: [-1, 5, '0'] } }, '1 7'],
  // Arrays: an element, the whole, all of several.
  [{ tags: 'sync' }, '1 2 7'],
  [{ tags: ['sync'] }, '2'],
  [{ tags: ['pulp:repository:a', 'sync'] }, '1'],
  [{ tags: { $all: ['sync', 'pulp:repository:a'] } }, '1 7'],
  [{ tags: { $all: [] } }, ''],
  [{ tags: { $ne: 'sync' } }, '3 4 5 6'],
  [{ tags: { $in: [] } }, ''],
  [{ tags: { $nin: [] } }, '1 2 3 4 5 6 7'],
  [{ tags: [] }, '3 4 5 6'],
  [{ tags: { $regex: 'repository' } }, '1 7'],
  [{ 'tags.0': 'sync' }, '2 7'],
  // Types never match each other.
  [{ result: 3 }, '3 5'],
  [{ result: '3' }, '4'],
  [{ result: true }, '7'],
  [{ result: 1 }, ''],
  [{ result: null }, '2 5'],
  [{ result: { $gt: 2 } }, '3 5'],
  [{ result: { $gte: '3' } }, '4 5'],
  [{ result: { added: 3 } }, '6'],
  [{ result: { $in: [true, { added: 3 }, '3'] } }, '4 6 7'],
  [{ result: [3, 'x', null] }, '5'],
  // Paths.
  [{ 'result.added': 3 }, '1 6'],
  [{ 'result.added': { $exists: true } }, '1 6'],
  [{ 'result.added': null }, '2 3 4 5 7'],
  [{ 'result.added': { $ne: 3 } }, '2 3 4 5 7'],
  [{ 'result.steps.ms': { $gt: 8 } }, '1'],
  [{ 'result.steps.ms': 5, 'result.steps.ok': false }, '1'],
  [{ 'result.steps.1.ms': 5 }, ''],
  [{ 'result.steps.0.ms': 5 }, '1'],
  [{ 'result.grid': [3] }, '1'],
  [{ 'result.grid.1': 3 }, '1'],
  [{ 'result.grid.0.1': 2 }, '1'],
  [{ 'result.name': { $regex: '^Ä$' } }, '1'],
  [{ 'result.__proto__': { $exists: true } }, ''],
  [{ 'result.constructor': { $exists: true } }, ''],
  [{ 'args.0': 'zero' }, '3'],
  [{ 'args.odd "key"\u0000': 1 }, '3'],
  [{ 'progress.done': 0, 'progress_report.of': { $gt: 9 } }, '5'],
  [{ 'error.code': 'RCL0015', 'error.data.errno': 28 }, '2'],
  [{ error: null }, '1 3 4 5 6 7'],
  [{ exception: { $regex: '^at', $options: 'm' } }, '2'],
  [{ exception: { $regex: 'full.at', $options: 's' } }, '2'],
  [{ 'reasons.resource_id': 'a' }, '1'],
  [{ 'spawned_tasks.task_id': 't9' }, '2'],
  [{ dependencies: { task_id: 't1', states: ['error'] } }, '6'],
  [{ 'dependencies.states': 'error' }, '6'],
  // Times, as reports show them: in whole seconds.
  [{ start_time: '2026-01-02T03:04:05Z' }, '1'],
  [{ start_time: { $date: '2026-01-02T03:04:05Z' } }, '1'],
  [{ start_time: { $date: '2026-01-02T04:04:05+01:00' } }, '1'],
  [{ start_time: { $lte: { $date: '2026-01-02T03:04:05Z' } } }, '1'],
  [{ start_time: { $gt: '2026-01-02T03:04:05Z', $lt: '2027-01-01' } }, '2'],
  [{ start_time: { $in: ['2026-01-02T03:04:06Z', null] } }, '2 3 4 5 6 7'],
  [{ start_time: { $regex: '05Z$' } }, '1'],
  [{ finish_time: null, submit_time: { $gte: '1970-01-01T00:00:04Z' } }, '4 5 7'],
  [{ 'args.when': { $date: '2026-01-31T23:00:00Z' } }, '4'],
  [{ 'args.when': { $gt: { $date: '2026-01-01T00:00:00Z' } } }, '4'],
  // Logic.
  [{ $or: [{ task_id: 't1' }, { state: 'error' }] }, '1 2'],
  [{ $nor: [{ state: 'waiting' }, { priority: 5 }] }, '2 5 6'],
  [{ $and: [{ result: { $gt: 1 } }, { result: { $lt: 4 } }, {}] }, '3 5'],
  [{ priority: { $not: { $gt: -1, $lt: 5 } } }, '1 7'],
  [{ 'result.added': { $not: { $exists: true } }, state: 'waiting' }, '3 4 7'],
]

describe('Filters', () => {
  for (const [filters, expected] of EXAMPLES) {
    test(`${JSON.stringify(filters)} find ${expected || 'nothing'}`, async t => {
      for (const store of await bothStores(t)) {
        await commit(store, ...puts(...TASKS))
        assert.equal(await found(store, { filters }), expected, store.constructor.name)
      }
    })
  }

  test('as many and as deep as allowed are evaluated', async t => {
    const many = { $or: Array.from({ length: 999 }, (_, index) => ({ 'result.a.b': index })) }
    const deep = Array.from({ length: 29 }).reduce<unknown>(inner => ({ $nor: [inner] }), {
      'result.added': 3,
    })
    const wide = { task_id: { $in: Array.from({ length: 50_000 }, (_, index) => `t${index}`) } }
    for (const store of await bothStores(t)) {
      await commit(store, ...puts(...TASKS))
      assert.equal(await found(store, { filters: many }), '')
      assert.equal(await found(store, { filters: deep }), '2 3 4 5 7')
      assert.equal(await found(store, { filters: wide }), '1 2 3 4 5 6 7')
    }
  })

  test('with a pattern that never ends are refused, and the store goes on', async t => {
    for (const store of await bothStores(t)) {
      await commit(store, ...puts(task(1, 'waiting', { call: `${'a'.repeat(50)}b` })))
      await assert.rejects(found(store, { filters: { task_type: { $regex: '^(a|a)*$' } } }), {
        name: 'BadSearchError',
        message: /took longer than/,
      })
      assert.equal(await found(store, { filters: { task_type: { $regex: 'b$' } } }), '1')
    }
  })
})

describe('A search', () => {
  const cases: [Criteria, string][] = [
    [{ sort: [['priority', 'descending']] }, '1 2 3 4 5 6 7'],
    [{ sort: [['priority', 'ascending']] }, '7 2 3 4 5 6 1'],
    [
      {
        sort: [
          ['state', 'descending'],
          ['task_id', 'descending'],
        ],
      },
      '7 4 3 6 5 1 2',
    ],
    [{ sort: [['result', 'ascending']] }, '2 3 4 1 6 5 7'],
    [{ sort: [['result.added', 'descending']] }, '1 6 2 3 4 5 7'],
    [{ sort: [['start_time', 'descending']], limit: 2 }, '2 1'],
    [{ sort: [['schedule_id', 'ascending']], skip: 5 }, '6 7'],
    [{ limit: 2, skip: 1 }, '2 3'],
    [{ limit: 0 }, ''],
  ]
  for (const [criteria, expected] of cases) {
    test(`${JSON.stringify(criteria)} finds ${expected || 'nothing'}`, async t => {
      for (const store of await bothStores(t)) {
        await commit(store, ...puts(...TASKS))
        assert.equal(await found(store, criteria), expected, store.constructor.name)
      }
    })
  }
})

const name = fc.constantFrom('a', 'b', '0', '1', 'é"\u0000', '__proto__')
const scalar: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(
    null,
    true,
    false,
    0,
    1,
    -1.5,
    '',
    '0',
    'a',
    'A',
    '😀',
    '\uFFFD',
    '2026-01-02',
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(number => number + 0),
  fc.constantFrom<Json>(2 ** 53, 2 ** 62, 2 ** 70, 39480757425932180),
)
const value: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>(tie => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value
const timeMs = fc.constantFrom(
  null,
  0,
  1_500,
  at('2026-01-02T00:00:00Z'),
  at('2026-01-02T00:00:00.999Z'),
)
const anyTask = fc
  .record({
    value: fc.constantFrom('waiting' as const, 'running.executing' as const, 'finished' as const),
    result: value,
    args: fc.dictionary(name, value, { maxKeys: 3, noNullPrototype: true }),
    tags: fc.array(fc.constantFrom('a', 'b', '0'), { maxLength: 3 }),
    priority: fc.integer({ min: -1, max: 1 }),
    startMs: timeMs,
    worker: fc.constantFrom(null, 'a', 'A', '😀', '\uFFFD', '2026-01-02'),
  })
  .map(parts => (seq: number) => task(seq, parts.value, parts))
const field = fc.oneof(
  fc.constantFrom('result', 'args', 'tags', 'priority', 'worker_name', 'state', 'error', 'queue'),
  fc
    .tuple(
      fc.constantFrom('result', 'args', 'tags'),
      fc.array(name, { minLength: 1, maxLength: 3 }),
    )
    .map(([root, path]) => [root, ...path].join('.')),
)
const operand = fc.oneof(scalar, value, fc.constant({ $date: '2026-01-02T00:00:00Z' }))
const test1: fc.Arbitrary<unknown> = fc.oneof(
  operand,
  fc.record({ $eq: operand }),
  fc.record({ $ne: operand }),
  fc.record({ $in: fc.array(operand, { maxLength: 4 }) }),
  fc.record({ $nin: fc.array(operand, { maxLength: 4 }) }),
  fc.record({ $all: fc.array(scalar, { maxLength: 2 }) }),
  fc.record({ $exists: fc.boolean() }),
  fc.record({ $regex: fc.constantFrom('a', '^$', '^.$', '0'), $options: fc.constantFrom('', 'i') }),
  fc
    .tuple(
      fc.constantFrom('$gt', '$gte', '$lt', '$lte'),
      scalar.filter(each => typeof each === 'number' || typeof each === 'string'),
    )
    .map(([key, limit]) => ({ [key]: limit })),
)
const time = fc.constantFrom('2026-01-02', '1970-01-01T00:00:01Z', '1970-01-01T00:00:01.500Z')
const document: fc.Arbitrary<object> = fc.letrec<{ document: object }>(tie => ({
  document: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.tuple(field, test1).map(([key, expression]) => ({ [key]: expression })),
    fc.tuple(field, test1.filter(isOperator)).map(([key, $not]) => ({ [key]: { $not } })),
    fc
      .tuple(fc.constantFrom('$eq', '$ne', '$gt', '$gte', '$lt', '$lte'), time)
      .map(([key, at]) => ({ start_time: { [key]: at } })),
    fc
      .tuple(
        fc.constantFrom('$and', '$or', '$nor'),
        fc.array(tie('document'), { minLength: 1, maxLength: 3 }),
      )
      .map(([key, parts]) => ({ [key]: parts })),
  ),
})).document
const sort = fc.array(
  fc.tuple(fc.oneof(field, fc.constant('start_time')), fc.constantFrom('ascending', 'descending')),
  {
    maxLength: 2,
  },
)

function isOperator(expression: unknown): boolean {
  return (
    typeof expression === 'object' &&
    expression !== null &&
    /^\$(?!date)/.test(Object.keys(expression)[0] ?? '')
  )
}

test('Both stores find the same tasks in the same order, whatever the tasks, the filters and the sort', async t => {
  const [memory, sqlite] = await bothStores(t)
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyTask, { maxLength: 8 }),
      fc.array(fc.tuple(document, sort), { minLength: 1, maxLength: 8 }),
      async (makers, searches) => {
        const tasks = makers.map((make, index) => make(index + 1))
        for (const store of [memory, sqlite]) {
          const gone = Array.from({ length: 8 }, (_, index) => ({
            type: 'task.delete' as const,
            taskId: `t${index + 1}`,
          }))
          await commit(store, ...gone, ...puts(...tasks))
        }
        for (const [filters, order] of searches) {
          const criteria = { filters, sort: order }
          assert.equal(
            await found(sqlite, criteria),
            await found(memory, criteria),
            JSON.stringify(criteria),
          )
        }
      },
    ),
    { numRuns: 300 },
  )
})
