// A seed → a history. What happens often changes from era to era, so that rare things come together.
import {
  FINAL_STATES,
  type FinalState,
  OPERATIONS,
  type ResourceUse,
} from '../../machines/index.ts'
import { Dice } from './dice.ts'
import {
  type Action,
  type ActionType,
  type CallName,
  type ChildDraw,
  type Ending,
  type History,
  type LifeDraw,
  type Plan,
  POLICIES,
  type ReportType,
  type Step,
  type TaskDraw,
} from './history.ts'

/** How often what happens, unless an era says otherwise. */
const WEIGHTS: Record<ActionType, number> = {
  submit: 10,
  'submit group': 10,
  add: 3,
  'send again': 3,
  cancel: 4,
  'cancel group': 3,
  suspend: 2,
  resume: 4,
  close: 3,
  purge: 0.5,
  read: 3,
  wait: 1,
  end: 16,
  spawn: 4,
  progress: 2,
  'late report': 2,
  advance: 16,
  jump: 0.2,
  'slow commit': 1.5,
  'full disk': 1,
  crash: 2.5,
  'shut down': 0.5,
}

export const ACTION_TYPES = Object.keys(WEIGHTS) as ActionType[]

/** Those without which nothing ever ends. */
const ALWAYS: readonly ActionType[] = ['end', 'advance', 'resume']

/** What reaches many tasks, slice by slice: a crash in between must not leave it half done. */
const IN_SLICES: readonly ActionType[] = ['cancel group', 'suspend', 'resume', 'submit group']

const RESOURCES = ['1', '2', '3', '4', '5']

/** @param seed An integer from 0 below 2³². */
export function generate(seed: number, steps: number): History {
  const dice = new Dice(seed)
  const history: History = { seed, first: lifeDraw(dice), steps: [] }
  while (history.steps.length < steps) {
    const weights = eraOf(dice)
    for (let left = dice.between(40, 240); left > 0; left -= 1)
      history.steps.push(...stepsOf(dice, weights))
  }
  history.steps.length = steps
  return history
}

function eraOf(dice: Dice): Record<ActionType, number> {
  const weights = { ...WEIGHTS }
  for (const type of ACTION_TYPES) {
    weights[type] *= dice.among(ALWAYS.includes(type) ? [0.5, 1, 1, 2] : [0, 0.5, 1, 1, 1, 2, 4])
  }
  return weights
}

function stepsOf(dice: Dice, weights: Record<ActionType, number>): Step[] {
  const action = actionOf(dice, dice.weighted(weights))
  const pause = dice.chance(0.55) ? 'rest' : dice.chance(0.5) ? 0 : dice.between(1, 60)
  const lag = dice.among([0, 0, 20, 60, 300])
  const step: Step = { action, pause, lag }
  if (IN_SLICES.includes(action.type) && dice.chance(0.25)) {
    // Before the first slice is on disk, or after it, or between the next ones.
    const moment = dice.among(['before', 'after', 'after'] as const)
    const next = lifeDraw(dice)
    return [
      { action: { type: 'crash', moment, commits: dice.below(3), next }, pause: 0, lag },
      step,
    ]
  }
  if (action.type === 'full disk' && dice.chance(0.4)) {
    // Nobody asks for anything: what was refused must be tried again all the same.
    const ended: Step = { action: actionOf(dice, 'end'), pause: 'rest', lag }
    const waits: Step = { action: { type: 'advance', ms: 8_000 }, pause: 'rest', lag }
    return [step, ended, waits, waits]
  }
  return [step]
}

function actionOf(dice: Dice, type: ActionType): Action {
  // Mostly one of the newest.
  const nth = () => dice.below(dice.among([4, 4, 16, 1_000]))
  switch (type) {
    case 'submit':
      return { type, task: taskDraw(dice, 0), keyed: dice.chance(0.3) }
    case 'submit group': {
      const onFailure = dice.among(['continue', 'continue', 'cancel'] as const)
      const tasks = dice.times(dice.among([1, 2, 3, 4, 6, 9]), own => taskDraw(dice, own))
      return { type, tasks, onFailure, open: dice.chance(0.4), keyed: dice.chance(0.3) }
    }
    case 'add': {
      const tasks = dice.times(dice.between(1, 4), own => taskDraw(dice, own))
      return { type, group: nth(), tasks, keyed: dice.chance(0.3) }
    }
    case 'send again':
      return { type, request: nth(), changed: dice.chance(0.2) }
    case 'cancel':
      return { type, task: nth() }
    case 'cancel group':
    case 'suspend':
    case 'resume':
    case 'close':
      return { type, group: nth() }
    case 'purge':
      return {
        type,
        states: dice.times(dice.between(1, 4), nth => FINAL_STATES[nth] as FinalState),
      }
    case 'read':
      return { type, task: nth() }
    case 'wait':
      return { type, task: nth(), ms: dice.among([0, 500, 5_000, 60_000]) }
    case 'end':
      return { type, handler: nth(), how: ending(dice), twice: dice.chance(0.1) }
    case 'spawn':
      return { type, handler: nth(), child: childDraw(dice) }
    case 'progress':
      return { type, handler: nth(), good: dice.chance(0.95) }
    case 'late report':
      return { type, attempt: nth(), report: dice.among(REPORTS) }
    case 'advance':
      return { type, ms: dice.among([0, 50, 200, 500, 1_000, 1_000, 3_000, 3_000, 15_000]) }
    case 'jump':
      return { type, ms: dice.among([-600_000, -40_000, -900, 900, 40_000, 600_000]) }
    case 'slow commit':
      return { type, ms: dice.among([100, 1_000, 4_000]) }
    case 'full disk':
      return { type, times: dice.among([1, 1, 2, 5]) }
    case 'crash':
      return {
        type,
        moment: dice.among(['now', 'before', 'before', 'after', 'after'] as const),
        commits: dice.among([0, 0, 1, 2, 3, 5]),
        next: lifeDraw(dice),
      }
    case 'shut down':
      return { type, graceMs: dice.among([0, 1_000, 5_000]), next: lifeDraw(dice) }
  }
}

const REPORTS: readonly ReportType[] = [
  'task.progressed',
  'task.succeeded',
  'task.succeeded',
  'task.failed',
  'task.failed',
  'task.timed_out',
  'task.unresponsive',
  'task.interrupted',
]

function lifeDraw(dice: Dice): LifeDraw {
  return { concurrency: dice.between(1, 5), sliceLimit: dice.among([1, 1, 2, 2, 3, 256]) }
}

/** @param own Its index among its siblings. */
function taskDraw(dice: Dice, own: number): TaskDraw {
  const call = callName(dice)
  const mayRetry = POLICIES[call].retry !== null
  return {
    call,
    uses: usesOf(dice),
    dependsOn: dice.times(dice.among([0, 0, 0, 0, 1, 1, 2]), () => {
      // Mostly those before it in the list; otherwise there may be a cycle.
      const sibling = own > 0 && dice.chance(0.7)
      return {
        sibling,
        on: sibling && dice.chance(0.98) ? dice.below(own) : dice.below(dice.among([8, 50])),
        states: statesOf(dice),
      }
    }),
    priority: dice.among([0, 0, 0, 1, 2, -1]),
    delayMs: dice.among([0, 0, 0, 0, 0, 0, 300, 2_000, 20_000]),
    plan: {
      takesMs: takesMs(dice),
      ends: dice.times(dice.between(1, 3), () =>
        mayRetry && dice.chance(0.5) ? 'throws' : ending(dice),
      ),
      stopsAfterMs: dice.among([0, 0, 0, 100, 2_000, 15_000, 40_000]),
      progress: dice.chance(0.03) ? 'bad' : dice.among(['none', 'good'] as const),
      spawns: dice.chance(0.1) ? [childDraw(dice)] : [],
    } satisfies Plan,
  }
}

function childDraw(dice: Dice): ChildDraw {
  return {
    call: callName(dice),
    uses: usesOf(dice),
    priority: dice.among([0, 0, 1]),
    takesMs: takesMs(dice),
  }
}

function callName(dice: Dice): CallName {
  return dice.among(['plain', 'plain', 'firm', 'firm', 'fragile', 'flaky', 'steady', 'hasty'])
}

function takesMs(dice: Dice): number | null {
  return dice.among([0, 0, 0, 1, 20, 300, 300, 1_000, 2_500, 8_000, null])
}

function ending(dice: Dice): Ending {
  return dice.among(['returns', 'returns', 'returns', 'returns', 'throws', 'throws', 'garbage'])
}

function usesOf(dice: Dice): ResourceUse[] {
  const ids = new Set(dice.times(dice.among([0, 0, 1, 1, 2, 3]), () => dice.among(RESOURCES)))
  return [...ids].map(resource_id => ({
    resource_type: 'repo',
    resource_id,
    operation: dice.among(['read', 'read', 'read', 'update', 'update', ...OPERATIONS]),
  }))
}

function statesOf(dice: Dice): FinalState[] {
  if (dice.chance(0.7)) return ['finished']
  const states = FINAL_STATES.filter(() => dice.chance(0.5))
  return states.length > 0 ? states : ['error']
}
