// A small world as plain data that never changes: what the store holds, and what the process holds in
// memory and loses when it dies.
import type { Command, FinalState, Group, Reservation, Slice, Task } from '../../machines/index.ts'
import { AT_MS } from '../support/builders.ts'

/** That an unfinished task waits for another to end. */
export interface Edge {
  dependencyId: string
  dependantId: string
  states: FinalState[]
}

/** What is on disk. */
export interface Rows {
  readonly counters: Slice['counters']
  /** In submission order. */
  readonly tasks: readonly Task[]
  readonly groups: readonly Group[]
  /** In the order of their places. */
  readonly reservations: readonly Reservation[]
  readonly edges: readonly Edge[]
}

/** A handler that runs. */
export interface Run {
  readonly taskId: string
  readonly attempt: number
  /** Why it was asked to stop. */
  readonly stopping: 'cancel' | 'timeout' | null
}

/** What the engine posts to itself, to be taken after other work. */
export type FanOutRest = Extract<Command, { type: 'group.fan_out' }>

export interface World {
  readonly rows: Rows
  /** Whether the process lives; dead, it has no runs and no mail. */
  readonly up: boolean
  readonly runs: readonly Run[]
  /** The rest of fan-outs, first come, first served. */
  readonly mail: readonly FanOutRest[]
  readonly nowMs: number
  /** Ids given out so far. */
  readonly ids: number
}

/** How far one tick moves the clock. */
export const TICK_MS = 1_000

export const EMPTY: World = {
  rows: {
    counters: { seq: 0, place: 0, rev: 0 },
    tasks: [],
    groups: [],
    reservations: [],
    edges: [],
  },
  up: true,
  runs: [],
  mail: [],
  nowMs: AT_MS,
  ids: 0,
}

export function taskOf({ tasks }: Rows, taskId: string): Task {
  const found = tasks.find(each => each.taskId === taskId)
  if (found === undefined) throw new Error(`no task is named ${taskId}`)
  return found
}

export function runOf({ runs }: World, taskId: string): Run | undefined {
  return runs.find(each => each.taskId === taskId)
}

/** Fan-outs under way; those of a group that has settled find nobody, whenever they are taken. */
export function fanOutsOf({ rows, mail }: World): FanOutRest[] {
  return mail.filter(({ groupId }) =>
    rows.groups.some(each => each.groupId === groupId && each.value !== 'settled'),
  )
}
