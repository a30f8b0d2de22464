// Where boxes and lines go: elkjs in a worker of its own, which is started for the first drawing and ends
// when there was none for a while. What it found is kept, also for the next visit.
/// <reference types="vite/client" />
import type { ELK, ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js'
import workerUrl from 'elkjs/lib/elk-worker.min.js?url'

export interface Point {
  x: number
  y: number
}

export interface Box extends Point {
  width: number
  height: number
}

export interface Line {
  points: Point[]
  label: Box | null
}

/** Boxes and lines by id, in one coordinate system. */
export interface Layout {
  width: number
  height: number
  boxes: Record<string, Box>
  lines: Record<string, Line>
}

/** How long the worker waits for another drawing, in ms: it holds some 30 MB. */
const IDLE_MS = 20_000
/** Layouts that the browser keeps between visits. */
const STORED_MAX = 12
const STORED_PREFIX = 'rollcall.layout.'

const kept = new Map<string, Promise<Layout>>()
let elk: Promise<ELK> | null = null
let pending = 0
let idleTimer = 0

/**
 * Lays out a graph.
 *
 * @param key Names the drawing among those that are kept; null: it is not worth keeping.
 */
export function layOut(graph: ElkNode, key: string | null): Promise<Layout> {
  if (key === null) return compute(graph)
  const whole = `${key}:${hash(JSON.stringify(graph))}`
  const known = kept.get(whole)
  if (known !== undefined) return known
  const stored = recall(whole)
  const layout = stored === null ? compute(graph) : Promise.resolve(stored)
  kept.set(whole, layout)
  layout.then(
    found => stored === null && remember(whole, found),
    // The next drawing tries again.
    () => kept.delete(whole),
  )
  return layout
}

async function compute(graph: ElkNode): Promise<Layout> {
  pending += 1
  clearTimeout(idleTimer)
  elk ??= start()
  try {
    return read(await (await elk).layout(graph))
  } catch (error) {
    // Whatever went wrong, the next drawing has a worker of its own.
    stop()
    throw error
  } finally {
    pending -= 1
    if (pending === 0) idleTimer = window.setTimeout(stop, IDLE_MS)
  }
}

async function start(): Promise<ELK> {
  const { default: Elk } = await import('elkjs/lib/elk-api.js')
  return new Elk({ workerFactory: () => new Worker(workerUrl), algorithms: ['layered'] })
}

function stop(): void {
  const stopping = elk
  elk = null
  stopping?.then(
    started => started.terminateWorker(),
    () => {},
  )
}

function read(graph: ElkNode): Layout {
  const layout: Layout = {
    width: graph.width ?? 0,
    height: graph.height ?? 0,
    // The graph itself is the box that holds all others.
    boxes: { '': boxOf(graph) },
    lines: {},
  }
  visit(graph)
  return layout

  function visit(node: ElkNode): void {
    if (node !== graph) layout.boxes[node.id] = boxOf(node)
    for (const edge of node.edges ?? []) layout.lines[edge.id] = lineOf(edge)
    for (const child of node.children ?? []) visit(child)
  }
}

function boxOf({ x = 0, y = 0, width = 0, height = 0 }: Partial<Box>): Box {
  return { x, y, width, height }
}

function lineOf({ sections = [], labels = [] }: ElkExtendedEdge): Line {
  return {
    points: sections.flatMap(({ startPoint, bendPoints = [], endPoint }) =>
      [startPoint, ...bendPoints, endPoint].map(({ x, y }) => ({ x, y })),
    ),
    label: labels[0] === undefined ? null : boxOf(labels[0]),
  }
}

function recall(key: string): Layout | null {
  const text = localStorage.getItem(STORED_PREFIX + key)
  return text === null ? null : (JSON.parse(text) as Layout)
}

function remember(key: string, layout: Layout): void {
  const keys = Object.keys(localStorage).filter(each => each.startsWith(STORED_PREFIX))
  if (keys.length >= STORED_MAX) for (const each of keys) localStorage.removeItem(each)
  try {
    localStorage.setItem(STORED_PREFIX + key, JSON.stringify(layout))
  } catch {
    // The browser keeps nothing for this page; then the next visit lays out again.
  }
}

/** FNV-1a, 32 bits. */
function hash(text: string): string {
  let value = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) {
    value = Math.imul(value ^ text.charCodeAt(at), 0x01000193)
  }
  return (value >>> 0).toString(36)
}
