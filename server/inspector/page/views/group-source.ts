// The groups that a list shows, and how events of the stream change them.
import type { GroupRow, GroupsAnswer, GroupValue, StateSummary } from '../data.ts'
import { queryOf, read } from '../http.ts'
import type { EventBody } from '../live/frames.ts'
import type { ListSource } from '../live/latest-list.ts'

export interface GroupFilter {
  states: readonly string[]
  search: string
}

export function groupSource({ states, search }: GroupFilter): ListSource<GroupRow> {
  return {
    page: async (before, limit, signal) => {
      const query = queryOf({ state: states, search, limit, before })
      const { groups, next } = await read<GroupsAnswer>(`groups/${query}`, signal)
      return { rows: groups, next }
    },
    idOf: row => row.group_id,
    rowIdIn: ({ name, body }) => (name === 'group' ? (body.task_group_id ?? null) : null),
    changed: changedGroup,
    fits: ({ value }) => states.length === 0 || states.some(state => value.startsWith(state)),
  }
}

function changedGroup(row: GroupRow, body: EventBody): GroupRow {
  return {
    ...row,
    value: body.value as GroupValue,
    state_summary: (body.state_summary as StateSummary | undefined) ?? row.state_summary,
  }
}
