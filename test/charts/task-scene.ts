// One task in the world, with those that stand ahead of it and those that it depends on, and how it is
// seen: its row, its report and its history must be the path's.
import assert from 'node:assert/strict'
import type { CallReport } from '../../machines/report.ts'
import type { ResourceUse } from '../../machines/reservations.ts'
import type { JsonObject, Task, TaskEvent } from '../../machines/task.machine.ts'
import { PROGRESS_EVERY_MS } from '../../server/progress.ts'
import { quiet } from '../../server/testing/virtual-clock.ts'
import { AT_MS, creates, use } from '../support/builders.ts'
import type { Hands } from './hands.ts'
import type { PathStep } from './paths.ts'
import type { TaskStart } from './task-story.ts'
import { DELAY_MS, World } from './world.ts'

export class TaskScene {
  readonly world: World
  taskId = ''
  groupId = ''
  readonly #ahead: string[] = []
  readonly #dependencies: string[] = []
  #rev = 0

  private constructor(world: World) {
    this.world = world
  }

  /** Submits the path's task, and before it whatever it stands beside. */
  static async begin(hand: 'engine' | 'REST', start: TaskStart): Promise<TaskScene> {
    const scene = new TaskScene(await World.start(hand))
    await scene.#submit(start)
    return scene
  }

  get hands(): Hands {
    return this.world.hands
  }

  async putAhead(resource: ResourceUse): Promise<void> {
    this.#ahead.push(await this.world.submitBeside({ resources: [resource] }))
  }

  async endThoseAhead(): Promise<void> {
    for (const taskId of this.#ahead.splice(0)) {
      const live = await this.world.giveSlot()
      assert.equal(live.taskId, taskId)
      live.succeed()
      await quiet()
    }
  }

  async cancelFirstAhead(): Promise<void> {
    await this.hands.cancel(this.#ahead.shift() as string)
  }

  async cancelDependency(): Promise<void> {
    await this.hands.cancel(this.#dependencies.at(-1) as string)
  }

  async tellProgress(progress: JsonObject): Promise<void> {
    this.world.running().context.progress(progress)
    await this.world.clock.advance(PROGRESS_EVERY_MS)
  }

  /** Whether the world has the task as the path does. */
  async check(
    expected: Task,
    steps: readonly PathStep<Task, TaskEvent, TaskScene>[],
  ): Promise<void> {
    const row = (await this.world.store.task(this.taskId)) as Task
    assert.deepEqual(seenInRow(row), seenInRow(expected))
    const report = await this.hands.report(this.taskId)
    assert.deepEqual(seenInReport(report), reportOf(expected))
    assert.ok(row.rev > this.#rev, 'the row did not change')
    assert.deepEqual(this.world.errors, [])
    this.#rev = row.rev

    const lines = await this.world.store.history({
      taskId: this.taskId,
      afterEventId: 0,
      limit: 1_000,
    })
    const moves = lines.filter(({ value }, at) => value !== lines[at - 1]?.value)
    const expectedMoves = steps.filter(({ before, after }) => before.value !== after.value)
    assert.deepEqual(
      moves.slice(1).map(({ type, value }) => `${type} → ${value}`),
      expectedMoves.map(({ event, after }) => `${event.type} → ${after.value}`),
    )
  }

  async #submit({ snapshot, ahead, later }: TaskStart): Promise<void> {
    for (const operation of ahead ?? []) await this.putAhead(use(operation, 'repo:1'))
    for (const at of snapshot.dependencies.keys()) {
      const start_after = later === 'dependencies' ? inMs((at + 1) * DELAY_MS) : null
      this.#dependencies.push(await this.world.submitBeside({ start_after }))
    }
    this.groupId = await this.hands.submitGroup({
      calls: [
        {
          call: snapshot.call,
          resources: [creates('repo:1')],
          depends_on: snapshot.dependencies.map(({ states }, at) => ({
            id: this.#dependencies[at] as string,
            states,
          })),
          start_after: later === 'itself' ? inMs(DELAY_MS) : null,
        },
      ],
      open: true,
    })
    const [report] = await this.hands.reports(this.groupId)
    this.taskId = report?.task_id as string
  }
}

function inMs(ms: number): string {
  return new Date(AT_MS + ms).toISOString()
}

/** What a row has of a task, but for ids and the very times. */
function seenInRow(task: Task): object {
  const { value, blockers, unplaced, interruptions, failedAttempts, stopCause } = task
  return {
    ...reportOf(task),
    value,
    blockers,
    unplaced,
    interruptions,
    failedAttempts,
    stopCause,
    placed: task.place !== null,
    sleeps: task.wakeAtMs !== null,
  }
}

/** What a report must show of a task. */
function reportOf(task: Task): object {
  const { response, reasons, attempt, progress, result, worker } = task
  return {
    state: task.value.split('.')[0],
    response,
    reasons,
    attempt,
    progress,
    result,
    worker,
    started: task.startMs !== null,
    ended: task.finishMs !== null,
    code: task.failure?.error.code ?? null,
    children: task.spawned.length,
    dependencyFailures: Object.values(task.dependencyFailures),
  }
}

/** The same as a client reads it. */
function seenInReport(report: CallReport): object {
  const { state, response, reasons, attempt, progress, result } = report
  return {
    state,
    response,
    reasons,
    attempt,
    progress,
    result,
    worker: report.worker_name,
    started: report.start_time !== null,
    ended: report.finish_time !== null,
    code: report.error?.code ?? null,
    children: report.spawned_tasks.length,
    dependencyFailures: Object.values(report.dependency_failures),
  }
}
