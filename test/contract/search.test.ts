// CONTRACT §4: search over HTTP. What each operator means is the affair of the stores' own suite.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { api, serverForFile } from './server.ts'

const server = await serverForFile()

const ids: string[] = []
for (const [index, call] of ['count', 'thing.make', 'refuse', 'count'].entries()) {
  const args = { count: {}, 'thing.make': { id: 'a' }, refuse: { status: 500 } }[call]
  const taskId = await server.queue({ call, args, tags: ['all', `no-${index}`], priority: index })
  await server.ended(taskId)
  ids.push(taskId)
}

async function found(criteria: object): Promise<number[]> {
  const { status, body } = await server.post('tasks/search/', { criteria })
  assert.equal(status, 200, JSON.stringify(body))
  return body.map((row: { task_id: string }) => ids.indexOf(row.task_id))
}

const searches: [what: string, criteria: object, rows: number[]][] = [
  ['nothing in particular', {}, [0, 1, 2, 3]],
  ['a state', { filters: { state: 'error' } }, [2]],
  ['nothing that is there', { filters: { state: 'running' } }, []],
  ['one of several', { filters: { task_type: { $in: ['refuse', 'thing.make'] } } }, [1, 2]],
  ['a tag', { filters: { tags: 'no-3' } }, [3]],
  ['all of some tags', { filters: { tags: { $all: ['all', 'no-1'] } } }, [1]],
  ['a field of the arguments', { filters: { 'args.id': 'a' } }, [1]],
  ['a field of the result', { filters: { 'result.id': { $exists: true } } }, [1]],
  ['a range', { filters: { priority: { $gt: 0, $lte: 2 } } }, [1, 2]],
  ['a pattern', { filters: { task_type: { $regex: '^c.*t$' } } }, [0, 3]],
  ['either of two', { filters: { $or: [{ priority: 0 }, { state: 'error' }] } }, [0, 2]],
  ['neither of two', { filters: { $nor: [{ priority: 0 }, { state: 'error' }] } }, [1, 3]],
  ['what is not', { filters: { task_type: { $not: { $eq: 'count' } } } }, [1, 2]],
  [
    'a time',
    { filters: { submit_time: { $gt: { $date: '2020-01-01T00:00:00Z' } } } },
    [0, 1, 2, 3],
  ],
  ['an order', { sort: [['priority', 'descending']] }, [3, 2, 1, 0]],
  [
    'two orders',
    {
      sort: [
        ['task_type', 'ascending'],
        ['priority', 'descending'],
      ],
    },
    [3, 0, 2, 1],
  ],
  ['a page', { sort: [['priority', 'ascending']], limit: 2, skip: 1 }, [1, 2]],
  ['nulls', { filters: null, sort: null, limit: null, skip: null, fields: null }, [0, 1, 2, 3]],
]
for (const [what, criteria, rows] of searches) {
  test(`a search for ${what} finds it`, async () => {
    assert.deepEqual(await found(criteria), rows)
  })
}

test('rows are call reports with the paths of their tasks', async () => {
  const { body } = await server.post('tasks/search/', { criteria: { filters: { priority: 0 } } })
  assert.deepEqual(body, [(await server.get(`tasks/${ids[0]}/`)).body])
  assert.equal(body[0]._href, `${api}/tasks/${ids[0]}/`)
})

test('fields narrow the rows, and task_id stays', async () => {
  const criteria = { filters: { state: 'error' }, fields: ['state', 'args'] }
  const { body } = await server.post('tasks/search/', { criteria })
  assert.deepEqual(body, [{ state: 'error', task_id: ids[2], args: { status: 500 } }])
})

test('a GET says the same in its query', async () => {
  const query = new URLSearchParams({
    filters: '{"tags": "all"}',
    sort: '[["priority", "descending"]]',
    limit: '2',
    skip: '1',
  })
  query.append('field', 'priority')
  query.append('field', 'task_id')
  const { status, body } = await server.get(`tasks/search/?${query}`)
  assert.equal(status, 200)
  assert.deepEqual(body, [
    { task_id: ids[2], priority: 2 },
    { task_id: ids[1], priority: 1 },
  ])
})
