// One resource: who holds it, who reads it, and who waits for it, in order.
import { useEffect, useState } from 'preact/hooks'
import { age, clockTime, counted, nowMs } from '../clock.ts'
import type { QueueRow, ResourceAnswer } from '../data.ts'
import { queryOf, read } from '../http.ts'
import { useAnswer, useHeartbeat } from '../live/answer.ts'
import { Sign } from '../parts/icon.tsx'
import { Empty, Failed, Loading } from '../parts/notice.tsx'
import { OperationTag } from '../parts/operation.tsx'
import { ScrollBox } from '../parts/scrolled.tsx'
import { TaskBadge } from '../parts/state.tsx'
import { hrefs, navigate, query } from '../router.ts'
import { useTitle } from './title.ts'

export function ResourcesView() {
  const type = query.value.get('type') ?? ''
  const id = query.value.get('id') ?? ''
  useTitle(type === '' ? 'Resources' : `${type} ${id}`)
  return (
    <div class="view">
      <header class="view-head">
        <h1>{type === '' ? 'Resources' : <Name type={type} id={id} />}</h1>
      </header>
      <Chooser key={`${type} ${id}`} type={type} id={id} />
      {type !== '' && id !== '' ? (
        <Queue key={`${type} ${id}`} type={type} id={id} />
      ) : (
        <WhichResource />
      )}
    </div>
  )
}

function WhichResource() {
  useHeartbeat()
  return (
    <Empty title="Which resource?">
      <p>
        Give a type and an id as calls name them, such as <code>repository</code> and{' '}
        <code>fedora</code>; or follow a resource from the page of a task that uses it.
      </p>
    </Empty>
  )
}

function Name({ type, id }: { type: string; id: string }) {
  return (
    <>
      <span class="faint">{type}</span> {id}
    </>
  )
}

function Chooser({ type, id }: { type: string; id: string }) {
  const [typed, setTyped] = useState({ type, id })
  const isWhole = typed.type.trim() !== '' && typed.id.trim() !== ''
  const go = () => isWhole && navigate(hrefs.resource(typed.type.trim(), typed.id.trim()))
  const field = (name: 'type' | 'id', label: string) => (
    <label class="field">
      <span>{label}</span>
      <input
        value={typed[name]}
        data-search={name === 'type' ? '' : undefined}
        spellcheck={false}
        autocomplete="off"
        onInput={event => setTyped({ ...typed, [name]: event.currentTarget.value })}
        onKeyDown={event => event.key === 'Enter' && go()}
      />
    </label>
  )
  return (
    <search class="toolbar">
      {field('type', 'Type')}
      {field('id', 'Id')}
      <button type="button" class="button" disabled={!isWhole} onClick={go}>
        <Sign name="search" />
        Show its queue
      </button>
    </search>
  )
}

const PAGE = 200
const EVERY_MS = 2_000

function Queue({ type, id }: { type: string; id: string }) {
  const path = `resources/${queryOf({ type, id, limit: PAGE })}`
  const { data, error, reload } = useAnswer<ResourceAnswer>(path, { everyMs: EVERY_MS })
  const [rest, setRest] = useState<ResourceAnswer | null>(null)
  useEffect(() => setRest(null), [path])
  if (data === null) {
    return error === null ? <Loading what="the queue" /> : <Failed error={error} onRetry={reload} />
  }
  const known = new Set(data.queue.map(row => row.task_id))
  const queue = [...data.queue, ...(rest?.queue.filter(row => !known.has(row.task_id)) ?? [])]
  const next = rest === null ? data.next : rest.next
  const holding = queue.filter(row => row.granted)
  const waiting = queue.filter(row => !row.granted)
  const more = async () => {
    const answer = await read<ResourceAnswer>(
      `resources/${queryOf({ type, id, limit: PAGE, after: next })}`,
    )
    setRest({ ...answer, queue: [...(rest?.queue ?? []), ...answer.queue] })
  }
  if (queue.length === 0) {
    return (
      <Empty title="Nobody uses it">
        <p>
          No unfinished task names <Name type={type} id={id} />: the next one that does is accepted.
        </p>
      </Empty>
    )
  }
  return (
    <>
      <section class="card" aria-labelledby="holding-title">
        <h2 id="holding-title">
          {holding.every(({ operation }) => operation === 'read') ? 'Read by' : 'Held by'}
        </h2>
        <QueueTable label="Holders" rows={holding} />
      </section>
      <section class="card" aria-labelledby="line-title">
        <h2 id="line-title">
          Waiting, in order{' '}
          <span class="faint">
            {next === null ? counted(waiting.length, 'task') : `first ${waiting.length}`}
          </span>
        </h2>
        {waiting.length === 0 ? (
          <p class="faint">Nobody waits for it.</p>
        ) : (
          <QueueTable label="Queue" rows={waiting} />
        )}
        {next !== null && (
          <button type="button" class="button small" onClick={() => more().catch(reload)}>
            Show more
          </button>
        )}
      </section>
    </>
  )
}

function QueueTable({ label, rows }: { label: string; rows: readonly QueueRow[] }) {
  return (
    <ScrollBox class="scrolls" label={label}>
      <table class="table queue">
        <thead>
          <tr>
            <th scope="col" class="right slim">
              Place
            </th>
            <th scope="col" class="slim">
              Operation
            </th>
            <th scope="col">Task</th>
            <th scope="col" class="slim">
              State
            </th>
            <th scope="col" class="narrow-out slim">
              Group
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(row => (
            <tr key={row.task_id}>
              <td class="right number faint">{row.place}</td>
              <td>
                <OperationTag operation={row.operation} />
              </td>
              <td>
                <a href={hrefs.task(row.task_id)}>
                  {row.call} <span class="id faint">…{row.task_id.slice(-8)}</span>
                </a>
              </td>
              <td>
                <TaskBadge value={row.value} />
                {row.wake_at_ms !== null && (
                  <span class="faint" title={clockTime(row.wake_at_ms)}>
                    {' '}
                    {row.wake_at_ms > nowMs.value
                      ? `due in ${age(nowMs.value, row.wake_at_ms)}`
                      : 'due'}
                  </span>
                )}
              </td>
              <td class="narrow-out">
                {row.group_id !== null && (
                  <a href={hrefs.group(row.group_id)} class="id">
                    …{row.group_id.slice(-8)}
                  </a>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollBox>
  )
}
