// What the inspector's data can be asked.

import { TASK_STATES } from '../../machines/index.ts'
import { type TSchema, Type } from '../typebox.ts'

const strict = { additionalProperties: false }
const maybe = <T extends TSchema>(schema: T) => Type.Optional(schema)

const oneTo = (maximum: number) => maybe(Type.Integer({ minimum: 1, maximum }))
const Position = maybe(Type.Integer({ minimum: 0 }))
const Search = maybe(Type.String({ maxLength: 200 }))

/** States of groups, without what a suspended or active one takes in. */
export const GROUP_STATES = ['active', 'suspended', 'cancelling', 'settled'] as const

export const GroupParams = Type.Object({ group_id: Type.String() })
export const TaskParams = Type.Object({ task_id: Type.String() })

export const GroupsQuery = Type.Object(
  {
    state: maybe(Type.Array(Type.Enum(GROUP_STATES))),
    search: Search,
    limit: oneTo(200),
    before: Position,
  },
  strict,
)

export const LatestTasksQuery = Type.Object(
  {
    state: maybe(Type.Array(Type.Enum(TASK_STATES))),
    search: Search,
    limit: oneTo(200),
    before: Position,
  },
  strict,
)

/** Of one group. */
export const TasksQuery = Type.Object(
  {
    state: maybe(Type.Array(Type.Enum(TASK_STATES))),
    search: Search,
    /** 0: only how many there are. */
    limit: maybe(Type.Integer({ minimum: 0, maximum: 500 })),
    skip: Position,
  },
  strict,
)

export const HistoryQuery = Type.Object({ after: Position, limit: oneTo(5_000) }, strict)

export const WaitsQuery = Type.Object({ limit: oneTo(200) }, strict)

export const ResourceQuery = Type.Object(
  { type: Type.String(), id: Type.String(), limit: oneTo(500), after: Position },
  strict,
)
