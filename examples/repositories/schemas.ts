// The shapes that clients send: bodies and query strings. Unknown fields are
// refused everywhere; null stands for a field left out, as existing clients
// send it.

import { Type } from '../../server/index.ts'

const strict = { additionalProperties: false }
const NullableString = Type.Optional(Type.Union([Type.String(), Type.Null()]))
const NullableRecord = Type.Optional(
  Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]),
)
const NullableCount = Type.Optional(Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]))

/** What a client may set on a repository. */
export const RepositoryFields = {
  display_name: NullableString,
  description: NullableString,
  notes: NullableRecord,
  feed: NullableString,
}

/** A sync's settings for this one time. */
export const SyncOverride = Type.Optional(
  Type.Union([Type.Object({ feed: NullableString }, strict), Type.Null()]),
)

/** POST of the collection. */
export const CreateBody = Type.Object({ id: Type.String(), ...RepositoryFields }, strict)

/** PUT of one repository. */
export const UpdateBody = Type.Object({ delta: Type.Object(RepositoryFields, strict) }, strict)

/** POST of one repository's sync; the whole body may be missing. */
export const SyncBody = Type.Object({ override_config: SyncOverride }, strict)

/** POST of one repository's publish; the whole body may be missing. `id` is the publisher. */
export const PublishBody = Type.Object(
  {
    id: NullableString,
    override_config: Type.Optional(Type.Union([Type.Object({}, strict), Type.Null()])),
  },
  strict,
)

/** POST of a sync of several repositories. */
export const SyncManyBody = Type.Object(
  {
    ids: Type.Array(Type.String(), { minItems: 1, uniqueItems: true }),
    override_config: SyncOverride,
  },
  strict,
)

const Direction = Type.Union([Type.Literal('ascending'), Type.Literal('descending')])
const Sort = Type.Array(Type.Tuple([Type.String(), Direction]))

/** What to search for, and how to show it. */
export const Criteria = Type.Object(
  {
    filters: NullableRecord,
    sort: Type.Optional(Type.Union([Sort, Type.Null()])),
    limit: NullableCount,
    skip: NullableCount,
    fields: Type.Optional(Type.Union([Type.Array(Type.String()), Type.Null()])),
  },
  strict,
)
export type Criteria = Type.Static<typeof Criteria>

/** POST of a search. */
export const SearchBody = Type.Object(
  {
    criteria: Criteria,
    importers: Type.Optional(Type.Boolean()),
    distributors: Type.Optional(Type.Boolean()),
  },
  strict,
)
export type SearchBody = Type.Static<typeof SearchBody>

const BooleanText = Type.Optional(Type.String({ pattern: '^(true|True|1|false|False|0)$' }))
const details = { details: BooleanText, importers: BooleanText, distributors: BooleanText }
const CountText = Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$' }))

/** Which lists a GET adds to each repository. */
export const DetailsQuery = Type.Object(details, strict)
export type DetailsQuery = Type.Static<typeof DetailsQuery>

/** GET of a search; `filters` and `sort` are JSON, `field` repeats. */
export const SearchQuery = Type.Object(
  {
    ...details,
    filters: Type.Optional(Type.String()),
    sort: Type.Optional(Type.String()),
    limit: CountText,
    skip: CountText,
    field: Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())])),
  },
  strict,
)
export type SearchQuery = Type.Static<typeof SearchQuery>
