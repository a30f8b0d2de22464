// The families of worlds that are walked whole. Each says in one sentence what it holds without exception;
// a higher bound adds tasks, uses and everything else that one process can do to them.
import {
  type Command,
  type FinalState,
  isFinal,
  OPERATIONS,
  type ResourceUse,
  type TaskSpec,
} from '../../machines/index.ts'
import { creates, deletes, failed, reads, spec, updates, use } from '../support/builders.ts'
import { take } from './batch.ts'
import type { Act, Family, Submission } from './steps.ts'
import { EMPTY, TICK_MS, type World } from './world.ts'

type Wanted = Pick<Family, 'name' | 'says' | 'submissions'> & Partial<Family>

const ACTS: Act[] = [
  'succeeds',
  'fails',
  'fails for now',
  'times out',
  'is interrupted',
  'progresses',
  'does not stop',
]

function family(wanted: Wanted): Family {
  return {
    sliceLimit: 1,
    start: EMPTY,
    unfinishedMax: 3,
    children: [],
    acts: ['succeeds', 'fails', 'fails for now'],
    groups: false,
    attempts: false,
    ...wanted,
  }
}

const NONE: ResourceUse[] = []
const UPDATE = [updates('repo:1')]
const onFirst = OPERATIONS.map(each => [use(each, 'repo:1')])
const onSecond = OPERATIONS.map(each => [use(each, 'repo:2')])
const onBoth = onFirst.flatMap(first => onSecond.map(second => [...first, ...second]))

/** Three tasks that wait for each other, by what each depends on: not at all, in a row, and so on. */
const SHAPES = [
  [[], [], []],
  [[], ['a'], ['b']],
  [[], ['a'], ['a']],
  [[], [], ['a', 'b']],
  [['c'], ['a'], []],
]

/** @param bound How large the worlds are, from 2. */
export function families(bound: number): Family[] {
  return [
    sleepers(),
    members(bound),
    groups(bound),
    slots(),
    lines(bound),
    pairs(bound),
    times(bound),
    queues(bound),
  ]
}

function queues(bound: number): Family {
  const unfinishedMax = bound + 1
  const alphabet = [NONE, ...onFirst, ...onSecond].map(resources => single({ resources }))
  return family({
    name: 'queues',
    says: `up to ${unfinishedMax} unfinished tasks at a time, each with at most one of the four uses of two resources`,
    unfinishedMax,
    submissions: () => alphabet,
    acts: ['succeeds', 'fails for now'],
  })
}

function pairs(bound: number): Family {
  const unfinishedMax = bound
  const alphabet = [NONE, ...onFirst, ...onSecond, ...onBoth].map(resources =>
    single({ resources }),
  )
  return family({
    name: 'pairs',
    says: `up to ${unfinishedMax} unfinished tasks at a time, each with up to two uses, of any kind, of two resources`,
    unfinishedMax,
    submissions: () => alphabet,
    attempts: true,
  })
}

function lines(bound: number): Family {
  const uses = [
    UPDATE,
    [reads('repo:1')],
    [updates('feed:1')],
    [...UPDATE, updates('feed:1')],
    ...(bound > 2 ? [[deletes('repo:1')]] : []),
  ]
  const alphabet = uses.map(resources => single({ resources }))
  return family({
    name: 'lines',
    says: `up to 4 unfinished tasks at a time that read a resource, update it, ${bound > 2 ? 'delete it, ' : ''}update another one, or both`,
    unfinishedMax: 4,
    submissions: () => alphabet,
    acts: ['succeeds'],
  })
}

function slots(): Family {
  const alphabet = [0, 1].flatMap(priority =>
    [NONE, UPDATE].map(resources => single({ resources, priority })),
  )
  return family({
    name: 'slots',
    says: 'up to 3 unfinished tasks at a time of two priorities, which use nothing or the same resource, with any number of slots',
    submissions: () => alphabet,
    acts: ['succeeds', 'fails for now'],
  })
}

function times(bound: number): Family {
  const uses = bound > 2 ? [NONE, ...onFirst] : [NONE, ...onFirst.slice(2)]
  return family({
    name: 'times',
    says: 'up to 3 unfinished tasks at a time that use one resource or none, start at once or after a time, and depend on a task that waits, runs or has ended, in any state',
    start: past(),
    submissions: world => {
      const latest = world.rows.tasks.findLast(({ value }) => !isFinal(value))
      return uses.flatMap(resources =>
        [null, world.nowMs + TICK_MS].flatMap(startAfterMs =>
          dependencies(latest?.taskId).map(dependsOn =>
            single({ resources, startAfterMs, dependsOn }),
          ),
        ),
      )
    },
    acts: ['succeeds', 'fails'],
  })
}

function members(bound: number): Family {
  const kinds = [
    spec({ resources: UPDATE }),
    spec({ cancellable: false }),
    spec({ resources: [creates('repo:1')] }),
    ...(bound > 2 ? [spec()] : []),
  ]
  const alphabet = (['continue', 'cancel'] as const).flatMap(onFailure =>
    kinds.flatMap(a =>
      kinds.flatMap(b =>
        kinds.flatMap(c => SHAPES.map(shape => grouped([a, b, c], shape, onFailure))),
      ),
    ),
  )
  return family({
    name: 'members',
    says: 'a group of 3 tasks that depend on each other in five shapes, cancellable or not, of either failure policy, suspended, resumed and cancelled at any time',
    submissions: world => (isBusy(world) ? [] : alphabet),
    acts: bound > 2 ? ACTS : ['succeeds', 'fails'],
    groups: true,
  })
}

function sleepers(): Family {
  const create = spec({ resources: [creates('repo:1')] })
  return family({
    name: 'sleepers',
    says: 'a group of 2 tasks that make the same thing or nothing, at once or after a time, of either failure policy, suspended, resumed and cancelled at any time',
    unfinishedMax: 2,
    submissions: world => {
      if (isBusy(world)) return []
      const startAfterMs = world.nowMs + TICK_MS
      const kinds = [create, { ...create, startAfterMs }, spec({ startAfterMs })]
      return (['continue', 'cancel'] as const).flatMap(onFailure =>
        kinds.flatMap(a =>
          kinds.flatMap(b => [[], ['a']].map(after => grouped([a, b], [[], after], onFailure))),
        ),
      )
    },
    acts: ['succeeds', 'fails'],
    groups: true,
  })
}

function groups(bound: number): Family {
  const kinds = [spec({ cancellable: false }), spec({ resources: UPDATE })]
  const alphabet = (['continue', 'cancel'] as const).flatMap(onFailure =>
    kinds.flatMap(a => [
      grouped([a], [[]], onFailure, true),
      ...kinds.flatMap(b =>
        [[], ['a']].map(after => grouped([a, b], [[], after], onFailure, true)),
      ),
    ]),
  )
  return family({
    name: 'groups',
    says: `open groups with up to ${bound} unfinished tasks at a time, whose tasks progress, fail, come back, run out of time, do not stop, are interrupted and spawn, and which are added to, closed, suspended, resumed and cancelled`,
    unfinishedMax: bound,
    submissions: world => {
      const busy = world.rows.groups.find(({ value }) => value !== 'settled')
      if (busy === undefined) return alphabet
      const { groupId } = busy
      const added = kinds.map(
        (each): Submission => ({ type: 'group.add', groupId, specs: [each], idempotency: null }),
      )
      return [...added, single({ resources: UPDATE })]
    },
    children: [spec()],
    acts: ACTS,
    groups: true,
  })
}

function isBusy({ rows }: World): boolean {
  return rows.groups.some(({ value }) => value !== 'settled')
}

/** What a task may depend on: nothing, the latest that has not ended, or one of those that have. */
function dependencies(latest: string | undefined): TaskSpec['dependsOn'][] {
  const others: FinalState[] = ['error', 'canceled', 'skipped']
  return [
    [],
    [{ on: 'a', states: ['finished'] }],
    ...['b', 'c', 'd'].map(on => [{ on, states: ['finished' as const] }]),
    ...(latest === undefined
      ? []
      : [[{ on: latest, states: ['finished' as const] }], [{ on: latest, states: others }]]),
  ]
}

function single(fields: Partial<TaskSpec>): Submission {
  return { type: 'tasks.submit', specs: [spec(fields)], group: null, idempotency: null }
}

/** A group's submission; its members are called a, b and c. */
function grouped(
  specs: readonly TaskSpec[],
  shape: readonly (readonly string[])[],
  onFailure: 'continue' | 'cancel',
  open = false,
): Submission {
  const named = specs.map((each, index) => ({
    ...each,
    name: 'abc'[index]!,
    dependsOn: shape[index]!.map(on => ({ on, states: ['finished' as const] })),
  }))
  const group = { tags: [], onFailure, open }
  return { type: 'tasks.submit', specs: named, group, idempotency: null }
}

/** A world in which a has finished, b ended in error, c was cancelled and d skipped. */
function past(): World {
  const commands: Command[] = [
    single({}),
    single({}),
    { type: 'slots.fill', free: 2, worker: 'w1' },
    single({}),
    { type: 'task.cancel', taskId: 'c' },
    single({ dependsOn: [{ on: 'c', states: ['finished'] }] }),
    { type: 'task.succeeded', taskId: 'a', attempt: 1, result: null, location: null },
    { type: 'task.failed', taskId: 'b', attempt: 1, failure: failed(), retryAtMs: null },
  ]
  const world = commands.reduce((before, command) => take(before, command, 1).world, EMPTY)
  return { ...world, runs: [] }
}
