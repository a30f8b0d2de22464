// What is plainer than a step: each with one thing less in it, or one number smaller.
import type { Action, ChildDraw, LifeDraw, Plan, Step, TaskDraw } from './history.ts'

/** Plainer steps, the boldest first; none of them is simpler than one that was simplified to the end. */
export function simplerSteps({ action, pause, lag }: Step): Step[] {
  return [
    ...simplerActions(action).map(simpler => ({ action: simpler, pause, lag })),
    ...plain<Step>({ action, pause, lag }, { pause: 'rest', lag: 0 }),
  ]
}

/** A process with whole slices, or with a single slot. */
export function simplerLives(life: LifeDraw): LifeDraw[] {
  return plain(life, { sliceLimit: 256, concurrency: 1 })
}

function simplerActions(action: Action): Action[] {
  switch (action.type) {
    case 'submit':
      return [
        ...simplerTasks(action.task).map(task => ({ ...action, task })),
        ...plain(action, { keyed: false }),
      ]
    case 'submit group':
      return [
        ...without(action.tasks, 1).map(tasks => ({ ...action, tasks })),
        ...plain(action, { keyed: false, open: false, onFailure: 'continue' }),
        ...withSimplerTask(action),
      ]
    case 'add':
      return [
        ...without(action.tasks, 1).map(tasks => ({ ...action, tasks })),
        ...plain(action, { keyed: false, group: 0 }),
        ...withSimplerTask(action),
      ]
    case 'send again':
      return plain(action, { request: 0, changed: false })
    case 'cancel':
    case 'read':
      return plain(action, { task: 0 })
    case 'wait':
      return plain(action, { task: 0, ms: 0 })
    case 'cancel group':
    case 'suspend':
    case 'resume':
    case 'close':
      return plain(action, { group: 0 })
    case 'purge':
      return without(action.states, 1).map(states => ({ ...action, states }))
    case 'end':
      return plain(action, { handler: 0, how: 'returns', twice: false })
    case 'spawn':
      return [
        ...plain(action, { handler: 0 }),
        ...simplerChildren(action.child).map(child => ({ ...action, child })),
      ]
    case 'progress':
      return plain(action, { handler: 0 })
    case 'late report':
      return plain(action, { attempt: 0 })
    case 'advance':
      return plain(action, { ms: 0 })
    case 'full disk':
      return plain(action, { times: 1 })
    case 'crash':
      return [...plain(action, { commits: 0 }), ...withSimplerLife(action)]
    case 'shut down':
      return [...plain(action, { graceMs: 0 }), ...withSimplerLife(action)]
    default:
      return []
  }
}

/** Numbers that count from the newest, as they change together when something is left out. */
export const NUMBERS = [
  ['task'],
  ['group'],
  ['request'],
  ['handler'],
  ['group', 'request'],
  ['task', 'request'],
  ['task', 'handler'],
  ['task', 'group', 'request', 'handler'],
] as const

/** The step with those of its numbers one less that are more than 0. */
export function nearer(step: Step, numbers: (typeof NUMBERS)[number]): Step {
  const action: Record<string, unknown> = { ...step.action }
  for (const key of numbers) {
    const number = action[key]
    if (typeof number === 'number' && number > 0) action[key] = number - 1
  }
  return { ...step, action: action as Action }
}

function withSimplerLife<A extends { next: LifeDraw }>(action: A): A[] {
  return simplerLives(action.next).map(next => ({ ...action, next }))
}

function withSimplerTask<A extends { tasks: TaskDraw[] }>(action: A): A[] {
  return action.tasks.flatMap((task, at) =>
    simplerTasks(task).map(simpler => ({ ...action, tasks: action.tasks.with(at, simpler) })),
  )
}

const PLAIN_PLAN: Plan = {
  takesMs: null,
  ends: ['returns'],
  stopsAfterMs: 0,
  progress: 'none',
  spawns: [],
}

function simplerTasks(task: TaskDraw): TaskDraw[] {
  return [
    ...plain(task, {
      dependsOn: [],
      uses: [],
      plan: PLAIN_PLAN,
      delayMs: 0,
      priority: 0,
      call: 'plain',
    }),
    ...without(task.dependsOn, 0).map(dependsOn => ({ ...task, dependsOn })),
    ...without(task.uses, 0).map(uses => ({ ...task, uses })),
    ...plain(task.plan, PLAIN_PLAN).map(plan => ({ ...task, plan })),
    ...task.plan.spawns.flatMap(child =>
      simplerChildren(child).map(simpler => ({
        ...task,
        plan: { ...task.plan, spawns: [simpler] },
      })),
    ),
  ]
}

function simplerChildren(child: ChildDraw): ChildDraw[] {
  return [
    ...plain(child, { uses: [], call: 'plain', priority: 0, takesMs: null }),
    ...without(child.uses, 0).map(uses => ({ ...child, uses })),
  ]
}

/** The value with each field as plain as it gets, one at a time; those that are so already left out. */
function plain<T extends object>(value: T, fields: Partial<T>): T[] {
  return (Object.keys(fields) as (keyof T)[])
    .filter(key => JSON.stringify(value[key]) !== JSON.stringify(fields[key]))
    .map(key => ({ ...value, [key]: fields[key] }))
}

/** The list without each of its items, as long as so many are left. */
function without<T>(list: readonly T[], left: number): T[][] {
  return list.length <= left ? [] : list.map((_, at) => list.toSpliced(at, 1))
}
