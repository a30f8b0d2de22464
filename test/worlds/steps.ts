// Everything that can happen next in a world: what clients ask, what handlers do, what time brings, and
// the death of the process. A crash may follow any step, so that it comes before and after each commit.
import { type Command, isFinal, stateOf, type Task, type TaskSpec } from '../../machines/index.ts'
import { failed } from '../support/builders.ts'
import { type Taken, take } from './batch.ts'
import { type Restart, restart } from './restart.ts'
import { fanOutsOf, runOf, TICK_MS, type World } from './world.ts'

/** What a handler does next. */
export type Act =
  | 'succeeds'
  | 'fails'
  | 'fails for now'
  | 'times out'
  | 'is interrupted'
  | 'progresses'
  | 'does not stop'

/** Those after which it goes on running: one that was asked to stop ends later. */
const GOES_ON: readonly Act[] = ['times out', 'progresses', 'does not stop']

export type Step =
  | { type: 'ask'; command: Command }
  | { type: 'handler'; taskId: string; act: Act }
  | { type: 'spawn'; parentId: string; spec: TaskSpec }
  | { type: 'fill'; free: number }
  | { type: 'mail' }
  | { type: 'timers' }
  | { type: 'tick' }
  | { type: 'crash' }
  | ({ type: 'restart' } & Restart)

/** What clients submit, or add to a group. */
export type Submission = Extract<Command, { type: 'tasks.submit' | 'group.add' }>

/** Which worlds a family has: what may be asked in them, and what else may happen. */
export interface Family {
  name: string
  /** What it holds without exception, in one sentence. */
  says: string
  /** Rows that one step of a fan-out or a cascade takes. */
  sliceLimit: number
  /** The world that it begins with. */
  start: World
  /** Unfinished tasks at a time. */
  unfinishedMax: number
  /** Submissions and additions that clients may make. */
  submissions: (world: World) => Submission[]
  /** What running tasks may spawn. */
  children: TaskSpec[]
  acts: readonly Act[]
  /** Whether groups are suspended, resumed, closed and cancelled. */
  groups: boolean
  /** Whether worlds are told apart by whether a task has had an attempt before. */
  attempts: boolean
}

/** Fan-outs that may be under way when a client asks for one more. */
const FAN_OUTS_MAX = 1

export function stepsOf(world: World, family: Family): Step[] {
  const { rows, runs, nowMs } = world
  const fanOuts = fanOutsOf(world)
  const steps: Step[] = []
  const wakes = rows.tasks.flatMap(({ wakeAtMs }) => (wakeAtMs === null ? [] : [wakeAtMs]))
  if (wakes.some(each => each > nowMs)) steps.push({ type: 'tick' })
  const unfinished = rows.tasks.filter(({ value }) => !isFinal(value))
  if (!world.up) return [...steps, ...restartsOf(unfinished)]
  steps.push({ type: 'fill', free: 1 })
  if (unfinished.length - runs.length > 1) steps.push({ type: 'fill', free: unfinished.length })
  if (fanOuts.length > 0) steps.push({ type: 'mail' })
  if (wakes.some(each => each <= nowMs)) steps.push({ type: 'timers' })
  for (const { taskId, stopping } of runs) {
    for (const act of family.acts) {
      // The runner reports a success of one that has timed out as its failure, and times out once.
      if (act === 'succeeds' && stopping === 'timeout') continue
      if (act === 'times out' && stopping !== null) continue
      if (act === 'does not stop' && stopping === null) continue
      steps.push({ type: 'handler', taskId, act })
    }
  }
  const room = family.unfinishedMax - unfinished.length
  if (room > 0) {
    for (const { taskId } of runs)
      for (const spec of family.children) steps.push({ type: 'spawn', parentId: taskId, spec })
  }
  for (const command of family.submissions(world))
    if (command.specs.length <= room) steps.push({ type: 'ask', command })
  for (const { taskId } of unfinished)
    steps.push({ type: 'ask', command: { type: 'task.cancel', taskId } })
  if (family.groups && fanOuts.length <= FAN_OUTS_MAX) {
    for (const { groupId, value } of rows.groups) {
      if (value === 'settled') continue
      steps.push({ type: 'ask', command: { type: 'group.cancel', groupId } })
      for (const type of ['group.suspend', 'group.resume', 'group.close'] as const)
        steps.push({ type: 'ask', command: { type, groupId, idempotency: null } })
    }
  }
  steps.push({ type: 'crash' })
  return steps
}

/** What a restart finds to do decides in how many ways it can go. */
function restartsOf(unfinished: readonly Task[]): Step[] {
  const restart = { type: 'restart', reruns: true, diesAfter: null } as const
  const dies = { ...restart, diesAfter: 1 }
  if (unfinished.some(({ value }) => stateOf(value) === 'running'))
    return [restart, dies, { ...restart, reruns: false }, { ...dies, reruns: false }]
  return unfinished.some(({ groupId }) => groupId !== null) ? [restart, dies] : [restart]
}

/** The world after a step, with the reply of the command in it. */
export function walk(world: World, step: Step, { sliceLimit }: Family): Walked | Promise<Walked> {
  switch (step.type) {
    case 'mail': {
      const [command, ...mail] = fanOutsOf(world)
      return take({ ...world, mail }, command!, sliceLimit)
    }
    case 'tick':
      return { world: { ...world, nowMs: world.nowMs + TICK_MS }, reply: null }
    case 'crash':
      return { world: { ...world, up: false, runs: [], mail: [] }, reply: null }
    case 'restart':
      return restart(world, step, sliceLimit).then(next => ({ world: next, reply: null }))
    case 'handler': {
      const goesOn = GOES_ON.includes(step.act)
      const runs = world.runs.filter(({ taskId }) => goesOn || taskId !== step.taskId)
      return take({ ...world, runs }, commandOf(world, step), sliceLimit)
    }
    default:
      return take(world, commandOf(world, step), sliceLimit)
  }
}

export type Walked = Pick<Taken, 'world' | 'reply'>

/** Steps that are one command, to be taken by the engine. */
export type CommandStep = Exclude<Step, { type: 'mail' | 'tick' | 'crash' | 'restart' }>

export function isCommand(step: Step): step is CommandStep {
  return !['mail', 'tick', 'crash', 'restart'].includes(step.type)
}

export function commandOf(world: World, step: CommandStep): Command {
  switch (step.type) {
    case 'ask':
      return step.command
    case 'handler': {
      const { taskId } = step
      return reportOf(step.act, { taskId, attempt: runOf(world, taskId)!.attempt }, world.nowMs)
    }
    case 'spawn': {
      const { parentId, spec } = step
      return { type: 'task.spawn', parentId, attempt: runOf(world, parentId)!.attempt, spec }
    }
    case 'fill':
      return { type: 'slots.fill', free: step.free, worker: 'w1' }
    case 'timers':
      return { type: 'timers.due' }
  }
}

/** What the runner makes of what a handler does. */
function reportOf(act: Act, about: { taskId: string; attempt: number }, nowMs: number): Command {
  const failure = failed()
  switch (act) {
    case 'times out':
      return { type: 'task.timed_out', ...about }
    case 'progresses':
      return { type: 'task.progressed', ...about, progress: { done: about.attempt } }
    case 'does not stop':
      return { type: 'task.unresponsive', ...about, failure }
    case 'succeeds':
      return { type: 'task.succeeded', ...about, result: { done: true }, location: null }
    case 'fails':
      return { type: 'task.failed', ...about, failure, retryAtMs: null }
    case 'fails for now':
      return { type: 'task.failed', ...about, failure, retryAtMs: nowMs + TICK_MS }
    case 'is interrupted':
      return { type: 'task.interrupted', ...about, crashed: false, rerun: true, failure }
  }
}

/** Whether the step is one that brings the world on by itself, with no client and no mishap in it. */
export function isProgress(step: Step): boolean {
  switch (step.type) {
    case 'fill':
    case 'mail':
    case 'timers':
    case 'tick':
      return true
    case 'handler':
      return step.act === 'succeeds' || step.act === 'fails'
    case 'restart':
      return step.diesAfter === null
    case 'ask':
      return step.command.type === 'group.resume'
    default:
      return false
  }
}
