// All that XState makes of a chart: from every snapshot that it reaches, every event, whether the chart
// handles it there or not.
import { type AnyMachineSnapshot, transition } from 'xstate'
import { getAdjacencyMap } from 'xstate/graph'
import type { Group, GroupEvent } from '../../machines/group.machine.ts'
import type { Task, TaskEvent } from '../../machines/task.machine.ts'
import { group, groupEvents, TASK_EVENTS, task } from '../support/builders.ts'
import { type Chart, flat, groupChart, type Row, rowTaken, taskChart, unflat } from './chart.ts'

/** A snapshot that is reached, an event, and what XState makes of them; null: it does not handle it. */
export interface Step<Snapshot, Event> {
  from: Snapshot
  event: Event
  to: Snapshot | null
}

export interface Explored<Snapshot, Event> {
  steps: Step<Snapshot, Event>[]
  /** Rows of the chart that no step took. */
  untaken: Row[]
  /** Names a snapshot: the same for those that no guard can tell apart, now or later. */
  key: (snapshot: Snapshot) => string
}

/** The task chart from a task that waits, cancellable or not. */
export function exploreTasks(): Explored<Task, TaskEvent> {
  const waiting = task({ blockers: 3, unplaced: 3 })
  return explore(
    taskChart,
    [waiting, { ...waiting, cancellable: false }],
    () => TASK_EVENTS,
    ({ stopCause, wakeAtMs, cancellable }) => [stopCause, wakeAtMs, cancellable],
  )
}

/** The group chart from an open group without tasks, for either failure policy. */
export function exploreGroups(): Explored<Group, GroupEvent> {
  return explore(
    groupChart,
    [group(), group({ onFailure: 'cancel' })],
    ({ counts }) => groupEvents(counts),
    ({ counts, canceled, onFailure }) => [counts, canceled, onFailure],
  )
}

/**
 * Walks everything that XState reaches.
 *
 * @param seen What a guard can see of a snapshot beside its state, now or later.
 */
export function explore<Snapshot extends { value: string }, Event extends { type: string }>(
  chart: Chart<Snapshot, Event>,
  starts: readonly Snapshot[],
  eventsOf: (snapshot: Snapshot) => readonly Event[],
  seen: (snapshot: Snapshot) => unknown,
): Explored<Snapshot, Event> {
  const { machine, rows } = chart
  const taken = new Set<Row>()
  const steps: Step<Snapshot, Event>[] = []
  const key = (snapshot: Snapshot) => JSON.stringify([snapshot.value, seen(snapshot)])
  for (const start of starts) {
    const reached = getAdjacencyMap(machine, {
      fromState: unflat(machine, start),
      events: state => eventsOf(flat(state as AnyMachineSnapshot)),
      serializeState: state => key(flat(state as AnyMachineSnapshot)),
    })
    for (const { state } of Object.values(reached)) {
      const from = state as AnyMachineSnapshot
      for (const event of eventsOf(flat(from))) {
        const row = rowTaken(chart, from, event)
        if (row !== null) taken.add(row)
        const [next] = transition(machine, from, event)
        steps.push({ from: flat(from), event, to: row === null ? null : flat(next) })
      }
    }
  }
  return { steps, untaken: rows.filter(each => !taken.has(each)), key }
}
