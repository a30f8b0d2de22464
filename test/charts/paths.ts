// Paths over a chart, made of what can happen in the world: xstate/graph finds the shortest way to each
// transition by each of its causes. What happens must be handled, and lead where it is said to lead.
import assert from 'node:assert/strict'
import { type AnyMachineSnapshot, type EventObject, transition } from 'xstate'
import { getShortestPaths } from 'xstate/graph'
import { type Chart, flat, type Row, rowTaken, unflat } from './chart.ts'

/** Something that happens to a task or a group, and the event by which its machine learns of it. */
export interface Happening<Snapshot, Event, Scene> {
  /** Unique among the happenings of a chart. */
  name: string
  /** Whether it can happen to one that stands so. */
  when: (snapshot: Snapshot) => boolean
  event: (snapshot: Snapshot) => Event
  /** What it changes, and nothing else: what the chart makes of the event is held against this. */
  becomes: (snapshot: Snapshot) => Partial<Snapshot>
  /** Brings it about; absent when it follows from what happened before, in the same transaction. */
  provoke?: (scene: Scene) => Promise<void>
  /** For one that follows: arranges beforehand that it will. */
  prepare?: (scene: Scene) => Promise<void>
}

/** How a task or a group starts. */
export interface Start<Snapshot> {
  name: string
  snapshot: Snapshot
  /** Where its paths end at the latest, because from there on they are those of another start. */
  until?: (snapshot: Snapshot) => boolean
}

/** All that the paths over a chart are made of. */
export interface Story<Snapshot, Event, Situation, Scene> {
  situations: readonly Situation[]
  happenings: readonly Happening<Snapshot, Event, Scene>[]
  /** Whether more follows in the same transaction, so that nobody ever sees one that stands so. */
  goesOn: (snapshot: Snapshot) => boolean
}

export interface PathStep<Snapshot, Event, Scene> {
  happening: Happening<Snapshot, Event, Scene>
  event: Event
  row: Row
  before: Snapshot
  after: Snapshot
}

/** A path; where it ends, nothing goes on by itself. */
export interface Path<Snapshot, Event, Situation, Scene> {
  situation: Situation
  steps: PathStep<Snapshot, Event, Scene>[]
}

/** An event with what tells paths apart: its cause, and the row that it takes. */
type Caused = EventObject & { edge: { cause: string; row: string } }

/** Paths that take each transition by each of its causes; none of them is the beginning of another. */
export function pathsOver<
  Snapshot extends { value: string },
  Event extends { type: string },
  Situation extends Start<Snapshot>,
  Scene,
>(
  chart: Chart<Snapshot, Event>,
  story: Story<Snapshot, Event, Situation, Scene>,
): Path<Snapshot, Event, Situation, Scene>[] {
  const covered = new Set<string>()
  const paths = story.situations
    .flatMap(situation => {
      const walk = new Walk(chart, story, situation)
      return walk.shortest().map(events => ({ situation, walk, events }))
    })
    .sort((a, b) => a.events.length - b.events.length)
    .filter(({ events }) => {
      const before = covered.size
      for (const { edge } of events) covered.add(`${edge.row}: ${edge.cause}`)
      return covered.size > before
    })
    .map(({ situation, walk, events }) => ({ situation, steps: walk.along(events) }))
  const told = new Map(paths.map(path => [tell(path), path]))
  const isStart = (each: string) => [...told.keys()].some(other => other.startsWith(`${each} → `))
  return [...told].flatMap(([each, path]) => (isStart(each) ? [] : [path]))
}

/** How a person would tell it. */
export function tell<Snapshot, Event, Situation extends Start<Snapshot>, Scene>({
  situation,
  steps,
}: Path<Snapshot, Event, Situation, Scene>): string {
  return [situation.name, ...steps.map(({ happening }) => happening.name)].join(' → ')
}

/** All that can happen from one start on. */
class Walk<Snapshot extends { value: string }, Event extends { type: string }, Scene> {
  readonly #chart: Chart<Snapshot, Event>
  readonly #happenings: readonly Happening<Snapshot, Event, Scene>[]
  readonly #goesOn: (snapshot: Snapshot) => boolean
  readonly #start: AnyMachineSnapshot
  readonly #until: (snapshot: Snapshot) => boolean

  constructor(
    chart: Chart<Snapshot, Event>,
    { happenings, goesOn }: Omit<Story<Snapshot, Event, never, Scene>, 'situations'>,
    { snapshot, until = () => false }: Start<Snapshot>,
  ) {
    this.#chart = chart
    this.#happenings = happenings
    this.#goesOn = goesOn
    this.#start = unflat(chart.machine, snapshot)
    this.#until = until
  }

  /** The shortest ways to each snapshot by each transition and cause that leads there. */
  shortest(): Caused[][] {
    // Too coarse a key would drop paths without a word: XState looks for the shortest path to what has
    // one key, and what is wanted is the shortest to each transition.
    const key = (state: AnyMachineSnapshot, event?: Caused) =>
      JSON.stringify([flat(state), event?.edge])
    const found = getShortestPaths(this.#chart.machine, {
      fromState: this.#start,
      events: (state: AnyMachineSnapshot) => this.#eventsAt(state),
      serializeState: key as never,
      stopWhen: (state: AnyMachineSnapshot) => this.#until(flat(state)),
    })
    // The first step of a path as XState gives it is its start.
    return found.map(({ steps }) => steps.slice(1).map(({ event }) => event as Caused))
  }

  /** The steps that events make, and on from there to where nothing goes on by itself. */
  along(events: readonly Caused[]): PathStep<Snapshot, Event, Scene>[] {
    const steps: PathStep<Snapshot, Event, Scene>[] = []
    let state = this.#start
    for (let at = 0; ; at += 1) {
      const before = flat<Snapshot>(state)
      const event = events[at] ?? (this.#goesOn(before) ? this.#eventsAt(state)[0] : undefined)
      if (event === undefined) return steps
      const row = rowTaken(this.#chart, state, event) as Row
      const happening = this.#happenings.find(({ name }) => name === event.edge.cause)
      ;[state] = transition(this.#chart.machine, state, event)
      const after = flat<Snapshot>(state)
      steps.push({ happening, event, row, before, after } as unknown as (typeof steps)[number])
    }
  }

  #eventsAt(state: AnyMachineSnapshot): Caused[] {
    const snapshot = flat<Snapshot>(state)
    const follows = this.#goesOn(snapshot)
    const possible = this.#happenings.filter(
      each => (each.provoke === undefined) === follows && each.when(snapshot),
    )
    assert.ok(possible.length > 0 || !follows, `nothing follows on ${JSON.stringify(snapshot)}`)
    return possible.map(({ name, event: eventOf, becomes }) => {
      const event = eventOf(snapshot)
      const row = rowTaken(this.#chart, state, event)
      const where = `${snapshot.value}: ${name}, so ${event.type}`
      assert.ok(
        row !== null,
        `the ${this.#chart.name} chart does not handle what happens: ${where}`,
      )
      const [next] = transition(this.#chart.machine, state, event)
      assert.deepEqual(flat(next), { ...snapshot, ...becomes(snapshot) }, where)
      return { ...event, edge: { cause: name, row: named(row) } }
    })
  }
}

function named({ state, name }: Row): string {
  return `${state}: ${name}`
}
