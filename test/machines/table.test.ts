// The derived table equals XState's own interpreter over every reachable state and every event, and the
// two charts have no dead ends.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyStateNode,
  transition,
} from 'xstate'
import { getAdjacencyMap } from 'xstate/graph'
import { groupMachine } from '../../machines/group.machine.ts'
import { deriveStep } from '../../machines/table.ts'
import { taskMachine } from '../../machines/task.machine.ts'
import { stepGroup, stepTask } from '../../machines/work.ts'
import { group, groupEvents, TASK_EVENTS, task } from '../support/builders.ts'

interface Event {
  type: string
}

/** A snapshot that is reachable, an event, and what XState makes of them; null: it does not handle it. */
interface Step {
  from: { value: string; context: object }
  event: Event
  to: { value: string; context: object } | null
}

interface Explored {
  steps: Step[]
  /** Transitions of the chart that no step took, as `owner event nth`. */
  untaken: string[]
}

/** Walks everything that XState reaches from the inputs. */
function explore(
  machine: AnyStateMachine,
  inputs: object[],
  eventsOf: (snapshot: AnyMachineSnapshot) => Event[],
  /** The part of the context that a guard can see, now or later. */
  seen: (context: never) => unknown,
): Explored {
  const steps: Step[] = []
  const taken = new Set<unknown>()
  for (const input of inputs) {
    const reached = getAdjacencyMap(machine, {
      input,
      events: eventsOf,
      serializeState: snapshot => {
        const { value, context } = snapshot as AnyMachineSnapshot
        return JSON.stringify([value, seen(context as never)])
      },
    })
    for (const { state } of Object.values(reached)) {
      const from = state as AnyMachineSnapshot
      for (const event of eventsOf(from)) {
        const enabled = machine.getTransitionData(from, event)
        for (const each of enabled) taken.add(each)
        const [to] = transition(machine, from, event)
        steps.push({ from: flat(from), event, to: enabled.length > 0 ? flat(to) : null })
      }
    }
  }
  const untaken = transitionsOf(machine.root)
    .filter(each => !taken.has(each.transition))
    .map(({ name }) => name)
  return { steps, untaken }
}

function flat({ value, context }: AnyMachineSnapshot): { value: string; context: object } {
  const names = (part: unknown): string[] =>
    typeof part === 'string'
      ? [part]
      : Object.entries(part as object).flatMap(([name, inner]) => [name, ...names(inner)])
  return { value: names(value).join('.'), context }
}

function transitionsOf(node: AnyStateNode): { name: string; transition: unknown }[] {
  const own = [...node.transitions].flatMap(([type, listed]) =>
    listed.map((each, nth) => ({ name: `${node.id} ${type} ${nth}`, transition: each })),
  )
  return [...own, ...Object.values(node.states).flatMap(transitionsOf)]
}

const { value: _waiting, ...taskInput } = task({ blockers: 3, unplaced: 3 })
const taskChart = explore(
  taskMachine,
  [taskInput, { ...taskInput, cancellable: false }],
  () => TASK_EVENTS,
  ({ stopCause, wakeAtMs, cancellable }: typeof taskInput) => [stopCause, wakeAtMs, cancellable],
)

const { value: _open, ...groupInput } = group()
const groupChart = explore(
  groupMachine,
  [groupInput, { ...groupInput, onFailure: 'cancel' }],
  ({ context }) => groupEvents(context.counts),
  ({ counts, canceled, onFailure }: typeof groupInput) => [counts, canceled, onFailure],
)

const charts = [
  {
    name: 'task',
    ...taskChart,
    step: (value: string, context: object, event: Event) =>
      stepTask({ ...(context as typeof taskInput), value: value as 'waiting' }, event as never),
    finals: ['finished', 'error', 'canceled', 'skipped'],
    values: 8,
  },
  {
    name: 'group',
    ...groupChart,
    step: (value: string, context: object, event: Event) =>
      stepGroup({ ...(context as typeof groupInput), value: value as 'settled' }, event as never),
    finals: ['settled'],
    values: 6,
  },
]

for (const { name, steps, untaken, step, finals, values } of charts) {
  describe(`The ${name} chart`, () => {
    test('steps by its table as by XState, in every reachable state and for every event', () => {
      for (const { from, event, to } of steps) {
        const stepped = step(from.value, from.context, event)
        const expected = to === null ? null : { ...to.context, value: to.value }
        assert.deepEqual(stepped, expected, `${from.value} ${JSON.stringify(event)}`)
      }
    })

    test('reaches each of its states, and takes each of its transitions', () => {
      assert.equal(new Set(steps.map(({ from }) => from.value)).size, values)
      assert.deepEqual(untaken, [])
    })

    test('leads from every state to a final one, and nowhere from there', () => {
      const ends = new Set(finals)
      for (let size = 0; size !== ends.size; ) {
        size = ends.size
        for (const { from, to } of steps)
          if (to !== null && ends.has(to.value)) ends.add(from.value)
      }
      for (const { from, event, to } of steps) {
        assert.ok(ends.has(from.value), `${from.value} is a dead end`)
        if (finals.includes(from.value)) assert.equal(to, null, `${from.value} ${event.type}`)
      }
    })

    test('leaves the snapshot that it is given as it was', () => {
      for (const { from, event } of steps) {
        const before = structuredClone(from.context)
        step(from.value, from.context, event)
        assert.deepEqual(from.context, before)
      }
    })
  })
}

describe('A running task', () => {
  test('always handles a cancellation, unless its call is not cancellable', () => {
    const running = taskChart.steps.filter(({ from }) => from.value.startsWith('running'))
    for (const { from, event, to } of running) {
      if (event.type !== 'task.cancel') continue
      const { cancellable } = from.context as typeof taskInput
      assert.equal(to?.value ?? null, cancellable ? 'running.cancelling' : null, from.value)
    }
  })
})

describe('Deriving a table', () => {
  const chart = (config: object) => ({ id: 'lamp', config })

  test('refuses a chart that names a guard, an action or a state that does not exist', () => {
    const states = (transition: object) => ({
      initial: 'off',
      states: { off: { on: { go: transition } } },
    })
    assert.throws(() => deriveStep(chart(states({ guard: 'dark' })), {}, {}), /guard dark/)
    assert.throws(() => deriveStep(chart(states({ actions: ['shine'] })), {}, {}), /action shine/)
    assert.throws(
      () => deriveStep(chart(states({ target: 'on' })), {}, {}),
      /no state for the target on/,
    )
  })
})
