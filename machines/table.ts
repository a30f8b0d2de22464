// A statechart as a lookup table: per state node and event, the transitions in the order in which
// XState would try them. The engine steps tasks and groups with it, because XState's own `transition`
// costs tens of microseconds a call; test/machines/table.test.ts proves the two equal.

interface TransitionConfig {
  target?: string
  guard?: string
  actions?: string | readonly string[]
}

interface NodeConfig {
  initial?: string
  states?: Record<string, NodeConfig>
  on?: Record<string, TransitionConfig | readonly TransitionConfig[]>
}

interface Candidate<Context, Event> {
  guard: ((context: Context, event: Event) => boolean) | null
  target: string | null
  changes: ((draft: Context, event: never) => void)[]
}

/** Steps one machine: the next snapshot, or null when the state does not handle the event. */
export type Step<Snapshot, Event> = (snapshot: Snapshot, event: Event) => Snapshot | null

/** The same step, which gives the very snapshot that it was given when the event changes nothing of it. */
export function sameUnlessChanged<Snapshot extends object, Event>(
  step: Step<Snapshot, Event>,
): Step<Snapshot, Event> {
  return (snapshot, event) => {
    const next = step(snapshot, event)
    if (next === null) return null
    const names = Object.keys(next) as (keyof Snapshot)[]
    return names.some(name => next[name] !== snapshot[name]) ? next : snapshot
  }
}

/**
 * Derives the step function of a machine without parallel regions, entry, exit or delayed transitions.
 * Each step copies the snapshot once, and flat: the actions replace what is nested and never edit it. The
 * copy is the caller's to finish, also when nothing changed.
 *
 * @param machine Its `id` and `config`, as `createMachine` returns them.
 * @param guards  The conditions that the config names.
 * @param actions The context changes that the config names.
 * @throws {Error} The config names a guard, an action or a target that does not exist.
 */
export function deriveStep<Snapshot extends { value: string }, Event extends { type: string }>(
  machine: { id: string; config: object },
  guards: Record<string, (context: Snapshot, event: Event) => boolean>,
  actions: Record<string, (draft: Snapshot, event: never) => void>,
): Step<Snapshot, Event> {
  const table = new Map<string, Map<string, Candidate<Snapshot, Event>[]>>()
  const root = machine.config as NodeConfig

  visit(root, [], [])

  return (snapshot, event) => {
    const candidates = table.get(snapshot.value)?.get(event.type)
    if (candidates === undefined) return null
    for (const { guard, target, changes } of candidates) {
      if (guard !== null && !guard(snapshot, event)) continue
      const next = { ...snapshot }
      for (const change of changes) change(next, event as never)
      if (target !== null) next.value = target
      return next
    }
    return null
  }

  function visit(node: NodeConfig, path: string[], ancestors: NodeConfig[]): void {
    const lineage = [node, ...ancestors]
    if (node.states !== undefined) {
      for (const [name, child] of Object.entries(node.states))
        visit(child, [...path, name], lineage)
      return
    }
    const rows = new Map<string, Candidate<Snapshot, Event>[]>()
    // Innermost first: a child's transition hides its parent's, unless no guard of the child's holds.
    lineage.forEach((owner, distance) => {
      const ownerPath = path.slice(0, path.length - distance)
      for (const [type, config] of Object.entries(owner.on ?? {})) {
        const listed = Array.isArray(config)
          ? (config as TransitionConfig[])
          : [config as TransitionConfig]
        const row = rows.get(type) ?? []
        rows.set(type, row)
        for (const transition of listed) row.push(candidate(transition, ownerPath))
      }
    })
    table.set(path.join('.'), rows)
  }

  function candidate(
    transition: TransitionConfig,
    ownerPath: string[],
  ): Candidate<Snapshot, Event> {
    const names = transition.actions === undefined ? [] : [transition.actions].flat()
    return {
      guard: transition.guard === undefined ? null : named(guards, transition.guard, 'guard'),
      target: transition.target === undefined ? null : leaf(transition.target, ownerPath),
      changes: names.map(name => named(actions, name as string, 'action')),
    }
  }

  function leaf(target: string, ownerPath: string[]): string {
    const absolute = target.startsWith(`#${machine.id}.`)
    const path = absolute
      ? target.slice(machine.id.length + 2).split('.')
      : [...ownerPath.slice(0, -1), ...target.split('.')]
    let node: NodeConfig | undefined = root
    for (const name of path) node = node?.states?.[name]
    if (node === undefined) throw new Error(`${machine.id}: no state for the target ${target}`)
    while (node.initial !== undefined) {
      path.push(node.initial)
      node = (node.states as Record<string, NodeConfig>)[node.initial] as NodeConfig
    }
    return path.join('.')
  }

  function named<T>(all: Record<string, T>, name: string, kind: string): T {
    const found = all[name]
    if (found === undefined)
      throw new Error(`${machine.id}: the chart names the ${kind} ${name}, which does not exist`)
    return found
  }
}
