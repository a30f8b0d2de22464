// A machine's config as states and transitions to draw: targets resolved, and one line for all events that
// lead from one state to another.

interface TransitionConfig {
  target?: string | readonly string[]
  guard?: string | { type: string }
  actions?: unknown
}

type Transitions = string | TransitionConfig | readonly (string | TransitionConfig)[]

interface NodeConfig {
  id?: string
  type?: string
  initial?: string
  states?: Record<string, NodeConfig>
  on?: Record<string, Transitions>
  after?: Record<string, Transitions>
  always?: Transitions
}

/** The config of an XState machine as JSON, as `/v2/machines/<name>/` gives it. */
export type MachineConfig = NodeConfig

export interface ChartState {
  /** Dotted path below the machine; the machine itself: ''. */
  id: string
  name: string
  /** Null for the machine itself. */
  parent: string | null
  /** The child that is entered with it. */
  initial: string | null
  isFinal: boolean
  isCompound: boolean
  /** Events that it answers to and stays; for the machine itself, all that it answers to. */
  internal: string[]
}

export interface ChartEdge {
  id: string
  source: string
  target: string
  /** Its events, each with its guard in brackets. */
  labels: string[]
}

export interface Chart {
  name: string
  /** In the order of the config, each before its children. */
  states: ChartState[]
  edges: ChartEdge[]
}

/** Reads a machine's config. An event's name loses the machine's before it: `cancel` for `task.cancel`. */
export function chartOf(machine: MachineConfig): Chart {
  const name = machine.id ?? 'machine'
  const states: ChartState[] = []
  const idOfNode = new Map<string, string>()
  const edges = new Map<string, ChartEdge>()
  const root = { ...machine, id: name }

  collect(root, '', null)
  for (const { id } of states) connect(nodeAt(root, id), id)
  return { name, states, edges: [...edges.values()] }

  function collect(node: NodeConfig, id: string, parent: string | null): void {
    if (node.id !== undefined) idOfNode.set(node.id, id)
    const isCompound = node.states !== undefined && Object.keys(node.states).length > 0
    states.push({
      id,
      name: id === '' ? name : (id.split('.').at(-1) as string),
      parent,
      initial: node.initial === undefined ? null : below(id, node.initial),
      isFinal: node.type === 'final',
      isCompound,
      internal: [],
    })
    for (const [key, child] of Object.entries(node.states ?? {})) collect(child, below(id, key), id)
  }

  function connect(node: NodeConfig, id: string): void {
    for (const [event, transitions] of Object.entries(node.on ?? {})) {
      add(id, event.startsWith(`${name}.`) ? event.slice(name.length + 1) : event, transitions)
    }
    for (const [delay, transitions] of Object.entries(node.after ?? {})) {
      add(id, `after ${delay}`, transitions)
    }
    if (node.always !== undefined) add(id, 'always', node.always)
  }

  function add(source: string, event: string, transitions: Transitions): void {
    for (const each of [transitions].flat() as (string | TransitionConfig)[]) {
      const { target, guard, actions } = typeof each === 'string' ? { target: each } : each
      const condition = typeof guard === 'object' ? guard.type : guard
      const label = condition === undefined ? event : `${event} [${condition}]`
      if (target === undefined) {
        const state = states.find(({ id }) => id === source) as ChartState
        if (actions !== undefined) addLabel(state.internal, label)
        continue
      }
      for (const name of [target].flat() as string[]) {
        const to = targetOf(name, source)
        if (source === '') {
          addLabel((states[0] as ChartState).internal, `${label} → ${to}`)
          continue
        }
        const id = `${source}>${to}`
        const edge = edges.get(id) ?? { id, source, target: to, labels: [] }
        addLabel(edge.labels, label)
        edges.set(id, edge)
      }
    }
  }

  /** `#id.path` from a node's id, `.path` from the source, `path` from the source's parent. */
  function targetOf(target: string, source: string): string {
    if (target.startsWith('.')) return below(source, target.slice(1))
    if (!target.startsWith('#')) {
      return below(source.includes('.') ? source.slice(0, source.lastIndexOf('.')) : '', target)
    }
    const [id = '', ...path] = target.slice(1).split('.')
    const node = idOfNode.get(id)
    if (node === undefined) throw new Error(`no state has the id ${id}, which ${source} leads to`)
    return path.reduce(below, node)
  }
}

/** A state and all that it is inside of, the innermost first; the machine itself last. */
export function withAncestors(id: string): string[] {
  const found = [id]
  for (let at = id.lastIndexOf('.'); at > 0; at = id.lastIndexOf('.', at - 1)) {
    found.push(id.slice(0, at))
  }
  if (id !== '') found.push('')
  return found
}

/** The transitions that a way through the states took, by id. */
export function edgesTaken(chart: Chart, path: readonly string[]): Set<string> {
  const taken = new Set<string>()
  for (let at = 1; at < path.length; at += 1) {
    const [from, to] = [path[at - 1] as string, path[at] as string]
    const sources = withAncestors(from)
    const edge = chart.edges
      .filter(({ source, target }) => sources.includes(source) && entered(chart, target) === to)
      .sort((a, b) => sources.indexOf(a.source) - sources.indexOf(b.source))[0]
    if (edge !== undefined) taken.add(edge.id)
  }
  return taken
}

/** Where one ends up who enters a state. */
function entered(chart: Chart, id: string): string {
  const initial = chart.states.find(state => state.id === id)?.initial
  return initial ? entered(chart, initial) : id
}

function addLabel(labels: string[], label: string): void {
  if (!labels.includes(label)) labels.push(label)
}

function below(id: string, name: string): string {
  return id === '' ? name : `${id}.${name}`
}

function nodeAt(root: NodeConfig, id: string): NodeConfig {
  if (id === '') return root
  return id.split('.').reduce((node, key) => node.states?.[key] as NodeConfig, root)
}
