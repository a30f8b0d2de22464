// Whom a task waits for, and whom they wait for in turn, up to those that one must wait for in the end:
// reservations that stand in front of its own, and tasks that it depends on.
import {
  type FinalState,
  isFinal,
  MATRIX,
  OPERATIONS,
  type Operation,
  type Reservation,
  type ResourceUse,
} from '../../machines/index.ts'
import type { Clock } from '../ports.ts'
import type { Inspection, TaskLine } from '../store/inspection.ts'

/** `from` waits for `to`. */
export type Wait = { from: string; to: string } & Why

type Why =
  | {
      why: 'resource'
      resource_type: string
      resource_id: string
      /** What the one who waits is to do to it. */
      operation: Operation
      /** What the other does. */
      held: Operation
      /** Whether others that are not shown may stand between the two. */
      far: boolean
    }
  | { why: 'dependency'; states: FinalState[] }

export interface WaitGraph {
  /** By the least number of waits between, the task itself first. */
  nodes: { line: TaskLine; depth: number }[]
  edges: Wait[]
  /** Whether there is more than is shown. */
  truncated: boolean
}

/** Reservations with one operation that are looked at, of those just before a task. */
const NEAREST_MAX = 20
/** The same, of those at the queue's head. */
const HEADS_MAX = 5
/** Uses of resources of one task that are looked at. */
const USES_MAX = 50
/** Unfinished dependencies of one task that are shown, and how many are looked at for them. */
const DEPENDENCIES_MAX = 50
const LOOKED_AT_MAX = 5_000
const LOOK_STEP = 250
/** Tasks after which everybody else gets their turn. */
const TURN_EVERY = 8

/**
 * Explores who waits for whom, breadth first.
 *
 * @param limit Tasks at most, the first included.
 */
export async function exploreWaits(
  inspection: Inspection,
  task: TaskLine,
  limit: number,
  clock: Clock,
): Promise<WaitGraph> {
  return new Exploration(inspection, limit, clock).from(task)
}

class Exploration {
  readonly #inspection: Inspection
  readonly #limit: number
  readonly #clock: Clock
  readonly #nodes = new Map<string, { line: TaskLine; depth: number }>()
  #edges: Wait[] = []
  #truncated = false

  constructor(inspection: Inspection, limit: number, clock: Clock) {
    this.#inspection = inspection
    this.#limit = limit
    this.#clock = clock
  }

  async from(task: TaskLine): Promise<WaitGraph> {
    this.#nodes.set(task.taskId, { line: task, depth: 0 })
    let explored = 0
    // A map gives what is added to it while it is walked through.
    for (const { line, depth } of this.#nodes.values()) {
      if (line.blockers === 0 || isFinal(line.value)) continue
      const waits = await this.#waitsOf(line, depth)
      await this.#take(waits, depth + 1)
      explored += 1
      if (explored % TURN_EVERY === 0) await this.#clock.turn()
    }
    this.#dropShortcuts()
    return { nodes: this.#byDepth(task), edges: this.#edges, truncated: this.#truncated }
  }

  async #waitsOf(line: TaskLine, depth: number): Promise<Wait[]> {
    const needs = await this.#inspection.needs(line.taskId)
    if (needs === null) return []
    const { taskId: from, place } = line
    const waits: Wait[] = []
    if (needs.resources.length > USES_MAX) this.#truncated = true
    for (const use of place === null ? [] : needs.resources.slice(0, USES_MAX)) {
      const own = await this.#inspection.reservation(use, place as number)
      if (own === null || own.granted) continue
      // The head of a long queue is what counts in the end, and the way to it may be longer than what is shown.
      if (depth <= 1)
        waits.push(...(await this.#heads(use, own)).map(to => wait(from, to, use, true)))
      waits.push(...(await this.#nearest(use, own)).map(to => wait(from, to, use, false)))
    }
    const dependencies = await this.#unfinished(needs.dependencies)
    for (const { taskId: to, states } of dependencies)
      waits.push({ from, to, why: 'dependency', states })
    return waits
  }

  /** Those at the head of the queue that stand in the way. */
  async #heads(use: ResourceUse, { place: beforePlace }: Reservation): Promise<Reservation[]> {
    const heads: Reservation[] = []
    for (const operation of inTheWayOf(use.operation)) {
      const query = { resource: use, operation, beforePlace, limit: HEADS_MAX }
      const first = await this.#inspection.ahead({ ...query, from: 'first' })
      heads.push(...first.filter(({ granted }) => granted))
    }
    return heads.sort((a, b) => a.place - b.place).slice(0, HEADS_MAX)
  }

  /** Those just before that stand in the way, without those that one of them waits for itself. */
  async #nearest(use: ResourceUse, { place: beforePlace }: Reservation): Promise<Reservation[]> {
    const before: Reservation[] = []
    for (const operation of inTheWayOf(use.operation)) {
      const query = { resource: use, operation, beforePlace, limit: NEAREST_MAX }
      before.push(...(await this.#inspection.ahead({ ...query, from: 'last' })))
    }
    const nearest: Reservation[] = []
    for (const each of before.sort((a, b) => b.place - a.place)) {
      const waitsForIt = ({ operation }: Reservation) => isInTheWay(each.operation, operation)
      if (!nearest.some(waitsForIt)) nearest.push(each)
    }
    if (nearest.length >= NEAREST_MAX) this.#truncated = true
    return nearest
  }

  async #unfinished<T extends { taskId: string }>(dependencies: readonly T[]): Promise<T[]> {
    const found: T[] = []
    const looked = dependencies.slice(0, LOOKED_AT_MAX)
    for (let at = 0; at < looked.length && found.length < DEPENDENCIES_MAX; at += LOOK_STEP) {
      if (at > 0) await this.#clock.turn()
      const step = looked.slice(at, at + LOOK_STEP)
      const lines = await this.#inspection.linesOf(step.map(({ taskId }) => taskId))
      const open = new Set(lines.filter(({ value }) => !isFinal(value)).map(each => each.taskId))
      found.push(...step.filter(({ taskId }) => open.has(taskId)))
    }
    if (dependencies.length > LOOKED_AT_MAX || found.length >= DEPENDENCIES_MAX)
      this.#truncated = true
    return found.slice(0, DEPENDENCIES_MAX)
  }

  /** Adds the waits, and those waited for as far as there is room for them. */
  async #take(waits: readonly Wait[], depth: number): Promise<void> {
    const fresh = [...new Set(waits.map(({ to }) => to))].filter(to => !this.#nodes.has(to))
    const room = this.#limit - this.#nodes.size
    if (fresh.length > room) this.#truncated = true
    const lines = await this.#inspection.linesOf(fresh.slice(0, Math.max(0, room)))
    const byId = new Map(lines.map(line => [line.taskId, line]))
    for (const taskId of fresh) {
      const line = byId.get(taskId)
      // Gone, or ended since: nobody waits for it any more.
      if (line !== undefined && !isFinal(line.value)) this.#nodes.set(taskId, { line, depth })
    }
    for (const each of waits) if (this.#nodes.has(each.to)) this.#edges.push(each)
  }

  /** A head is named to whoever is far behind it; where the whole way is shown, the way says it. */
  #dropShortcuts(): void {
    const steps = new Map<string, Set<string>>()
    for (const edge of this.#edges) {
      if (isFar(edge)) continue
      const next = steps.get(edge.from) ?? new Set()
      steps.set(edge.from, next.add(edge.to))
    }
    this.#edges = this.#edges.filter(
      edge => !isFar(edge) || !isReachable(steps, edge.from, edge.to),
    )
  }

  /** The tasks by the least number of waits that lead to each. */
  #byDepth(task: TaskLine): WaitGraph['nodes'] {
    const steps = Map.groupBy(this.#edges, ({ from }) => from)
    const depths = new Map([[task.taskId, 0]])
    for (const [taskId, depth] of depths)
      for (const { to } of steps.get(taskId) ?? []) if (!depths.has(to)) depths.set(to, depth + 1)
    return [...depths].flatMap(([taskId, depth]) => {
      const node = this.#nodes.get(taskId)
      return node === undefined ? [] : [{ line: node.line, depth }]
    })
  }
}

function isFar(edge: Wait): boolean {
  return edge.why === 'resource' && edge.far
}

function isReachable(steps: Map<string, Set<string>>, from: string, to: string): boolean {
  const seen = new Set([from])
  for (const each of seen) for (const next of steps.get(each) ?? []) seen.add(next)
  return seen.has(to) && from !== to
}

/** Operations that make a later one with `proposed` wait. */
function inTheWayOf(proposed: Operation): Operation[] {
  return OPERATIONS.filter(held => isInTheWay(held, proposed))
}

function isInTheWay(held: Operation, proposed: Operation): boolean {
  return MATRIX[held][proposed] !== 'accepted'
}

function wait(from: string, to: Reservation, use: ResourceUse, far: boolean): Wait {
  const { resource_type, resource_id, operation } = use
  const { taskId, operation: held } = to
  return { from, to: taskId, why: 'resource', resource_type, resource_id, operation, held, far }
}
