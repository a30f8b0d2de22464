// A statechart as a Mermaid state diagram: nested states, finals, and one labelled arrow for all events
// that lead the same way.

interface TransitionConfig {
  target?: string
  guard?: string
}

interface NodeConfig {
  type?: string
  initial?: string
  states?: Record<string, NodeConfig>
  on?: Record<string, TransitionConfig | readonly TransitionConfig[]>
}

/**
 * Draws a machine. Events that change no state are left out, and so is the machine's name before each
 * event (`cancel` for `task.cancel`); a guard stands in brackets behind its event, in words.
 *
 * @param machine Its `id` and `config`, as `createMachine` returns them.
 * @see https://mermaid.js.org/syntax/stateDiagram.html
 */
export function mermaidOf(machine: { id: string; config: object }): string {
  const lines: string[] = []
  /** Of each arrow the events, and of each event the guards; none: it always leads this way. */
  const arrows = new Map<string, Map<string, string[]>>()
  const root = machine.config as NodeConfig

  draw(root, [], '  ')
  for (const [arrow, events] of arrows) {
    const labels = [...events].map(([event, guards]) =>
      guards.length === 0 ? event : `${event} [${guards.join(' or ')}]`,
    )
    lines.push(`  ${arrow}: ${labels.join(', ')}`)
  }
  return ['stateDiagram-v2', ...lines, ''].join('\n')

  function draw(node: NodeConfig, path: string[], indent: string): void {
    if (node.initial !== undefined)
      lines.push(`${indent}[*] --> ${nameOf([...path, node.initial])}`)
    for (const [name, child] of Object.entries(node.states ?? {})) {
      const childPath = [...path, name]
      collect(child, childPath)
      if (child.states !== undefined) {
        lines.push(`${indent}state ${labelled(childPath)} {`)
        draw(child, childPath, `${indent}  `)
        lines.push(`${indent}}`)
      } else if (path.length > 0) {
        lines.push(`${indent}${isUnique(name) ? name : `state ${labelled(childPath)}`}`)
      }
      if (child.type === 'final') lines.push(`${indent}${nameOf(childPath)} --> [*]`)
    }
  }

  function collect(node: NodeConfig, path: string[]): void {
    for (const [type, config] of Object.entries(node.on ?? {})) {
      for (const { target, guard } of [config].flat() as TransitionConfig[]) {
        if (target === undefined) continue
        const arrow = `${nameOf(path)} --> ${nameOf(pathOf(target, path))}`
        const events = arrows.get(arrow) ?? new Map<string, string[]>()
        arrows.set(arrow, events)
        const event = type.replace(`${machine.id}.`, '')
        const known = events.get(event)
        if (guard === undefined || known?.length === 0) events.set(event, [])
        else events.set(event, [...(known ?? []), words(guard)])
      }
    }
  }

  function pathOf(target: string, source: string[]): string[] {
    const absolute = `#${machine.id}.`
    return target.startsWith(absolute)
      ? target.slice(absolute.length).split('.')
      : [...source.slice(0, -1), ...target.split('.')]
  }

  /** Mermaid knows one level of names: two states called `open` need two. */
  function nameOf(path: string[]): string {
    return isUnique(path.at(-1) as string) ? (path.at(-1) as string) : path.join('_')
  }

  function labelled(path: string[]): string {
    const name = path.at(-1) as string
    return isUnique(name) ? name : `"${name}" as ${nameOf(path)}`
  }

  function isUnique(name: string): boolean {
    const count = (node: NodeConfig): number =>
      Object.entries(node.states ?? {}).reduce(
        (sum, [own, child]) => sum + (own === name ? 1 : 0) + count(child),
        0,
      )
    return count(root) === 1
  }
}

/** `willRetry` as `will retry`. */
function words(name: string): string {
  return name.replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`)
}
