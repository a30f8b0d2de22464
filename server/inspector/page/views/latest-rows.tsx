// A list of the latest, as a table: read as far as one scrolls, and held still while one points at it.
import type { ComponentChildren } from 'preact'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import { count } from '../clock.ts'
import { LatestList, type ListSource } from '../live/latest-list.ts'
import { Empty, Failed, Loading } from '../parts/notice.tsx'
import { type Column, Rows } from '../parts/rows.tsx'
import { setQuery } from '../router.ts'

/** The list of a source; another key is another list. */
export function useLatest<Row extends { seq: number }>(
  key: string,
  sourceOf: () => ListSource<Row>,
): LatestList<Row> {
  const list = useMemo(() => new LatestList(sourceOf()), [key])
  useEffect(() => () => list.close(), [list])
  return list
}

interface Props<Row extends { seq: number }> {
  list: LatestList<Row>
  /** `groups`: what they are called. */
  noun: string
  label: string
  kind: string
  columns: readonly Column<Row>[]
  onOpen: (row: Row) => void
  onKey?: (key: string, row: Row) => void
  isFiltered: boolean
  /** Shown when there are none at all. */
  empty: ComponentChildren
}

export function LatestRows<Row extends { seq: number }>(props: Props<Row>) {
  const { list, noun, isFiltered } = props
  const last = useRef(list)
  if (list.rows.value !== null) last.current = list
  // Until the first answer the rows of the filter before stay.
  const rows = last.current.rows.value
  const error = list.error.value
  const isLooking = list.isLooking.value
  if (rows === null) {
    return error === null ? (
      <Loading what={noun} />
    ) : (
      <Failed error={error} onRetry={() => list.reload()} />
    )
  }
  const hold = (isHeld: boolean) => () => list.hold(isHeld)
  return (
    <div
      class="fill"
      aria-busy={last.current !== list}
      onPointerEnter={hold(true)}
      onPointerLeave={hold(false)}
      onFocusIn={hold(true)}
      onFocusOut={hold(false)}
    >
      <Rows
        key={list}
        label={props.label}
        kind={props.kind}
        columns={props.columns}
        count={rows.length}
        rowAt={index => rows[index]}
        onWindow={(first, end) => list.show(first, end)}
        onOpen={props.onOpen}
        {...(props.onKey && { onKey: props.onKey })}
        empty={
          isLooking ? (
            <Loading what={`older ${noun}`} />
          ) : isFiltered ? (
            <NoMatch noun={noun} />
          ) : (
            props.empty
          )
        }
      />
    </div>
  )
}

function NoMatch({ noun }: { noun: string }) {
  return (
    <Empty title={`No ${noun.slice(0, -1)} matches`}>
      <button type="button" class="button" onClick={() => setQuery({ state: null, search: null })}>
        Show all {noun}
      </button>
    </Empty>
  )
}

/** What the list does of which one sees nothing: it looks further back, or holds back what came. */
export function ListNews<Row extends { seq: number }>({ list }: { list: LatestList<Row> }) {
  const fresh = list.fresh.value
  const looksOn = list.isLooking.value && list.rows.value !== null
  return (
    <>
      <span class="faint" role="status">
        {looksOn && 'Looking further back…'}
      </span>
      <button
        type="button"
        class="button small fresh"
        data-none={fresh === 0 ? '' : undefined}
        onClick={() => list.showFresh()}
      >
        {fresh >= 100 ? '100 or more' : count(fresh)} new – show
      </button>
    </>
  )
}
