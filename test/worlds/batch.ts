// One command as the engine takes it: decided with all that follows from it on the rows as they stand,
// committed whole, then acted upon. The engine itself is held to this in engine.test.ts.
import {
  apart,
  type Command,
  type Decision,
  decide,
  type Effect,
  needs,
  type ReplyOf,
  type Reservation,
  type SimpleChange,
} from '../../machines/index.ts'
import { sliceOf } from './slice.ts'
import type { FanOutRest, Rows, Run, World } from './world.ts'

export interface Taken<Reply = unknown> {
  world: World
  reply: Reply
  /** All that was written, in order. */
  changes: SimpleChange[]
  effects: Effect[]
  /** What the engine posts to itself, to be taken after other work. */
  later: FanOutRest[]
}

/** Takes a command in a transaction of its own, and performs its effects. */
export function take<C extends Command>(
  world: World,
  command: C,
  sliceLimit: number,
  load = sliceOf,
): Taken<ReplyOf<C['type']>> {
  const { nowMs } = world
  const draft = draftOf(world.rows)
  const changes: SimpleChange[] = []
  const effects: Effect[] = []
  const later: FanOutRest[] = []
  let { ids } = world
  let reply: Decision['reply'] | undefined
  const newId = () => {
    ids += 1
    return nthId(ids)
  }
  const queue: Command[] = [command]
  for (const each of queue) {
    const slice = load(draft, needs(each, sliceLimit), nowMs)
    const decision = decide(each, slice, { nowMs, newId, sliceLimit })
    const written = apart(decision.changes)
    for (const change of written) apply(draft, change)
    changes.push(...written)
    effects.push(...decision.effects)
    queue.push(...decision.followUps)
    later.push(...decision.later.map(restOfFanOut))
    reply ??= decision.reply
  }
  const runs = effects.reduce(perform, world.runs)
  const mail = later.length === 0 ? world.mail : [...world.mail, ...later]
  const rows = draft.touched ? rowsOf(draft) : world.rows
  return {
    world: { ...world, rows, runs, mail, ids },
    reply: reply as ReplyOf<C['type']>,
    changes,
    effects,
    later,
  }
}

function restOfFanOut(command: Command): FanOutRest {
  if (command.type !== 'group.fan_out') throw new Error(`the rest of a ${command.type} comes later`)
  return command
}

/** Names that read well in a story: a, b, c. */
export function nthId(nth: number): string {
  return nth <= 26 ? String.fromCharCode(96 + nth) : `z${nth - 26}`
}

type Draft = {
  -readonly [K in keyof Rows]: Rows[K] extends readonly (infer E)[] ? E[] : Rows[K]
} & {
  touched: boolean
}

function draftOf({ counters, tasks, groups, reservations, edges }: Rows): Draft {
  return {
    counters,
    tasks: [...tasks],
    groups: [...groups],
    reservations: [...reservations],
    edges: [...edges],
    touched: false,
  }
}

function rowsOf({ counters, tasks, groups, reservations, edges }: Draft): Rows {
  return { counters, tasks, groups, reservations, edges }
}

function apply(draft: Draft, change: SimpleChange): void {
  draft.touched = true
  switch (change.type) {
    case 'counters.set': {
      const { seq, place, rev } = change
      draft.counters = { seq, place, rev }
      return
    }
    case 'task.put':
      put(draft.tasks, change.task, each => each.taskId === change.task.taskId)
      draft.tasks.sort((a, b) => a.seq - b.seq)
      return
    case 'group.put':
      put(draft.groups, change.group, each => each.groupId === change.group.groupId)
      return
    case 'reservation.put':
      put(draft.reservations, change.reservation, each => isAt(each, change.reservation))
      draft.reservations.sort((a, b) => a.place - b.place)
      return
    case 'reservation.delete': {
      const at = { ...change.resource, place: change.place }
      draft.reservations = draft.reservations.filter(each => !isAt(each, at))
      return
    }
    case 'edge.put': {
      const { type: _, ...edge } = change
      put(draft.edges, edge, each => joins(each, edge))
      return
    }
    case 'edge.delete':
      draft.edges = draft.edges.filter(each => !joins(each, change))
      return
    case 'event.append':
      return
    case 'task.delete':
    case 'group.delete':
    case 'idempotency.put':
    case 'idempotency.expire':
      throw new Error(`${change.type}: nothing in these worlds asks for it`)
  }
}

function put<Row>(rows: Row[], row: Row, isSame: (each: Row) => boolean): void {
  const at = rows.findIndex(isSame)
  if (at === -1) rows.push(row)
  else rows[at] = row
}

type At = Pick<Reservation, 'resource_type' | 'resource_id' | 'place'>

function isAt(a: At, b: At): boolean {
  return (
    a.place === b.place && a.resource_id === b.resource_id && a.resource_type === b.resource_type
  )
}

type Ends = { dependencyId: string; dependantId: string }

function joins(a: Ends, b: Ends): boolean {
  return a.dependencyId === b.dependencyId && a.dependantId === b.dependantId
}

/** What the runner does about an effect. */
function perform(runs: readonly Run[], effect: Effect): readonly Run[] {
  if (effect.type === 'task.run') {
    const { taskId, attempt } = effect.task
    return [...runs, { taskId, attempt, stopping: null }]
  }
  const { taskId, attempt, cause } = effect
  return runs.map(run =>
    run.taskId === taskId &&
    run.attempt === attempt &&
    (run.stopping === null || cause === 'cancel')
      ? { ...run, stopping: cause }
      : run,
  )
}
