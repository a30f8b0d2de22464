// Why a task waits: who is in front of it, transitively, drawn and as text.
import { useCallback, useEffect } from 'preact/hooks'
import { claimOf } from '../charts/waits.ts'
import { age, clockTime, counted, nowMs } from '../clock.ts'
import type { TaskRow, WaitEdge, WaitNode, WaitsAnswer } from '../data.ts'
import { useAnswer } from '../live/answer.ts'
import { later } from '../parts/later.tsx'
import { Failed, Loading } from '../parts/notice.tsx'
import { TaskBadge } from '../parts/state.tsx'
import { hrefs, navigate } from '../router.ts'

const WaitGraph = later(
  'the graph',
  async () => (await import('../charts/wait-graph.tsx')).WaitGraph,
)

/** Those in front change without an event of this task. */
const EVERY_MS = 2_000

export function TaskWaits({ task }: { task: TaskRow }) {
  const { data, error, reload } = useAnswer<WaitsAnswer>(`tasks/${task.task_id}/waits/`, {
    everyMs: EVERY_MS,
  })
  const { value, blockers, wake_at_ms: wakeAtMs } = task
  // Read again when any of these has changed.
  useEffect(reload, [reload, value, blockers, wakeAtMs])
  const onTask = useCallback((id: string) => navigate(hrefs.task(id)), [])
  const onResource = useCallback(
    (type: string, id: string) => navigate(hrefs.resource(type, id)),
    [],
  )
  return (
    <section class="card" aria-labelledby="waits-title">
      <h2 id="waits-title">Why is it waiting?</h2>
      {data === null ? (
        error === null ? (
          <Loading what="what it waits for" />
        ) : (
          <Failed error={error} onRetry={reload} />
        )
      ) : (
        <>
          {data.because.length > 0 && (
            <ul class="because">
              {data.because.map(sentence => (
                <li key={sentence}>{sentence}</li>
              ))}
            </ul>
          )}
          {data.edges.length > 0 && (
            <WaitGraph graph={data} onTask={onTask} onResource={onResource} />
          )}
          {data.edges.length > 0 && <WaitList graph={data} taskId={task.task_id} />}
          {data.edges.length === 0 && data.because.length === 0 && (
            <p>Nothing is in its way: it starts with the next free slot.</p>
          )}
          {data.truncated && (
            <p class="faint">
              More are in front of these; {counted(data.nodes.length, 'task')} nearest to it are
              shown.
            </p>
          )}
        </>
      )}
    </section>
  )
}

/** The graph as text, in the order in which one would follow it. */
function WaitList({ graph, taskId }: { graph: WaitsAnswer; taskId: string }) {
  const names = new Map(graph.nodes.map(node => [node.task_id, node]))
  const heads = graph.nodes.filter(
    ({ task_id: id }) => id !== taskId && !graph.edges.some(({ from }) => from === id),
  )
  return (
    <details class="wait-text">
      <summary>The same as text</summary>
      <ul class="list">
        {graph.nodes.flatMap(node =>
          graph.edges
            .filter(({ from }) => from === node.task_id)
            .map(edge => (
              <li key={`${edge.from} ${edge.to} ${edge.resource_type} ${edge.resource_id}`}>
                <span>
                  <TaskLink node={node} isThis={node.task_id === taskId} /> waits for{' '}
                  <TaskLink node={names.get(edge.to)} isThis={false} />
                  <Reason edge={edge} isHeld={names.get(edge.to)?.blockers === 0} />
                </span>
              </li>
            )),
        )}
      </ul>
      {heads.length > 0 && (
        <>
          <h3>It comes down to</h3>
          <ul class="list">
            {heads.map(node => (
              <li key={node.task_id}>
                <TaskLink node={node} isThis={false} />
                {node.wake_at_ms !== null && (
                  <span class="faint">
                    due at {clockTime(node.wake_at_ms)}
                    {node.wake_at_ms > nowMs.value && `, in ${age(nowMs.value, node.wake_at_ms)}`}
                  </span>
                )}
                <TaskBadge value={node.value} />
              </li>
            ))}
          </ul>
        </>
      )}
    </details>
  )
}

function TaskLink({ node, isThis }: { node: WaitNode | undefined; isThis: boolean }) {
  if (node === undefined) return <span class="faint">a task beyond these</span>
  if (isThis) return <b>this task</b>
  return (
    <a href={hrefs.task(node.task_id)}>
      {node.call} <span class="id">…{node.task_id.slice(-8)}</span>
    </a>
  )
}

function Reason({ edge, isHeld }: { edge: WaitEdge; isHeld: boolean }) {
  const { resource_type: type, resource_id: id, states } = edge
  if (edge.why === 'dependency') {
    return <> to end{states === undefined ? '' : ` ${states.join(' or ')}`}, as it depends on it</>
  }
  if (type === undefined || id === undefined) return null
  return (
    <>
      :{' '}
      <a href={hrefs.resource(type, id)}>
        {type} {id}
      </a>
      , {claimOf(edge, isHeld)}
      {edge.far && ', with others between them'}
    </>
  )
}
