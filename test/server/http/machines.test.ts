// The statecharts over REST: accepted by the tools that people know, and in the form that the client asks for.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { type AnyStateMachine, createMachine, initialTransition, transition } from 'xstate'
import { getAdjacencyMap, toDirectedGraph } from 'xstate/graph'
import { groupMachine, taskMachine } from '../../../machines/index.ts'
import { mermaidOf } from '../../../machines/mermaid.ts'
import { TASK_EVENTS, task } from '../../support/builders.ts'
import { appWith } from '../../support/plugin-app.ts'

const appFor = (t: TestContext): Promise<FastifyInstance> => appWith(t, { calls: [] })

const machines: [name: string, machine: AnyStateMachine][] = [
  ['task', taskMachine as AnyStateMachine],
  ['group', groupMachine as AnyStateMachine],
]

async function configOf(app: FastifyInstance, name: string) {
  const answer = await app.inject(`/pulp/api/v2/machines/${name}/`)
  assert.equal(answer.statusCode, 200)
  assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8')
  return answer.json()
}

for (const [name, machine] of machines) {
  test(`the JSON of the ${name} machine is what createMachine takes, with every state and arrow`, async t => {
    const config = await configOf(await appFor(t), name)
    const made = createMachine(config)
    const graph = (each: AnyStateMachine) => JSON.stringify(toDirectedGraph(each))
    assert.equal(graph(made), graph(machine))
  })
}

test('a machine made of the JSON does as ours in every state and for every event', async t => {
  const config = await configOf(await appFor(t), 'task')
  const implementations = taskMachine.implementations as never
  const made = createMachine(config).provide(implementations)
  const { value, ...input } = task()
  const [start] = initialTransition(taskMachine, input)
  const states = Object.values(
    getAdjacencyMap(taskMachine, {
      fromState: start,
      events: TASK_EVENTS,
      serializeState: ({ value, context: { stopCause } }) => JSON.stringify([value, stopCause]),
    }),
  )
  assert.ok(states.length > 7)
  for (const { state } of states) {
    for (const event of TASK_EVENTS) {
      const [ours] = transition(taskMachine, state, event)
      const snapshot = made.resolveState({ value: state.value, context: state.context } as never)
      const [theirs] = transition(made as AnyStateMachine, snapshot, event)
      assert.deepEqual([theirs.value, theirs.context], [ours.value, ours.context])
    }
  }
})

test('all machines are listed, each with its config and where it is', async t => {
  const app = await appFor(t)
  const listed = (await app.inject('/pulp/api/v2/machines/')).json()
  assert.deepEqual(
    listed.map(({ name }: { name: string }) => name),
    ['task', 'group'],
  )
  for (const { _href, config } of listed) {
    assert.deepEqual((await app.inject(_href)).json(), config)
  }
})

test('a format is asked for in the query or in the Accept header, and the query counts', async t => {
  const app = await appFor(t)
  const asked = async (url: string, accept?: string) => {
    const { headers, body, statusCode } = await app.inject({
      url: `/pulp/api/v2/machines/${url}`,
      headers: accept === undefined ? {} : { accept },
    })
    assert.equal(statusCode, 200)
    assert.equal(headers.vary, 'accept')
    return [headers['content-type'], body]
  }
  const diagram = mermaidOf(taskMachine)
  const plain = ['text/plain; charset=utf-8', diagram]
  const json = 'application/json; charset=utf-8'
  assert.deepEqual(await asked('task/?format=mermaid'), plain)
  assert.deepEqual(await asked('task/', 'text/plain'), plain)
  assert.deepEqual(await asked('task/', 'application/json;q=0.5, text/*'), plain)
  for (const type of ['application/vnd.mermaid', 'text/vnd.mermaid']) {
    assert.deepEqual(await asked('task/', type), [`${type}; charset=utf-8`, diagram])
  }
  assert.deepEqual((await asked('task/?format=json', 'text/plain'))[0], json)
  const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
  for (const accept of [undefined, '', '*/*', browser, 'image/png', 'nonsense', 'text/plain;q=0']) {
    assert.equal((await asked('task/', accept))[0], json, accept)
  }
  const [, all] = await asked('?format=mermaid')
  for (const [, machine] of machines) {
    assert.ok(all?.includes(`\`\`\`mermaid\n${mermaidOf(machine)}\`\`\`\n`))
  }
})

test('whoever has a machine already is told so, in each format by itself', async t => {
  const app = await appFor(t)
  const asked = (url: string, headers = {}) =>
    app.inject({ url: `/pulp/api/v2/machines/${url}`, headers })
  const { etag } = (await asked('task/')).headers
  assert.equal((await asked('task/', { 'if-none-match': etag })).statusCode, 304)
  const plain = { 'if-none-match': etag, accept: 'text/plain' }
  assert.equal((await asked('task/', plain)).statusCode, 200)
  assert.equal((await asked('group/', { 'if-none-match': etag })).statusCode, 200)
})

test('no machine, no format and no method that is not there is answered', async t => {
  const app = await appFor(t)
  const status = async (url: string, method: 'GET' | 'POST' = 'GET') =>
    (await app.inject({ method, url: `/pulp/api/v2/machines/${url}` })).statusCode
  assert.equal(await status('nothing/'), 404)
  assert.equal(await status('constructor/'), 404)
  assert.equal(await status('task/?format=svg'), 400)
  assert.equal(await status('task/?size=1'), 400)
  assert.equal(await status('task/', 'POST'), 405)
})
