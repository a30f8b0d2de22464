// Tasks of all groups and of none, latest first and live.

import { cancelTask } from '../actions.ts'
import type { TaskRow } from '../data.ts'
import { StateGlyph } from '../parts/icon.tsx'
import { Empty } from '../parts/notice.tsx'
import type { Column } from '../parts/rows.tsx'
import { SearchBox } from '../parts/search-box.tsx'
import { TaskBadge } from '../parts/state.tsx'
import { Ago, Lasted, ShortId, TailId } from '../parts/text.tsx'
import { hrefs, navigate, query, setQuery } from '../router.ts'
import { isFinal, TASK_STATES } from '../states.ts'
import { LatestRows, ListNews, useLatest } from './latest-rows.tsx'
import { TaskDetail } from './task-detail.tsx'
import { taskSource } from './task-source.ts'
import { useTitle } from './title.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export function TasksView() {
  useTitle('Tasks')
  const states = query.value.getAll('state')
  const search = query.value.get('search') ?? ''
  const filter = JSON.stringify([states, search])
  const list = useLatest(filter, () => taskSource({ states, search }))
  const toggle = (state: string) =>
    setQuery({
      state: states.includes(state) ? states.filter(each => each !== state) : [...states, state],
    })
  return (
    <div class="view fills">
      <header class="view-head">
        <h1>Tasks</h1>
        <div class="toolbar">
          <SearchBox
            label="Id, call or tag"
            value={search}
            onSearch={text => {
              if (UUID.test(text)) navigate(hrefs.task(text.toLowerCase()))
              else setQuery({ search: text })
            }}
          />
          <fieldset class="legend">
            <legend class="unseen">Filter tasks by state</legend>
            {TASK_STATES.map(state => (
              <button
                key={state}
                type="button"
                class="chip"
                aria-pressed={states.includes(state)}
                onClick={() => toggle(state)}
              >
                <StateGlyph tone={state} />
                {state}
              </button>
            ))}
          </fieldset>
          <ListNews list={list} />
        </div>
      </header>
      <LatestRows
        list={list}
        noun="tasks"
        label="Tasks"
        kind="found"
        columns={COLUMNS}
        onOpen={row => navigate(hrefs.task(row.task_id))}
        onKey={(key, row) => {
          if (key === 'c' && !isFinal(row.value)) cancelTask(row)
        }}
        isFiltered={states.length > 0 || search !== ''}
        empty={
          <Empty title="No tasks yet">
            <p>A task appears here as soon as it is submitted.</p>
          </Empty>
        }
      />
    </div>
  )
}

const COLUMNS: readonly Column<TaskRow>[] = [
  { name: 'State', class: 'col-state', cell: row => <TaskBadge value={row.value} /> },
  {
    name: 'Call',
    class: 'col-name',
    cell: row => (
      <>
        <a href={hrefs.task(row.task_id)} tabIndex={-1}>
          {row.call}
        </a>
        <TailId id={row.task_id} />
      </>
    ),
  },
  { name: 'Task', class: 'narrow-out', cell: row => <ShortId id={row.task_id} /> },
  {
    name: 'Group',
    class: 'narrow-out',
    cell: row =>
      row.group_id === null ? (
        <span class="faint">none</span>
      ) : (
        <a href={hrefs.group(row.group_id)} class="id" tabIndex={-1}>
          …{row.group_id.slice(-8)}
        </a>
      ),
  },
  {
    name: 'Attempt',
    class: 'right number narrow-out',
    cell: row => <span class={row.attempt > 1 ? undefined : 'faint'}>{row.attempt}</span>,
  },
  { name: 'Detail', class: 'col-detail', cell: row => <TaskDetail row={row} /> },
  { name: 'Age', class: 'right number', cell: row => <Ago ms={row.submit_ms} /> },
  {
    name: 'Ran',
    class: 'right number narrow-out',
    cell: row => <Lasted fromMs={row.start_ms} toMs={row.finish_ms} />,
  },
]
