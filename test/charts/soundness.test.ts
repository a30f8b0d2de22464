// The shape of our two charts: every state is reached and left, every end is an end, and what runs can
// always be stopped.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setup } from 'xstate'
import { FINAL_STATES, isFinal } from '../../machines/task.machine.ts'
import { type Chart, chartOf, finalStatesOf, groupChart, taskChart } from './chart.ts'
import { type Explored, explore, exploreGroups, exploreTasks } from './explore.ts'

const tasks = exploreTasks()
const groups = exploreGroups()

/** Snapshots from which no events lead to a final state. */
function deadEnds<Snapshot extends { value: string }>(
  { steps, key }: Pick<Explored<Snapshot, unknown>, 'steps' | 'key'>,
  finals: readonly string[],
): string[] {
  const causesOf = new Map<string, string[]>()
  const reached = new Set<string>()
  for (const { from, to } of steps) {
    reached.add(key(from))
    if (to !== null) causesOf.set(key(to), [...(causesOf.get(key(to)) ?? []), key(from)])
  }
  const ending = new Set(
    steps.flatMap(({ from }) => (finals.includes(from.value) ? [key(from)] : [])),
  )
  for (const each of ending) for (const cause of causesOf.get(each) ?? []) ending.add(cause)
  return [...reached].filter(each => !ending.has(each))
}

chartIsSound(taskChart, tasks, FINAL_STATES)
chartIsSound(groupChart, groups, ['settled'])

function chartIsSound<Snapshot extends { value: string }, Event extends { type: string }>(
  { name, machine, states }: Chart<Snapshot, Event>,
  explored: Explored<Snapshot, Event>,
  finals: readonly string[],
): void {
  describe(`The ${name} chart`, () => {
    test('reaches each of its states', () => {
      const reached = new Set(explored.steps.map(({ from }) => from.value))
      assert.deepEqual([...reached].sort(), states.toSorted())
    })

    test('takes each of its transitions, in each state that has it', () => {
      const untaken = explored.untaken.map(row => `${row.state}: ${row.name}`)
      assert.deepEqual(untaken, [])
    })

    test('leads from everything that it reaches to a final state', () => {
      assert.deepEqual(deadEnds(explored, finals), [])
    })

    test('ends in its final states for good, and nowhere else', () => {
      assert.deepEqual(finalStatesOf(machine), finals)
      for (const { from, event, to } of explored.steps) {
        if (finals.includes(from.value)) assert.equal(to, null, `${from.value} ${event.type}`)
      }
    })
  })
}

test('A dead end is found, also where only a guard makes it one', () => {
  const lamp = setup({
    types: { context: {} as { broken: boolean } },
    guards: { works: ({ context }) => !context.broken },
  }).createMachine({
    context: { broken: true },
    initial: 'on',
    states: {
      on: { on: { turn: { guard: 'works', target: 'off' }, hit: 'dark' } },
      dark: {},
      off: { type: 'final' },
    },
  })
  const events = [{ type: 'turn' }, { type: 'hit' }]
  const starts = [
    { value: 'on', broken: true },
    { value: 'on', broken: false },
  ]
  const explored = explore(
    chartOf<(typeof starts)[number], { type: string }>('lamp', lamp, () => null),
    starts,
    () => events,
    ({ broken }) => broken,
  )
  assert.deepEqual(deadEnds(explored, ['off']), ['["on",true]', '["dark",true]', '["dark",false]'])
})

test('A task that has not ended always handles a cancellation, unless it runs and may not be cancelled', () => {
  for (const { from, event, to } of tasks.steps) {
    if (event.type !== 'task.cancel' || isFinal(from.value)) continue
    const running = from.value.startsWith('running')
    const expected = !running ? 'canceled' : from.cancellable ? 'running.cancelling' : null
    assert.equal(to?.value ?? null, expected, from.value)
  }
})

test('A running task always handles the end of its handler and of its process', () => {
  const returned = { 'running.executing': 'task.succeeded', 'running.cancelling': 'task.stopped' }
  for (const { from, event, to } of tasks.steps) {
    const { value } = from
    if (value !== 'running.executing' && value !== 'running.cancelling') continue
    const ends = ['task.failed', 'task.interrupted', returned[value]].includes(event.type)
    if (ends) assert.ok(to !== null && !to.value.startsWith('running'), `${value} ${event.type}`)
  }
})

test('A group that has not settled always handles a cancellation, and stays cancelled', () => {
  for (const { from, event, to } of groups.steps) {
    if (from.value === 'settled') continue
    if (event.type === 'group.cancel') {
      assert.ok(to !== null && ['cancelling', 'settled'].includes(to.value), from.value)
      assert.equal(to.canceled, true)
    }
    if (from.canceled && to !== null) assert.equal(to.canceled, true, event.type)
  }
})
