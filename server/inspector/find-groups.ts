// Groups for a table, latest first, by state and search.
import type { Group } from '../../machines/index.ts'
import type { Clock } from '../ports.ts'
import type { GroupWords, Inspection } from '../store/inspection.ts'
import { latestFirst } from './latest-first.ts'
import type { GROUP_STATES } from './schemas.ts'

export interface GroupQuery {
  /** Null: any. */
  states: (typeof GROUP_STATES)[number][] | null
  /** Beginning of the id, or part of a tag, in any case. */
  search: string
  limit: number
  beforeSeq: number
}

/** Finds a page of groups. */
export async function findGroups(
  inspection: Inspection,
  { states, search, limit, beforeSeq }: GroupQuery,
  clock: Clock,
): Promise<{ groups: Group[]; next: number | null }> {
  const text = search.trim().toLowerCase()
  const unsettled = states !== null && !states.includes('settled')
  const question = {
    read: (before: number, step: number) =>
      inspection.groupWords({ beforeSeq: before, unsettled, limit: step }),
    fits:
      states === null && text === ''
        ? null
        : (group: GroupWords) => isIn(group, states) && isFound(group, text),
    limit,
    beforeSeq,
  }
  const { seqs, next } = await latestFirst(question, clock)
  return { groups: await inspection.groups(seqs), next }
}

function isIn({ value }: GroupWords, states: GroupQuery['states']): boolean {
  const [state] = value.split('.', 1)
  return states === null || states.some(each => each === state)
}

function isFound({ groupId, tags }: GroupWords, text: string): boolean {
  return groupId.startsWith(text) || tags.some(tag => tag.toLowerCase().includes(text))
}
