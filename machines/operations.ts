// What one use of a resource means for a later one: the matrix of CONTRACT §3, and nothing else.

/** The four things that a task can do to a resource. */
export const OPERATIONS = ['create', 'read', 'update', 'delete'] as const

export type Operation = (typeof OPERATIONS)[number]

/** What admission says of one use: nothing in the way, must wait, or can never run. */
export type Response = 'accepted' | 'postponed' | 'rejected'

/** Row: an earlier, unfinished use of the same resource. Column: the proposed operation. */
export const MATRIX: Readonly<Record<Operation, Readonly<Record<Operation, Response>>>> = {
  create: { create: 'rejected', read: 'postponed', update: 'postponed', delete: 'postponed' },
  read: { create: 'postponed', read: 'accepted', update: 'postponed', delete: 'postponed' },
  update: { create: 'postponed', read: 'accepted', update: 'postponed', delete: 'postponed' },
  delete: { create: 'postponed', read: 'rejected', update: 'rejected', delete: 'rejected' },
}
