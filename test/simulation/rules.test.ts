// Every rule of the simulation can be broken: for each, a world made by hand that breaks it.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { HistoryEvent, SimpleChange, Task } from '../../machines/index.ts'
import { creates, deletes, failed, group, reads, task, updates } from '../support/builders.ts'
import type { Live } from './handlers.ts'
import { Ledger } from './ledger.ts'
import type { Changed } from './rules/commits.ts'
import type { Outcome, Scene } from './rules/moves.ts'
import type { Rest } from './rules/rest.ts'
import { RULES } from './rules/rules.ts'

function ledger(...changes: SimpleChange[]): Ledger {
  const made = new Ledger()
  for (const change of changes) made.apply(change)
  return made
}

const put = (fields: Partial<Task>): SimpleChange => ({ type: 'task.put', task: task(fields) })
const putGroup = (fields: Parameters<typeof group>[0]): SimpleChange => ({
  type: 'group.put',
  group: group(fields),
})

interface MoveCase {
  from: Partial<Task> | null
  to: Partial<Task>
  before?: SimpleChange[]
  outcome?: Outcome
  runs?: boolean
  deaths?: number
}

/** What breaks each rule about a task's row; beside it, the nearest that does not. */
const MOVES: Record<string, { broken: MoveCase; sound: MoveCase }> = {
  'A final state never changes': {
    broken: { from: { value: 'finished' }, to: { value: 'finished', result: 1 } },
    sound: { from: { value: 'finished', result: 1 }, to: { value: 'finished', result: 1 } },
  },
  'A task moves as its states allow': {
    broken: { from: { value: 'running.executing' }, to: { value: 'canceled', rev: 2 } },
    sound: { from: { value: 'running.cancelling' }, to: { value: 'canceled', rev: 2 } },
  },
  'The number of a change rises, and what was submitted stays': {
    broken: { from: { rev: 5 }, to: { rev: 5, blockers: 1 } },
    sound: { from: { rev: 5 }, to: { rev: 6, blockers: 1 } },
  },
  'An attempt is counted when it is over, and once': {
    broken: { from: { value: 'running.executing' }, to: { attempt: 1, rev: 2 } },
    sound: { from: { value: 'running.executing' }, to: { attempt: 2, rev: 2 } },
  },
  'A task keeps its state until its handler has really stopped': {
    broken: { from: { value: 'running.cancelling' }, to: { value: 'canceled' }, runs: true },
    sound: { from: { value: 'running.cancelling' }, to: { value: 'canceled' }, runs: false },
  },
  'A running task whose cancellation was accepted ends as canceled': {
    broken: { from: { value: 'running.cancelling', stopCause: 'cancel' }, to: { value: 'error' } },
    sound: { from: { value: 'running.cancelling', stopCause: 'timeout' }, to: { value: 'error' } },
  },
  'A finished task has the result that its handler returned': {
    broken: {
      from: { value: 'running.executing' },
      to: { value: 'finished', result: { attempt: 1 } },
      outcome: ended('throws'),
    },
    sound: {
      from: { value: 'running.executing' },
      to: { value: 'finished', result: { attempt: 1 } },
      outcome: ended('returns'),
    },
  },
  'The last progress of an attempt is kept': {
    broken: {
      from: { value: 'running.executing' },
      to: { progress: { done: 1 } },
      outcome: ended('throws', { done: 2 }),
    },
    sound: {
      from: { value: 'running.executing' },
      to: { progress: { done: 2 } },
      outcome: ended('throws', { done: 2 }),
    },
  },
  'A task is tried again as often as its call says, and then ends in error': {
    broken: {
      from: { value: 'running.executing', call: 'flaky' },
      to: { value: 'error', call: 'flaky', failedAttempts: 1, failure: failed() },
    },
    sound: {
      from: { value: 'running.executing', call: 'flaky', failedAttempts: 2 },
      to: { value: 'error', call: 'flaky', failedAttempts: 2, failure: failed() },
    },
  },
  'A task whose process died is run again at most five times, and as its call says': {
    broken: {
      from: { value: 'running.executing' },
      to: { call: 'fragile', interruptions: 1 },
      deaths: 1,
    },
    sound: {
      from: { value: 'running.executing' },
      to: { call: 'plain', interruptions: 1 },
      deaths: 1,
    },
  },
  'An error names what went wrong': {
    broken: {
      from: { value: 'running.executing' },
      to: { call: 'plain', value: 'error', failure: failed('RCL0015') },
      outcome: ended('returns'),
    },
    sound: {
      from: { value: 'running.executing' },
      to: { call: 'plain', value: 'error', failure: failed('RCL0015') },
      outcome: ended('throws'),
    },
  },
  'Skipped means that a dependency ended in a state that was not asked for': {
    broken: skipped('finished'),
    sound: skipped('error'),
  },
  'A closed or cancelled group gains no task': {
    broken: { from: null, to: { groupId: 'g1' }, before: [putGroup({ value: 'active.closed' })] },
    sound: { from: null, to: { groupId: 'g1' }, before: [putGroup({ value: 'active.open' })] },
  },
  'No task of a cancelled or suspended group starts': {
    broken: starting({ groupId: 'g1' }, [putGroup({ value: 'cancelling', canceled: true })]),
    sound: starting({ groupId: 'g1' }, [putGroup({ value: 'active.open' })]),
  },
  'Nobody overtakes: a task starts when nothing before it stands in its way': {
    broken: starting({ place: 2, resources: [reads('repo:1')] }, [
      put({ taskId: 't0', resources: [creates('repo:1')] }),
    ]),
    sound: starting({ place: 2, resources: [reads('repo:1')] }, [
      put({ taskId: 't0', resources: [updates('repo:1')] }),
    ]),
  },
  'Ready tasks start in order of priority, then of their places': {
    broken: starting({ place: 1 }, [put({ taskId: 't0', place: 2, priority: 1 })]),
    sound: starting({ place: 1 }, [put({ taskId: 't0', place: 2, priority: 0 })]),
  },
  'A place is taken behind all others, and never behind a use that rejects': {
    broken: {
      from: { place: null, resources: [updates('repo:1')] },
      to: { place: 2, resources: [updates('repo:1')] },
      before: [put({ taskId: 't0', resources: [deletes('repo:1')] })],
    },
    sound: {
      from: { place: null, resources: [creates('repo:1')] },
      to: { place: 2, resources: [creates('repo:1')] },
      before: [put({ taskId: 't0', resources: [deletes('repo:1')] })],
    },
  },
}

function ended(how: Outcome['how'], progress = {}): Outcome {
  return { attempt: 1, how, progress, spoiled: false }
}

function starting(fields: Partial<Task>, before: SimpleChange[]): MoveCase {
  return { from: fields, to: { ...fields, value: 'running.executing', rev: 2 }, before }
}

function skipped(actual: 'finished' | 'error'): MoveCase {
  const dependencies = [{ taskId: 't0', states: ['finished' as const] }]
  const dependencyFailures = { t0: { expected: ['finished' as const], actual } }
  return {
    from: { dependencies },
    to: { value: 'skipped', dependencies, dependencyFailures },
    before: [put({ taskId: 't0', value: actual })],
  }
}

const event = (fields: Partial<HistoryEvent>): HistoryEvent => ({
  eventId: 1,
  atMs: 0,
  taskId: 't1',
  groupId: null,
  type: 'task.start',
  attempt: 1,
  value: 'running.executing',
  data: null,
  ...fields,
})

const inGroup = { groupId: 'g1', value: 'running.executing' as const }
const COUNTED = {
  waiting: 0,
  suspended: 0,
  running: 1,
  finished: 0,
  error: 0,
  canceled: 0,
  skipped: 0,
}

interface CommitCase {
  changes: SimpleChange[]
  events?: HistoryEvent[]
}

const COMMITS: Record<string, { broken: CommitCase; sound: CommitCase }> = {
  'A group counts its tasks': {
    broken: { changes: [putGroup({}), put(inGroup)] },
    sound: { changes: [putGroup({ counts: COUNTED }), put(inGroup)] },
  },
  'A group settles when it takes no more tasks and the last one has ended': {
    broken: { changes: [putGroup({ value: 'active.closed' })] },
    sound: { changes: [putGroup({ value: 'settled' })] },
  },
  'Cancelling a task cancels its unfinished children': {
    broken: { changes: [put({ value: 'canceled' }), put({ taskId: 't2', parentId: 't1' })] },
    sound: {
      changes: [
        put({ value: 'canceled' }),
        put({ taskId: 't2', parentId: 't1', value: 'canceled' }),
      ],
    },
  },
  'No two tasks that conflict are running': {
    broken: { changes: [put(running('t1', 1, updates)), put(running('t2', 2, updates))] },
    sound: { changes: [put(running('t1', 1, reads)), put(running('t2', 2, reads))] },
  },
  'The history tells what the rows say, and every end once': {
    broken: { changes: [put({ value: 'waiting' })], events: [event({})] },
    sound: { changes: [put({ value: 'running.executing' })], events: [event({})] },
  },
}

function running(taskId: string, place: number, uses: typeof reads): Partial<Task> {
  return { taskId, place, value: 'running.executing', resources: [uses('repo:1')] }
}

interface RestCase {
  changes: SimpleChange[]
  live?: Partial<Live>[]
  dueSince?: Map<string, number>
}

const oneRuns = put({ value: 'running.executing' })
const oneStops = put({ value: 'running.cancelling' })
const waits = [{ taskId: 't0', states: ['finished' as const] }]

const RESTS: Record<string, { broken: RestCase; sound: RestCase }> = {
  'A task is running when its handler runs, and only then': {
    broken: { changes: [oneRuns], live: [{ taskId: 't1', attempt: 2 }] },
    sound: { changes: [oneRuns], live: [{ taskId: 't1', attempt: 1 }] },
  },
  'A handler is asked to stop when its task is cancelling, and only then': {
    broken: { changes: [oneStops], live: [{ taskId: 't1', askedBy: null }] },
    sound: { changes: [oneStops], live: [{ taskId: 't1', askedBy: 'AbortError' }] },
  },
  'Nobody who could start waits while a slot is free': {
    broken: { changes: [put({})] },
    sound: { changes: [put({})], live: [{ taskId: 't0' }] },
  },
  'Only time and a dependency without a place keep a task from its place': {
    broken: { changes: [put({ taskId: 't0' }), put({ place: null, dependencies: waits })] },
    sound: {
      changes: [
        put({ taskId: 't0', place: null, wakeAtMs: 5 }),
        put({ place: null, dependencies: waits }),
      ],
    },
  },
  'Whoever depends on a task that ended otherwise is skipped, or cancelled with its group': {
    broken: { changes: [put({ taskId: 't0', value: 'error' }), put({ dependencies: waits })] },
    sound: { changes: [put({ taskId: 't0', value: 'finished' }), put({ dependencies: waits })] },
  },
  'What a group was told reaches each of its tasks': {
    broken: { changes: [putGroup({ value: 'suspended.open' }), put({ groupId: 'g1' })] },
    sound: {
      changes: [putGroup({ value: 'suspended.open' }), put({ groupId: 'g1', value: 'suspended' })],
    },
  },
  'A task whose time has come goes on': {
    broken: { changes: [put({ wakeAtMs: 90 })], dueSince: new Map([['t1', 40]]) },
    sound: { changes: [put({ wakeAtMs: 200 })], dueSince: new Map([['t1', 40]]) },
  },
  'Every task ends': {
    broken: { changes: [put({ value: 'suspended' })] },
    sound: { changes: [put({ value: 'canceled' })] },
  },
  'Every closed group settles': {
    broken: { changes: [putGroup({ value: 'active.closed' })] },
    sound: { changes: [putGroup({ value: 'settled' })] },
  },
}

function move({ from, to, before = [], outcome, runs = false, deaths = 0 }: MoveCase) {
  const first = from === null ? null : task(from)
  const made = ledger(...before, ...(first === null ? [] : [put(first)]))
  const scene: Scene = {
    ledger: made,
    isNewGroup: () => false,
    runs: () => runs,
    outcome: () => outcome ?? null,
    deaths: () => deaths,
  }
  return [{ from: first, to: task(to) }, scene] as const
}

function changed({ changes, events = [] }: CommitCase): Changed {
  const tasks = changes.flatMap(each => (each.type === 'task.put' ? [each.task.taskId] : []))
  const groups = changes.flatMap(each => (each.type === 'group.put' ? [each.group.groupId] : []))
  return { ledger: ledger(...changes), tasks: new Set(tasks), groups: new Set(groups), events }
}

function rest({ changes, live = [], dueSince = new Map() }: RestCase): Rest {
  const handlers = live.map(each => ({ attempt: 1, askedBy: null, ...each }) as Live)
  return {
    ledger: ledger(...changes),
    live: new Map(handlers.map(each => [each.taskId, each])),
    concurrency: 1,
    nowMs: 100,
    elapsedMs: 100,
    sinceSetMs: Number.POSITIVE_INFINITY,
    dueSince,
  }
}

describe('A rule sees when it is broken, and only then:', () => {
  for (const { rule, broken } of RULES.moves) {
    test(rule, () => {
      assert.notEqual(broken(...move(MOVES[rule]!.broken)), null)
      assert.equal(broken(...move(MOVES[rule]!.sound)), null)
    })
  }
  for (const { rule, broken } of RULES.commits) {
    test(rule, () => {
      assert.notEqual(broken(changed(COMMITS[rule]!.broken)), null)
      assert.equal(broken(changed(COMMITS[rule]!.sound)), null)
    })
  }
  for (const { rule, broken } of [...RULES.rests, ...RULES.ends]) {
    test(rule, () => {
      assert.notEqual(broken(rest(RESTS[rule]!.broken)), null)
      assert.equal(broken(rest(RESTS[rule]!.sound)), null)
    })
  }
})
