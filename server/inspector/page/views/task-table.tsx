// The tasks of a group as a table of any length, with filters, and cancellation of those chosen.
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { cancelTask, cancelTasks } from '../actions.ts'
import { count, counted } from '../clock.ts'
import type { TaskRow, TaskValue } from '../data.ts'
import { follow } from '../live/follow.ts'
import { Sign } from '../parts/icon.tsx'
import { Empty, Failed, Loading } from '../parts/notice.tsx'
import { type Column, type RowSelection, Rows } from '../parts/rows.tsx'
import { SearchBox } from '../parts/search-box.tsx'
import { TaskBadge } from '../parts/state.tsx'
import { Ago, Lasted, ShortId, TailId } from '../parts/text.tsx'
import { hrefs, navigate, setQuery } from '../router.ts'
import { isFinal } from '../states.ts'
import { TaskDetail } from './task-detail.tsx'
import { TaskPages } from './task-pages.ts'

interface Props {
  groupId: string
  states: readonly string[]
  search: string
  /** Tasks of the group, as its counts say. */
  groupTotal: number
  /** What a task was at the moment that is looked at; null: live. */
  valueThen: ((taskId: string) => TaskValue | null) | null
}

/** Which tasks are chosen: some by id, or all that the filter matches. */
type Chosen = { all: true } | { all: false; ids: ReadonlySet<string> }
const NONE: Chosen = { all: false, ids: new Set() }

export function TaskTable({ groupId, states, search, groupTotal, valueThen }: Props) {
  const filter = JSON.stringify([groupId, states, search])
  // Another filter is another list.
  const pages = useMemo(() => new TaskPages({ groupId, states, search }), [filter])
  const [chosen, setChosen] = useState<Chosen>(NONE)
  const [anchor, setAnchor] = useState(0)
  useEffect(() => {
    setChosen(NONE)
    const leave = follow(`task_groups/${groupId}/events/`, {
      onOpen: resumed => resumed || pages.refresh(),
      onEvents: events => pages.take(events),
    })
    return () => {
      leave()
      pages.close()
    }
  }, [pages, groupId])
  // Tasks were added: the last page has more rows.
  useEffect(() => pages.refresh(), [pages, groupTotal])

  const last = useRef(pages)
  if (pages.total.value !== null) last.current = pages
  // Until the first answer the rows of the filter before stay.
  const shown = last.current
  void shown.version.value
  const total = shown.total.value
  const error = pages.error.value
  const isFiltered = states.length > 0 || search !== ''
  const columns = useMemo(() => columnsOf(valueThen), [valueThen])
  const onWindow = useCallback((first: number, end: number) => pages.show(first, end), [pages])

  const has = (index: number) => {
    const row = pages.rowAt(index)
    return chosen.all || (row !== undefined && chosen.ids.has(row.task_id))
  }
  const selection: RowSelection = {
    has,
    isAll: chosen.all,
    isSome: chosen.all || chosen.ids.size > 0,
    clear: () => setChosen(NONE),
    toggleAll: () => setChosen(chosen.all ? NONE : { all: true }),
    toggle: (index, range) => {
      const ids = new Set(chosen.all ? [] : chosen.ids)
      const [from, to] = range ? [Math.min(anchor, index), Math.max(anchor, index)] : [index, index]
      const adds = range || chosen.all || !has(index)
      for (let at = from; at <= to; at += 1) {
        const row = pages.rowAt(at)
        if (row === undefined) continue
        if (adds) ids.add(row.task_id)
        else ids.delete(row.task_id)
      }
      setAnchor(index)
      setChosen({ all: false, ids })
    },
  }
  const chosenCount = chosen.all ? (total ?? 0) : chosen.ids.size
  const cancelChosen = () =>
    cancelTasks(
      chosenCount,
      async (signal, progress) =>
        chosen.all
          ? pages.unfinishedIds(signal, read => progress(`Reading ${counted(read, 'task')}…`))
          : [...chosen.ids],
      () => setChosen(NONE),
    )

  return (
    <>
      <div class="toolbar">
        <SearchBox
          label="Id, call or tag"
          value={search}
          onSearch={text => setQuery({ search: text })}
        />
        <span class="faint number" role="status">
          {total === null ? '' : counted(total, 'task')}
        </span>
        <span class="spring" />
        <div class="bulk" data-none={chosenCount === 0 ? '' : undefined}>
          <span class="number">{count(chosenCount)} chosen</span>
          <button type="button" class="button small" onClick={selection.clear}>
            Clear
          </button>
          <button
            type="button"
            class="button small danger"
            disabled={chosenCount === 0}
            onClick={cancelChosen}
          >
            Cancel chosen…
          </button>
        </div>
      </div>
      {total === null && error !== null ? (
        <Failed error={error} onRetry={() => pages.retry()} />
      ) : total === null ? (
        <Loading what="tasks" />
      ) : (
        <div class="fill" aria-busy={shown !== pages}>
          <Rows
            key={filter}
            label="Tasks of the group"
            kind="tasks"
            columns={columns}
            count={total}
            rowAt={index => shown.rowAt(index)}
            onWindow={onWindow}
            onOpen={row => navigate(hrefs.task(row.task_id))}
            onKey={(key, row) => {
              if (key === 'c' && !isFinal(row.value)) cancelTask(row)
            }}
            selection={selection}
            empty={
              isFiltered ? (
                <Empty title="No task matches">
                  <button
                    type="button"
                    class="button"
                    onClick={() => setQuery({ state: null, search: null })}
                  >
                    Show all tasks
                  </button>
                </Empty>
              ) : (
                <Empty title="No tasks yet">
                  <p>This group is open: calls can be added to it.</p>
                </Empty>
              )
            }
          />
        </div>
      )}
    </>
  )
}

function columnsOf(valueThen: Props['valueThen']): readonly Column<TaskRow>[] {
  return [
    {
      name: 'State',
      class: 'col-state',
      cell: row => {
        if (valueThen === null) return <TaskBadge value={row.value} />
        const then = valueThen(row.task_id)
        return then === null ? <span class="faint">not submitted</span> : <TaskBadge value={then} />
      },
    },
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
      name: 'Attempt',
      class: 'right number narrow-out',
      cell: row => <span class={row.attempt > 1 ? undefined : 'faint'}>{row.attempt}</span>,
    },
    { name: 'Detail', class: 'col-detail', cell: row => <TaskDetail row={row} /> },
    {
      name: 'Worker',
      class: 'narrow-out col-worker',
      cell: row => <span class="faint">{row.worker ?? ''}</span>,
    },
    { name: 'Age', class: 'right number narrow-out', cell: row => <Ago ms={row.submit_ms} /> },
    {
      name: 'Ran',
      class: 'right number',
      cell: row => <Lasted fromMs={row.start_ms} toMs={row.finish_ms} />,
    },
    {
      name: 'Actions',
      silent: true,
      class: 'row-actions narrow-out',
      cell: row =>
        isFinal(row.value) ? null : (
          <button
            type="button"
            class="icon-button danger"
            tabIndex={-1}
            aria-label="Cancel"
            title="Cancel (c)"
            onClick={() => cancelTask(row)}
          >
            <Sign name="stop" />
          </button>
        ),
    },
  ]
}
