// One group in the world and how it is seen: its row, its summary, its members' reports and its history
// must be the path's.
import assert from 'node:assert/strict'
import type { Group, GroupEvent } from '../../machines/group.machine.ts'
import type { GroupStart } from './group-story.ts'
import type { Hands } from './hands.ts'
import type { PathStep } from './paths.ts'
import { World } from './world.ts'

export class GroupScene {
  readonly world: World
  /** What its members are runs of. */
  readonly call: string
  groupId = ''
  #rev = 0

  private constructor(world: World, call: string) {
    this.world = world
    this.call = call
  }

  /** Submits the path's group: an open one without calls, a closed one with two. */
  static async begin(hand: 'engine' | 'REST', { snapshot }: GroupStart): Promise<GroupScene> {
    const { tags, onFailure: on_failure } = snapshot
    const [call = 'plain'] = tags
    const scene = new GroupScene(await World.start(hand), call)
    const open = snapshot.value.endsWith('open')
    scene.groupId = await scene.hands.submitGroup({
      calls: open ? [] : [{ call }, { call }],
      tags,
      on_failure,
      open,
    })
    return scene
  }

  get hands(): Hands {
    return this.world.hands
  }

  /** Cancels the last of the members that have not started. */
  async cancelLastPending(): Promise<void> {
    const reports = await this.hands.reports(this.groupId)
    const last = reports.findLast(({ state }) => state === 'waiting' || state === 'suspended')
    await this.hands.cancel(last?.task_id as string)
  }

  /** Whether the world has the group as the path does. */
  async check(
    expected: Group,
    steps: readonly PathStep<Group, GroupEvent, GroupScene>[],
  ): Promise<void> {
    const { groupId, world, hands } = this
    const row = (await world.store.group(groupId)) as Group
    assert.deepEqual(seenInRow(row), seenInRow(expected))
    const states = (await hands.reports(groupId)).map(({ state }) => state)
    const counts = Object.entries(expected.counts)
    const expectedStates = counts.flatMap(([state, count]) => Array<string>(count).fill(state))
    assert.deepEqual(states.sort(), expectedStates.sort())
    const total = states.length
    assert.deepEqual(await hands.summary(groupId), { accepted: 0, ...expected.counts, total })
    // Also where its state does not change: what it does not handle leaves it as it was.
    assert.ok(row.rev > this.#rev, 'the row did not change')
    this.#rev = row.rev
    assert.deepEqual(world.errors, [])

    const lines = await world.store.history({ groupId, afterEventId: 0, limit: 1_000 })
    const own = lines.filter(({ taskId }) => taskId === null)
    const moves = own.filter(({ value }, at) => value !== own[at - 1]?.value).slice(1)
    const expectedMoves = steps.filter(({ before, after }) => before.value !== after.value)
    assert.deepEqual(
      moves.map(({ value }) => value),
      expectedMoves.map(({ after }) => after.value),
    )
  }
}

/** What a row has of a group, but for ids and the very times. */
function seenInRow({ value, onFailure, counts, canceled, finishMs }: Group): object {
  return { value, onFailure, counts, canceled, ended: finishMs !== null }
}
