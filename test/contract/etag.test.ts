// CONTRACT §4: ETag and If-None-Match on every poll. The tag changes when the content does.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serverForFile } from './server.ts'

const server = await serverForFile()

const groupId = await server.group({
  calls: [{ call: 'hold', args: { key: 'a' } }, { call: 'count' }],
  open: true,
})
const [{ task_id }, { task_id: countId }] = (await server.get(`task_groups/${groupId}/`)).body
await server.until(task_id, 'running')
await server.ended(countId)

const polls = [
  `tasks/${task_id}/`,
  'tasks/',
  'tasks/?limit=1',
  'task_groups/',
  `task_groups/${groupId}/`,
  `task_groups/${groupId}/?state=running`,
  `task_groups/${groupId}/state_summary/`,
  `task_groups/${groupId}/state-summary/`,
  'tasks/search/?filters={"state":"running"}',
  'calls/',
]

const tagOf = async (path: string) => {
  const { status, headers } = await server.get(path)
  assert.equal(status, 200)
  return headers.get('etag') ?? assert.fail(`${path} has no ETag`)
}

for (const path of polls) {
  test(`${path} is a 304 for whoever knows it`, async () => {
    const tag = await tagOf(path)
    assert.match(tag, /^(W\/)?"[!#-~]+"$/)
    for (const known of [tag, `W/${tag}`, `"x", ${tag}`, `"x",W/${tag} ,"y"`, '*']) {
      const { status, body, headers } = await server.get(path, { 'if-none-match': known })
      assert.deepEqual([status, body, headers.get('etag')], [304, undefined, tag], known)
    }
    for (const other of ['"x"', tag.slice(1, -1), `x${tag}x`.replaceAll('"', '')]) {
      assert.equal((await server.get(path, { 'if-none-match': other })).status, 200, other)
    }
  })
}

test('HEAD has the tag of GET, and no body', async () => {
  for (const path of polls) {
    const { status, headers, body } = await server.request('HEAD', path)
    assert.deepEqual([status, body, headers.get('etag')], [200, undefined, await tagOf(path)], path)
  }
})

test('no two queries of a list share a tag', async () => {
  const queries = ['', '?limit=1', '?limit=2', '?state=running', '?state=finished']
  const tags = await Promise.all(queries.map(query => tagOf(`task_groups/${groupId}/${query}`)))
  assert.equal(new Set(tags).size, queries.length)
})

test('the tag of an error is none, and what does not exist is a 404 also for *', async () => {
  const unknown = '01890000-0000-7000-8000-000000000000'
  const { status, headers } = await server.get(`tasks/${unknown}/`, { 'if-none-match': '*' })
  assert.deepEqual([status, headers.get('etag')], [404, null])
})

test('every change of the content changes the tag', async () => {
  const changing = polls.filter(path => path !== 'calls/')
  const before = await Promise.all(changing.map(tagOf))
  await server.open('a')
  await server.ended(task_id)
  for (const [index, path] of changing.entries()) {
    const { status } = await server.get(path, { 'if-none-match': before[index] as string })
    assert.equal(status, 200, path)
  }
})

test('an addition and a purge change the tag of a group', async () => {
  const path = `task_groups/${groupId}/`
  const first = await tagOf(path)
  await server.post(`${path}tasks/`, { calls: [{ call: 'count' }] })
  const rows = (await server.get(path)).body
  await server.ended(rows[2].task_id)
  const second = await tagOf(path)
  assert.notEqual(second, first)
  assert.equal((await server.request('DELETE', 'tasks/?state=finished')).status, 204)
  const { status, body } = await server.get(path, { 'if-none-match': second })
  assert.deepEqual([status, body], [200, []])
})
