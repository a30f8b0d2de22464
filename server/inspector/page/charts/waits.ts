// Who waits for whom, as it is to be drawn: one line for all that makes one task wait for another, and
// none for what other lines already say.
import type { WaitEdge, WaitsAnswer } from '../data.ts'

export interface WaitReason {
  /** What it waits for, in a line or two. */
  texts: string[]
  /** Where a click leads to. */
  resource: { type: string; id: string } | null
}

export interface WaitLine {
  id: string
  from: string
  to: string
  reasons: WaitReason[]
  /** Whether others that are not shown may stand between the two. */
  isFar: boolean
}

export interface WaitPicture {
  lines: WaitLine[]
  /** Those who wait for nobody in the graph: up to them one must wait. */
  heads: Set<string>
  /** Lines left out because a way over other tasks says the same. */
  implied: number
}

/** More lines than this are thinned out: nobody could follow them. */
const LINES_MAX = 250

export function pictureOf({ nodes, edges }: WaitsAnswer): WaitPicture {
  const lines = new Map<string, WaitLine>()
  const holders = new Set(nodes.filter(({ blockers }) => blockers === 0).map(each => each.task_id))
  for (const edge of edges) {
    const id = `${edge.from}>${edge.to}`
    const line = lines.get(id) ?? {
      id,
      from: edge.from,
      to: edge.to,
      reasons: [],
      isFar: true,
    }
    line.reasons.push(reasonOf(edge, holders.has(edge.to)))
    line.isFar &&= edge.far ?? false
    lines.set(id, line)
  }
  const ids = nodes.map(node => node.task_id)
  const waiting = new Set(edges.map(({ from }) => from))
  const heads = new Set(ids.filter(id => !waiting.has(id)))
  // A graph that goes on has edges to tasks that are not in it.
  const known = new Set(ids)
  const all = [...lines.values()].filter(({ from, to }) => known.has(from) && known.has(to))
  const shown = all.length > LINES_MAX ? withoutImplied(all) : all
  return { lines: shown, heads, implied: all.length - shown.length }
}

function reasonOf(edge: WaitEdge, isHeld: boolean): WaitReason {
  if (edge.why === 'dependency') {
    const states = edge.states ?? []
    return { texts: [`depends on ${states.join(' or ') || 'its end'}`], resource: null }
  }
  const type = edge.resource_type ?? ''
  const id = edge.resource_id ?? ''
  return { texts: [`${type}:${id}`, claimOf(edge, isHeld)], resource: { type, id } }
}

/**
 * `wants update, held by read`; `behind` one that is in a queue itself.
 *
 * @param isHeld Whether the other has all that it needs, and so holds this.
 */
export function claimOf({ operation, held }: WaitEdge, isHeld: boolean): string {
  return `wants ${operation}, ${isHeld ? 'held by' : 'behind'} ${held}`
}

/** Drops a line from a to c where lines lead from a to b and from b to c. */
function withoutImplied(lines: readonly WaitLine[]): WaitLine[] {
  const reached = new Map<string, Set<string>>()
  for (const { from, to } of lines) reached.set(from, (reached.get(from) ?? new Set()).add(to))
  return lines.filter(({ from, to }) => {
    for (const between of reached.get(from) ?? []) {
      if (between !== to && reached.get(between)?.has(to)) return false
    }
    return true
  })
}
