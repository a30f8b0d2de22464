// Whose turn it is: what must hold when a task joins a group, takes its place, or is started.
import { isOpen, isSuspended } from '../../../machines/index.ts'
import { hindrance, outranks, standBefore } from '../standing.ts'
import type { MoveRule } from './moves.ts'

export const turnRules: MoveRule[] = [
  {
    rule: 'A closed or cancelled group gains no task',
    broken: ({ from, to }, { ledger, isNewGroup }) => {
      if (from !== null) return null
      const group = ledger.groupOf(to)
      if (group === undefined) return to.groupId === null ? null : 'its group does not exist'
      if (group.canceled) return `its group ${group.groupId} was cancelled`
      // A child may join its parent's group when that is closed, and the first members any group.
      if (to.parentId !== null || isOpen(group) || isNewGroup(group.groupId)) return null
      return `its group ${group.groupId} is ${group.value}`
    },
  },
  {
    rule: 'No task of a cancelled or suspended group starts',
    broken: ({ from, to }, { ledger }) => {
      if (from?.value !== 'waiting' || to.value !== 'running.executing') return null
      const group = ledger.groupOf(to)
      if (group === undefined) return null
      return group.canceled || isSuspended(group) ? `${group.groupId} is ${group.value}` : null
    },
  },
  {
    rule: 'Nobody overtakes: a task starts when nothing before it stands in its way',
    broken: ({ from, to }, { ledger }) => {
      if (to.value !== 'running.executing' || from?.value === to.value) return null
      return from === null ? 'it was not there before' : hindrance(ledger, from)
    },
  },
  {
    rule: 'Ready tasks start in order of priority, then of their places',
    broken: ({ from, to }, { ledger }) => {
      if (from?.value !== 'waiting' || to.value !== 'running.executing') return null
      for (const other of ledger.unfinished.values()) {
        if (other.taskId === to.taskId || !outranks(other, to)) continue
        const group = ledger.groupOf(other)
        if (group?.canceled || (group !== undefined && isSuspended(group))) continue
        if (other.blockers === 0 && hindrance(ledger, other) === null)
          return `${other.taskId} comes before it`
      }
      return null
    },
  },
  {
    rule: 'A place is taken behind all others, and never behind a use that rejects',
    broken: ({ from, to }, { ledger }) => {
      const before = from?.place ?? null
      if (to.place === before) return null
      if (before !== null) return `it moved from place ${before} to ${to.place}`
      if ((to.place ?? 0) <= ledger.lastPlace) return `place ${to.place} was given before`
      const [rejecting] = standBefore(ledger, to, 'X')
      return rejecting === undefined ? null : `${rejecting.taskId} before it rejects it`
    },
  },
]
