// All groups, latest first: how far each is, at a glance and live.
import { cancelGroup, changeGroup } from '../actions.ts'
import { count } from '../clock.ts'
import type { GroupRow } from '../data.ts'
import { MOUNT } from '../http.ts'
import { Sign, StateGlyph } from '../parts/icon.tsx'
import { Empty } from '../parts/notice.tsx'
import type { Column } from '../parts/rows.tsx'
import { Scrolled } from '../parts/scrolled.tsx'
import { SearchBox } from '../parts/search-box.tsx'
import { Badge, StackedBar } from '../parts/state.tsx'
import { Ago, Lasted, ShortId, Tags } from '../parts/text.tsx'
import { hrefs, navigate, query, setQuery } from '../router.ts'
import { endedCount, groupLook, percentEnded } from '../states.ts'
import { groupSource } from './group-source.ts'
import { LatestRows, ListNews, useLatest } from './latest-rows.tsx'
import { useTitle } from './title.ts'

const FILTERS = [
  { state: 'active', tone: 'running' },
  { state: 'suspended', tone: 'suspended' },
  { state: 'cancelling', tone: 'cancelling' },
  { state: 'settled', tone: 'finished' },
] as const

export function GroupsView() {
  const states = query.value.getAll('state')
  const search = query.value.get('search') ?? ''
  useTitle('Groups')
  const filter = JSON.stringify([states, search])
  const list = useLatest(filter, () => groupSource({ states, search }))

  const toggle = (state: string) =>
    setQuery({
      state: states.includes(state) ? states.filter(each => each !== state) : [...states, state],
    })
  return (
    <div class="view fills">
      <header class="view-head">
        <h1>Groups</h1>
        <div class="toolbar">
          <SearchBox
            label="Id or tag"
            value={search}
            onSearch={text => setQuery({ search: text })}
          />
          <fieldset class="legend">
            <legend class="unseen">Filter groups by state</legend>
            {FILTERS.map(({ state, tone }) => (
              <button
                key={state}
                type="button"
                class="chip"
                aria-pressed={states.includes(state)}
                onClick={() => toggle(state)}
              >
                <StateGlyph tone={tone} />
                {state}
              </button>
            ))}
          </fieldset>
          <ListNews list={list} />
        </div>
      </header>
      <LatestRows
        list={list}
        noun="groups"
        label="Groups"
        kind="groups"
        columns={COLUMNS}
        onOpen={row => navigate(hrefs.group(row.group_id))}
        onKey={(key, row) => {
          if (key === 'c' && row.value !== 'settled') cancelGroup(row)
          if (key === 's') suspendOrResume(row)
        }}
        isFiltered={states.length > 0 || search !== ''}
        empty={<NoGroups />}
      />
    </div>
  )
}

const EXAMPLE = `curl ${location.origin}${MOUNT}/v2/task_groups/ \\
  -H 'content-type: application/json' \\
  -d '{"calls": [{"call": "…", "args": {}}]}'`

function NoGroups() {
  return (
    <Empty title="No groups yet">
      <p>A group appears here as soon as it is submitted:</p>
      <Scrolled label="An example">{EXAMPLE}</Scrolled>
    </Empty>
  )
}

function suspendOrResume(row: GroupRow): void {
  if (row.value.startsWith('active')) changeGroup(row.group_id, 'suspend')
  if (row.value.startsWith('suspended')) changeGroup(row.group_id, 'resume')
}

const COLUMNS: readonly Column<GroupRow>[] = [
  {
    name: 'State',
    class: 'col-state',
    cell: row => {
      const { word, tone } = groupLook(row)
      // One that is open does not end by itself, whatever its bar says.
      return <Badge tone={tone} word={row.value.endsWith('.open') ? `${word}, open` : word} />
    },
  },
  {
    name: 'Group',
    class: 'col-name',
    cell: row => (
      <>
        <a href={hrefs.group(row.group_id)} tabIndex={-1}>
          <ShortId id={row.group_id} />
        </a>
        <Tags tags={row.tags} />
      </>
    ),
  },
  { name: 'Progress', class: 'col-bar', cell: row => <StackedBar counts={row.state_summary} /> },
  {
    name: 'Ended',
    class: 'right number',
    cell: row => `${percentEnded(row.state_summary)}%`,
  },
  {
    name: 'Tasks',
    class: 'right number narrow-out',
    cell: ({ state_summary: counts }) => (
      <>
        {count(endedCount(counts))}
        <span class="faint"> / {count(counts.total)}</span>
      </>
    ),
  },
  {
    name: 'Running',
    class: 'right number narrow-out',
    cell: ({ state_summary: { running } }) => (
      <span class={running === 0 ? 'faint' : undefined}>{count(running)}</span>
    ),
  },
  {
    name: 'Errors',
    class: 'right number narrow-out',
    cell: ({ state_summary: { error } }) => (
      <span class={error === 0 ? 'faint' : 'bad'}>{count(error)}</span>
    ),
  },
  { name: 'Age', class: 'right number', cell: row => <Ago ms={row.submit_ms} /> },
  {
    name: 'Took',
    class: 'right number narrow-out',
    cell: row => <Lasted fromMs={row.submit_ms} toMs={row.finish_ms} />,
  },
  {
    name: 'Actions',
    silent: true,
    class: 'row-actions narrow-out',
    cell: row => <RowActions row={row} />,
  },
]

function RowActions({ row }: { row: GroupRow }) {
  const isSuspended = row.value.startsWith('suspended')
  const canChange = isSuspended || row.value.startsWith('active')
  if (row.value === 'settled') return null
  return (
    <>
      {canChange && (
        <button
          type="button"
          class="icon-button"
          tabIndex={-1}
          aria-label={isSuspended ? 'Resume' : 'Suspend'}
          title={isSuspended ? 'Resume (s)' : 'Suspend (s)'}
          onClick={() => suspendOrResume(row)}
        >
          <Sign name={isSuspended ? 'play' : 'pause'} />
        </button>
      )}
      {row.value !== 'cancelling' && (
        <button
          type="button"
          class="icon-button danger"
          tabIndex={-1}
          aria-label="Cancel"
          title="Cancel (c)"
          onClick={() => cancelGroup(row)}
        >
          <Sign name="stop" />
        </button>
      )}
    </>
  )
}
