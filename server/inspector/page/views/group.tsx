// One group: how far it is, its tasks, its timeline and its statechart; live, or at a moment of its past.
import { useCallback, useEffect, useState } from 'preact/hooks'
import { cancelGroup, changeGroup } from '../actions.ts'
import { clockTime } from '../clock.ts'
import type { GroupRow, GroupValue, StateSummary, TaskState } from '../data.ts'
import { AnswerError } from '../http.ts'
import { useAnswer } from '../live/answer.ts'
import { follow } from '../live/follow.ts'
import { Sign } from '../parts/icon.tsx'
import { later } from '../parts/later.tsx'
import { MachineChart } from '../parts/machine.tsx'
import { Empty, Failed, Loading } from '../parts/notice.tsx'
import { Badge, Legend, StackedBar } from '../parts/state.tsx'
import { Tabs } from '../parts/tabs.tsx'
import { Ago, CopyButton, Lasted, Tags } from '../parts/text.tsx'
import { hrefs, navigate, query, setQuery } from '../router.ts'
import { groupLook, percentEnded, unfinishedCount } from '../states.ts'
import { type Past, pastOf } from '../timeline/past.ts'
import { TaskTable } from './task-table.tsx'
import { useTitle } from './title.ts'

const Timeline = later(
  'the timeline',
  async () => (await import('../timeline/timeline.tsx')).Timeline,
)
const TimeTravel = later(
  'the history',
  async () => (await import('../timeline/time-travel.tsx')).TimeTravel,
)

const TABS = [
  { name: 'tasks', title: 'Tasks' },
  { name: 'timeline', title: 'Timeline' },
  { name: 'chart', title: 'Statechart' },
]

export function GroupView({ id }: { id: string }) {
  useTitle(`Group ${id.slice(-8)}`)
  const { data, error, reload, patch } = useAnswer<GroupRow>(`groups/${id}/`)
  useEffect(
    () =>
      follow(`task_groups/${id}/events/`, {
        onOpen: resumed => resumed || reload(),
        onEvents: events => {
          const changes = events.filter(({ name }) => name === 'group')
          if (changes.length === 0) return
          const value = changes.at(-1)?.body.value as GroupValue
          const counts = changes.findLast(({ body }) => body.state_summary)?.body.state_summary
          patch(row => ({
            ...row,
            value,
            state_summary: (counts as StateSummary | undefined) ?? row.state_summary,
          }))
          // When it settled, and whether it was cancelled, is not in the event.
          if (value === 'settled' || value === 'cancelling' || counts === undefined) reload()
        },
      }),
    [id, reload, patch],
  )
  // One that was deleted while it was shown is no longer there either.
  if (error instanceof AnswerError && (error.status === 404 || error.status === 400)) {
    return (
      <Empty title="No such group" isView>
        <p>
          No group has the id <code>{id}</code>. It may be mistyped, or it was deleted.
        </p>
        <a class="button" href={hrefs.groups}>
          All groups
        </a>
      </Empty>
    )
  }
  if (data !== null) return <Group row={data} />
  return error === null ? <Loading what="the group" /> : <Failed error={error} onRetry={reload} />
}

function Group({ row }: { row: GroupRow }) {
  const id = row.group_id
  const params = query.value
  const tab = TABS.find(({ name }) => name === params.get('tab'))?.name ?? 'tasks'
  const states = params.getAll('state')
  const atText = params.get('at')
  const at = atText !== null && /^\d{1,15}$/.test(atText) ? Number(atText) : null
  const [travels, setTravels] = useState(at !== null)
  const past = travels ? pastOf(id).value : null
  const shown = shownAt(row, past)

  const moveTo = useCallback(
    (eventId: number | null) => setQuery({ at: eventId === null ? null : String(eventId) }),
    [],
  )
  const openTask = useCallback((taskId: string) => navigate(hrefs.task(taskId)), [])
  const toggle = (state: TaskState) => {
    const chosen = states.includes(state)
      ? states.filter(each => each !== state)
      : [...states, state]
    setQuery({ state: chosen, tab: null })
  }
  return (
    <div class={tab === 'chart' ? 'view' : 'view fills'}>
      <GroupHead
        row={row}
        shown={shown}
        travels={travels}
        onTravel={() => {
          if (travels) moveTo(null)
          setTravels(!travels)
        }}
      />
      <section class="counts" aria-label="Tasks by state">
        <StackedBar counts={shown.state_summary} tall />
        <Legend counts={shown.state_summary} chosen={states} onToggle={toggle} />
      </section>
      {travels && (
        <section class="travel" aria-label="Time travel">
          <TimeTravel groupId={id} at={at} onChange={moveTo} />
          {past !== null && (
            <p class="travel-note">
              This is the past: <b>{clockTime(past.atMs)}</b>. Filters and the other columns are of
              the present.
            </p>
          )}
        </section>
      )}
      <Tabs
        label="Views of the group"
        tabs={TABS}
        chosen={tab}
        hrefOf={name => tabHref(id, name, params)}
      />
      <div id="tab-panel" role="tabpanel" aria-labelledby={`tab-${tab}`} class="panel">
        {tab === 'tasks' && (
          <TaskTable
            groupId={id}
            states={states}
            search={params.get('search') ?? ''}
            groupTotal={row.state_summary.total}
            valueThen={past?.valueOf ?? null}
          />
        )}
        {tab === 'timeline' && <Timeline groupId={id} at={at} onTask={openTask} />}
        {tab === 'chart' && (
          <div class="card chart-card">
            <MachineChart name="group" active={shown.value} />
          </div>
        )}
      </div>
    </div>
  )
}

/** The group as it was, where the past says it, and otherwise as it is. */
function shownAt(row: GroupRow, past: Past | null): GroupRow {
  if (past === null) return row
  const counts = past.counts
  const total = Object.values(counts).reduce((sum, each) => sum + each, 0)
  return {
    ...row,
    value: past.groupValue as GroupValue,
    state_summary: { ...row.state_summary, ...counts, total },
  }
}

function tabHref(id: string, name: string, params: URLSearchParams): string {
  const next = new URLSearchParams(params)
  if (name === 'tasks') next.delete('tab')
  else next.set('tab', name)
  const text = next.toString()
  return `${hrefs.group(id)}${text === '' ? '' : `?${text}`}`
}

function GroupHead({
  row,
  shown,
  travels,
  onTravel,
}: {
  row: GroupRow
  shown: GroupRow
  travels: boolean
  onTravel: () => void
}) {
  const id = row.group_id
  const { word, tone } = groupLook(shown)
  const isActive = row.value.startsWith('active')
  const isSuspended = row.value.startsWith('suspended')
  const isSettled = row.value === 'settled'
  return (
    <header class="view-head">
      <nav class="crumbs" aria-label="Breadcrumb">
        <a href={hrefs.groups}>Groups</a>
        <Sign name="right" />
      </nav>
      <div class="title-line">
        <h1>
          <span class="unseen">Group </span>
          <span class="id">{id}</span>
        </h1>
        <CopyButton text={id} label="Copy the id" />
        <Badge tone={tone} word={word} />
        {shown.value.endsWith('open') && (
          <span class="tag" title="Calls can be added to it">
            open
          </span>
        )}
        <span class="spring" />
        <div class="actions">
          <button type="button" class="button" aria-pressed={travels} onClick={onTravel}>
            <Sign name="history" />
            Time travel
          </button>
          {shown.value.endsWith('open') && (
            <button type="button" class="button" onClick={() => changeGroup(id, 'close')}>
              <Sign name="lock" />
              Close
            </button>
          )}
          <button
            type="button"
            class="button"
            disabled={!isActive && !isSuspended}
            onClick={() => changeGroup(id, isSuspended ? 'resume' : 'suspend')}
          >
            <Sign name={isSuspended ? 'play' : 'pause'} />
            {isSuspended ? 'Resume' : 'Suspend'}
          </button>
          <button
            type="button"
            class="button danger"
            disabled={isSettled || row.value === 'cancelling'}
            onClick={() => cancelGroup(row)}
          >
            <Sign name="stop" />
            Cancel
          </button>
        </div>
      </div>
      <dl class="facts">
        <div>
          <dt>Ended</dt>
          <dd class="number">{percentEnded(shown.state_summary)}%</dd>
        </div>
        <div>
          <dt>Unfinished</dt>
          <dd class="number">{unfinishedCount(shown.state_summary).toLocaleString('en')}</dd>
        </div>
        <div>
          <dt>Submitted</dt>
          <dd>
            <Ago ms={row.submit_ms} /> ago
          </dd>
        </div>
        <div>
          <dt>{isSettled ? 'Took' : 'Has taken'}</dt>
          <dd>
            <Lasted fromMs={row.submit_ms} toMs={row.finish_ms} />
          </dd>
        </div>
        <div>
          <dt>On failure</dt>
          <dd>{row.on_failure === 'cancel' ? 'cancel the others' : 'continue'}</dd>
        </div>
        {row.tags.length > 0 && (
          <div class="wide">
            <dt>Tags</dt>
            <dd>
              <Tags tags={row.tags} />
            </dd>
          </div>
        )}
      </dl>
    </header>
  )
}
