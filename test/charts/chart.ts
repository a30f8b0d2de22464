// Our two charts as rows: every transition in every state that has it. One that a state inherits is a row
// of that state, and each candidate of a guarded list is a row of its own.
import type {
  AnyMachineSnapshot,
  AnyStateMachine,
  AnyStateNode,
  AnyTransitionDefinition,
} from 'xstate'
import { type Group, type GroupEvent, groupMachine } from '../../machines/group.machine.ts'
import type { Step } from '../../machines/table.ts'
import { type Task, type TaskEvent, taskMachine } from '../../machines/task.machine.ts'
import { stepGroup, stepTask } from '../../machines/work.ts'

/** One transition in one state. */
export interface Row {
  /** The state node: the names on its path, joined by dots. */
  state: string
  /** The event, the guard and the target, for a person to read. */
  name: string
  transition: AnyTransitionDefinition
}

/** A statechart, for XState and as the engine steps it. */
export interface Chart<Snapshot extends { value: string }, Event extends { type: string }> {
  name: string
  machine: AnyStateMachine
  step: Step<Snapshot, Event>
  /** Every state that the machine can be in, in the order of the chart. */
  states: string[]
  rows: Row[]
}

export const taskChart: Chart<Task, TaskEvent> = chartOf('task', taskMachine, stepTask)
export const groupChart: Chart<Group, GroupEvent> = chartOf('group', groupMachine, stepGroup)

/** Reads a machine as a chart. */
export function chartOf<Snapshot extends { value: string }, Event extends { type: string }>(
  name: string,
  machine: AnyStateMachine,
  step: Step<Snapshot, Event>,
): Chart<Snapshot, Event> {
  return { name, machine, step, states: leaves(machine.root).map(pathOf), rows: rowsOf(machine) }
}

/** The states that the chart calls final. */
export function finalStatesOf(machine: AnyStateMachine): string[] {
  return leaves(machine.root)
    .filter(each => each.type === 'final')
    .map(pathOf)
}

/** The row that an event takes from a snapshot; null when the chart does not handle it there. */
export function rowTaken(
  { machine, rows }: Pick<Chart<never, never>, 'machine' | 'rows'>,
  snapshot: AnyMachineSnapshot,
  event: { type: string },
): Row | null {
  const { value } = flat(snapshot)
  const enabled: AnyTransitionDefinition[] = machine.getTransitionData(snapshot, event)
  return rows.find(each => each.state === value && enabled.includes(each.transition)) ?? null
}

/** An XState snapshot in one piece, as the table and the stores have it. */
export function flat<Snapshot extends { value: string }>(snapshot: AnyMachineSnapshot): Snapshot {
  const names = (part: unknown): string[] =>
    typeof part === 'string'
      ? [part]
      : Object.entries(part as object).flatMap(([name, inner]) => [name, ...names(inner)])
  return { ...snapshot.context, value: names(snapshot.value).join('.') }
}

/** The XState snapshot of one in one piece. */
export function unflat(machine: AnyStateMachine, snapshot: { value: string }): AnyMachineSnapshot {
  const { value, ...context } = snapshot
  const names = value.split('.')
  const nested = names.reduceRight<unknown>(
    (inner, name) => (inner === undefined ? name : { [name]: inner }),
    undefined,
  )
  return machine.resolveState({ value: nested as string, context })
}

function rowsOf(machine: AnyStateMachine): Row[] {
  return leaves(machine.root).flatMap(leaf =>
    machine.events.flatMap(type =>
      candidates(leaf, type).map(transition => ({
        state: pathOf(leaf),
        name: named(transition),
        transition,
      })),
    ),
  )
}

function leaves(node: AnyStateNode): AnyStateNode[] {
  const children = Object.values(node.states)
  return children.length === 0 ? [node] : children.flatMap(leaves)
}

function pathOf(node: AnyStateNode): string {
  return node.path.join('.')
}

/** What a state has for an event, innermost first: one without a guard hides all that come after it. */
function candidates(leaf: AnyStateNode, type: string): AnyTransitionDefinition[] {
  const found: AnyTransitionDefinition[] = []
  for (let node: AnyStateNode | undefined = leaf; node !== undefined; node = node.parent) {
    for (const each of node.transitions.get(type) ?? []) {
      found.push(each)
      if (each.guard === undefined) return found
    }
  }
  return found
}

function named({ eventType, guard, target }: AnyTransitionDefinition): string {
  const condition = guard === undefined ? '' : ` [${guard}]`
  const to = target?.[0] === undefined ? '' : ` → ${pathOf(target[0])}`
  return `${eventType}${condition}${to}`
}
