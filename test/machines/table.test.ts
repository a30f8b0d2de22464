// The derived table equals XState's own interpreter over every reachable state and every event. That the
// charts themselves are sound is told by test/charts/soundness.test.ts.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { deriveStep } from '../../machines/table.ts'
import { type Chart, groupChart, taskChart } from '../charts/chart.ts'
import { type Explored, exploreGroups, exploreTasks } from '../charts/explore.ts'

stepsAsXState(taskChart, exploreTasks())
stepsAsXState(groupChart, exploreGroups())

function stepsAsXState<Snapshot extends { value: string }, Event extends { type: string }>(
  { name, step }: Chart<Snapshot, Event>,
  { steps }: Explored<Snapshot, Event>,
): void {
  describe(`The ${name} table`, () => {
    test('steps as XState does, in every reachable state and for every event', () => {
      assert.ok(steps.length > 0)
      for (const { from, event, to } of steps) {
        assert.deepEqual(step(from, event), to, `${from.value} ${JSON.stringify(event)}`)
      }
    })

    test('edits nothing of the snapshot that it is given, nor of what is nested in it', () => {
      for (const { from, event } of steps) {
        const frozen = deepFrozen(structuredClone(from))
        step(frozen, event)
        assert.deepEqual(frozen, from)
      }
    })

    test('gives the very same snapshot when an event changes nothing of it', () => {
      const idle = steps.filter(({ from, to }) => to !== null && sameFields(from, to))
      assert.ok(idle.length > 0)
      for (const { from, event } of idle)
        assert.equal(step(from, event), from, `${from.value} ${event.type}`)
    })
  })
}

function sameFields<Snapshot extends object>(from: Snapshot, to: Snapshot): boolean {
  const names = Object.keys(to) as (keyof Snapshot)[]
  return names.every(name => to[name] === from[name])
}

/** An edit of it throws. */
function deepFrozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null)
    Object.values(Object.freeze(value)).forEach(deepFrozen)
  return value
}

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
