// Drives the paths over a chart three ways: by the pure machine, by the engine as a library, and by its
// REST interface; what the world shows must be the path's wherever it comes to rest.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { transition } from 'xstate'
import { quiet } from '../../server/testing/virtual-clock.ts'
import { type Chart, flat, rowTaken, unflat } from './chart.ts'
import { Coverage, type Way } from './coverage.ts'
import { type Path, type PathStep, pathsOver, type Start, type Story, tell } from './paths.ts'

/** What a path is about, somewhere in the world. */
export interface SceneOf<Snapshot, Event> {
  /** Throws when the world has it otherwise than the path, after these steps. */
  check(expected: Snapshot, steps: readonly PathStep<Snapshot, Event, never>[]): Promise<void>
}

/** Declares the tests of a chart: every path each way, and that together they leave nothing out. */
export function drive<
  Snapshot extends { value: string },
  Event extends { type: string },
  Situation extends Start<Snapshot>,
  Scene extends SceneOf<Snapshot, Event>,
>(
  chart: Chart<Snapshot, Event>,
  story: Story<Snapshot, Event, Situation, Scene>,
  begin: (hand: 'engine' | 'REST', situation: Situation) => Promise<Scene>,
): void {
  type ThisPath = Path<Snapshot, Event, Situation, Scene>

  describe(`The paths over the ${chart.name} chart`, () => {
    const paths = pathsOver(chart, story)
    const coverage = new Coverage(chart)

    const driveAll = async (way: Way, driveOne: (path: ThisPath) => Promise<void>) => {
      const failures: Error[] = []
      for (const path of paths) {
        const { situation, steps } = path
        try {
          await driveOne(path)
        } catch (cause) {
          failures.push(new Error(tell(path), { cause }))
          continue
        }
        const states = [situation.snapshot, ...steps.map(({ after }) => after)]
        const rows = steps.map(({ row }) => row)
        coverage.count(way, new Set(states.map(({ value }) => value)), new Set(rows))
      }
      if (failures.length === 0) return
      const names = failures.map(({ message }) => message)
      throw new Error(`${failures.length} paths fail:\n${names.join('\n')}`, { cause: failures[0] })
    }

    test('come out by the table as by XState', () => driveAll('machine', inMachine))

    test('are gone by the engine, with every event provoked by what provokes it in life', () =>
      driveAll('engine', path => inWorld(path, 'engine')))

    test('are gone by the server, with every action of a client by REST', () =>
      driveAll('REST', path => inWorld(path, 'REST')))

    test('leave out nothing that can happen, no state, and no transition in any of these ways', t => {
      t.diagnostic(`${coverage}`)
      const happened = new Set(paths.flatMap(({ steps }) => steps.map(each => each.happening.name)))
      const names = story.happenings.map(({ name }) => name)
      assert.deepEqual([...happened].sort(), names.sort())
      assert.deepEqual(coverage.missing, [])
    })
  })

  async function inMachine({ situation, steps }: ThisPath): Promise<void> {
    let [byXState, byTable] = [unflat(chart.machine, situation.snapshot), situation.snapshot]
    for (const { event, row, after } of steps) {
      assert.equal(rowTaken(chart, byXState, event), row)
      ;[byXState] = transition(chart.machine, byXState, event)
      byTable = chart.step(byTable, event) as Snapshot
      assert.deepEqual(byTable, flat(byXState))
      assert.deepEqual(byTable, after)
    }
  }

  async function inWorld({ situation, steps }: ThisPath, hand: 'engine' | 'REST'): Promise<void> {
    const scene = await begin(hand, situation)
    const rests = steps.flatMap(({ after }, at) => (story.goesOn(after) ? [] : [at + 1]))
    const startsAtRest = !story.goesOn(situation.snapshot)
    let taken = 0
    for (const until of startsAtRest ? [0, ...rests] : rests) {
      const together = steps.slice(taken, until)
      for (const { happening } of together) await happening.prepare?.(scene)
      await together[0]?.happening.provoke?.(scene)
      await quiet()
      const expected = steps[until - 1]?.after ?? situation.snapshot
      await scene.check(expected, steps.slice(0, until))
      taken = until
    }
  }
}
