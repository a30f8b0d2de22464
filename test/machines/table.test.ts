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

    test('leaves the snapshot that it is given as it was', () => {
      for (const { from, event } of steps) {
        const before = structuredClone(from)
        step(from, event)
        assert.deepEqual(from, before)
      }
    })
  })
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
