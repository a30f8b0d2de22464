// Why is it waiting: the task on the left, those it waits for to its right, transitively, up to whom
// everything waits for. The same as text is the view's matter, which shows this drawing.
import './statechart.css'
import './wait-graph.css'
import type { ElkNode } from 'elkjs/lib/elk-api.js'
import { useEffect, useMemo, useState } from 'preact/hooks'
import type { WaitNode, WaitsAnswer } from '../data.ts'
import { StateGlyph } from '../parts/icon.tsx'
import { hrefs } from '../router.ts'
import { toneOf } from '../states.ts'
import { type Box, type Layout, layOut } from './layout.ts'
import { headOf, roundedPath } from './route.ts'
import { NOTE_LINE_PX, shortened, widthOf } from './text-size.ts'
import { Viewport } from './viewport.tsx'
import { pictureOf, type WaitLine, type WaitPicture, type WaitReason } from './waits.ts'

export interface WaitGraphProps {
  graph: WaitsAnswer
  onTask: (taskId: string) => void
  onResource: (type: string, id: string) => void
}

const CARD = { width: 204, height: 56 }
const REASONS_MAX = 2
const REASON_WIDTH_MAX = 230

export function WaitGraph({ graph, onTask, onResource }: WaitGraphProps) {
  const shape = JSON.stringify([
    graph.nodes.map(node => [node.task_id, node.blockers === 0]),
    graph.edges,
  ])
  // A state that changes moves no box.
  const picture = useMemo(() => pictureOf(graph), [shape])
  const [layout, setLayout] = useState<Layout | null>(null)
  const [error, setError] = useState<string | null>(null)
  const [hot, setHot] = useState<string | null>(null)
  useEffect(() => {
    let isWanted = true
    layOut(graphOf(graph.nodes, picture), null).then(
      found => {
        if (!isWanted) return
        setLayout(found)
        setError(null)
      },
      thrown => isWanted && setError(String(thrown?.message ?? thrown)),
    )
    return () => {
      isWanted = false
    }
  }, [picture])

  const asked = graph.nodes.find(({ depth }) => depth === 0)
  const inFront = graph.nodes.length - 1
  return (
    <figure class="wait-graph">
      {error !== null && (
        <p class="chart-error" role="alert">
          The graph could not be laid out: {error}
        </p>
      )}
      {layout === null ? (
        error === null && <div class="chart-placeholder" />
      ) : (
        <Viewport
          label={`${asked?.call ?? 'The task'} waits for ${inFront} ${inFront === 1 ? 'task' : 'tasks'}`}
          width={layout.width}
          height={layout.height}
          focus={layout.boxes[asked?.task_id ?? ''] ?? null}
          isReadable
          heightMax={560}
        >
          {picture.lines.map(line => (
            <Reach key={line.id} line={line} layout={layout} hot={hot} />
          ))}
          {graph.nodes.map(node => (
            <Card
              key={node.task_id}
              node={node}
              box={layout.boxes[node.task_id]}
              isHead={picture.heads.has(node.task_id)}
              onTask={onTask}
              onHover={setHot}
            />
          ))}
          {picture.lines.map(line => (
            <Reasons key={line.id} line={line} layout={layout} hot={hot} onResource={onResource} />
          ))}
        </Viewport>
      )}
      <figcaption class="wait-caption">
        <span class="wait-key is-asked">this task</span>
        <span class="wait-key is-head">in front: waits for nobody here</span>
        {picture.implied > 0 && (
          <span>{picture.implied} lines are left out that a way over other tasks implies.</span>
        )}
        {picture.lines.some(({ isFar }) => isFar) && (
          <span>A dashed line passes by others in the same queue.</span>
        )}
      </figcaption>
    </figure>
  )
}

function Card({
  node,
  box,
  isHead,
  onTask,
  onHover,
}: {
  node: WaitNode
  box: Box | undefined
  isHead: boolean
  onTask: (taskId: string) => void
  onHover: (taskId: string | null) => void
}) {
  if (box === undefined) return null
  const tone = toneOf(node.value)
  const id = node.task_id.slice(-8)
  const attempt = node.attempt > 1 ? `attempt ${node.attempt}` : ''
  const name = shortened(node.call, 'name', CARD.width - (attempt === '' ? 28 : 84))
  const said = [node.call, ...(attempt === '' ? [] : [attempt]), tone, id]
  if (isHead) said.push('in front of everybody else')
  const kind = `${isHead ? ' is-head' : ''}${node.depth === 0 ? ' is-asked' : ''}`
  return (
    <a
      href={hrefs.task(node.task_id)}
      class={`wait-card${kind}`}
      aria-label={said.join(', ')}
      onClick={event => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return
        event.preventDefault()
        onTask(node.task_id)
      }}
      onPointerEnter={() => onHover(node.task_id)}
      onPointerLeave={() => onHover(null)}
      onFocus={() => onHover(node.task_id)}
      onBlur={() => onHover(null)}
    >
      {name !== node.call && <title>{node.call}</title>}
      <rect class="chart-box" {...box} rx={8} />
      <path class={`wait-side tone-${tone}`} d={sideOf(box)} />
      <text class="chart-name" x={box.x + 16} y={box.y + 19} dominant-baseline="central">
        {name}
      </text>
      <text
        class="chart-note"
        x={box.x + box.width - 12}
        y={box.y + 19}
        text-anchor="end"
        dominant-baseline="central"
      >
        {attempt}
      </text>
      {/* Parts of the text are told apart by spaces that the drawing does not show. */ ' '}
      {/* biome-ignore lint/a11y/noSvgWithoutTitle: the word beside it says the same */}
      <svg x={box.x + 15} y={box.y + 32} width="14" height="14">
        <StateGlyph tone={tone} />
      </svg>
      <text class="wait-state" x={box.x + 34} y={box.y + 39} dominant-baseline="central">
        {tone}{' '}
        <tspan class="wait-id" dx="2">
          {id}
        </tspan>
      </text>
    </a>
  )
}

interface LineProps {
  line: WaitLine
  layout: Layout
  hot: string | null
}

function Reach({ line, layout, hot }: LineProps) {
  const route = layout.lines[line.id]
  if (route === undefined) return null
  return (
    <g class={edgeClass('chart-edge', line, hot)}>
      <path class="chart-line" d={roundedPath(route.points)} />
      <path class="chart-head" d={headOf(route.points)} />
    </g>
  )
}

function Reasons({
  line,
  layout,
  hot,
  onResource,
}: LineProps & { onResource: (type: string, id: string) => void }) {
  const box = layout.lines[line.id]?.label
  if (!box) return null
  return (
    <g class={edgeClass('chart-label', line, hot)}>
      <rect class="chart-ground" {...box} rx={4} />
      {linesOf(line).map(({ text, resource }, index) => {
        const content = (
          <text
            class="chart-text"
            x={box.x + box.width / 2}
            y={box.y + 2 + (index + 0.5) * NOTE_LINE_PX}
            text-anchor="middle"
            dominant-baseline="central"
          >
            {text}
          </text>
        )
        if (resource === null) return content
        return (
          <a
            key={text}
            href={hrefs.resource(resource.type, resource.id)}
            class="wait-resource"
            aria-label={`queue of ${resource.type} ${resource.id}`}
            onClick={event => {
              if (event.metaKey || event.ctrlKey || event.shiftKey) return
              event.preventDefault()
              onResource(resource.type, resource.id)
            }}
          >
            {content}
          </a>
        )
      })}
    </g>
  )
}

/** What is written on a line, line by line; the rest is a number. The name of a resource leads to it. */
function linesOf({ reasons }: WaitLine): { text: string; resource: WaitReason['resource'] }[] {
  const over = reasons.length - REASONS_MAX
  const shown = over > 0 ? reasons.slice(0, REASONS_MAX - 1) : reasons
  const lines = shown.flatMap(({ texts, resource }) =>
    texts.map((text, index) => ({
      text: shortened(text, 'note', REASON_WIDTH_MAX),
      resource: index === 0 ? resource : null,
    })),
  )
  return over > 0 ? [...lines, { text: `and ${over + 1} more`, resource: null }] : lines
}

function graphOf(nodes: readonly WaitNode[], { lines }: WaitPicture): ElkNode {
  return {
    id: 'waits',
    layoutOptions: {
      'elk.algorithm': 'layered',
      'elk.direction': 'RIGHT',
      'elk.edgeRouting': 'ORTHOGONAL',
      'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
      'elk.spacing.nodeNode': '18',
      'elk.spacing.edgeNode': '14',
      'elk.spacing.edgeEdge': '10',
      'elk.layered.spacing.nodeNodeBetweenLayers': '26',
      'elk.layered.spacing.edgeNodeBetweenLayers': '14',
      'elk.layered.spacing.edgeEdgeBetweenLayers': '10',
      'elk.padding': '[top=12,left=12,bottom=12,right=12]',
      'elk.json.edgeCoords': 'ROOT',
      'elk.json.shapeCoords': 'ROOT',
    },
    children: nodes.map(node => ({ id: node.task_id, ...CARD })),
    edges: lines.map(line => {
      const texts = linesOf(line).map(({ text }) => text)
      return {
        id: line.id,
        sources: [line.from],
        targets: [line.to],
        labels: [
          {
            text: texts.join('\n'),
            width: Math.max(...texts.map(text => widthOf(text, 'note'))) + 10,
            height: texts.length * NOTE_LINE_PX + 4,
            layoutOptions: { 'elk.edgeLabels.inline': 'true' },
          },
        ],
      }
    }),
  }
}

function edgeClass(name: string, line: WaitLine, hot: string | null): string {
  const isHot = hot === line.from || hot === line.to
  return `${name}${isHot ? ' is-taken' : ''}${line.isFar ? ' is-far' : ''}`
}

/** The coloured left edge of a card. */
function sideOf({ x, y, height }: Box): string {
  return `M${x + 6},${y + 0.6}h-0c-3.3,0 -5.4,2.4 -5.4,5.4v${height - 12}c0,3 2.1,5.4 5.4,5.4z`
}
