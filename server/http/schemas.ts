// The shapes of requests and answers: what is refused when it does not fit, and what /openapi.json tells.

import { FINAL_STATES, OPERATIONS, TASK_STATES } from '../../machines/index.ts'
import { type TSchema, Type } from '../typebox.ts'

const strict = { additionalProperties: false }
const maybe = Type.Optional

const oneOf = Type.Enum

const Text = Type.String({ maxLength: 1_000 })
const Uuid = Type.String({ format: 'uuid' })
const Time = Type.String({ description: 'YYYY-MM-DDTHH:MM:SSZ' })
const Anything = Type.Unknown()
const nullable = <T extends TSchema>(type: T) => Type.Union([type, Type.Null()])

export const ResourceUse = Type.Object(
  { resource_type: Type.String(), resource_id: Type.String(), operation: oneOf(OPERATIONS) },
  strict,
)

const Dependency = Type.Union([
  Text,
  Type.Object(
    { id: Text, states: maybe(Type.Array(oneOf(FINAL_STATES), { minItems: 1 })) },
    strict,
  ),
])

const PRIORITY_MAX = 1_000_000

const submission = {
  call: Type.String({ minLength: 1 }),
  args: maybe(Type.Record(Type.String(), Anything)),
  tags: maybe(Type.Array(Text)),
  resources: maybe(Type.Array(ResourceUse)),
  priority: maybe(Type.Integer({ minimum: -PRIORITY_MAX, maximum: PRIORITY_MAX })),
  start_after: maybe(nullable(Time)),
  depends_on: maybe(Type.Array(Dependency)),
}

/** POST /tasks/ */
export const TaskSubmission = Type.Object(submission, strict)

const Member = Type.Object(
  { id: maybe(Type.String({ minLength: 1, maxLength: 1_000 })), ...submission },
  strict,
)

/** POST /task_groups/ */
export const GroupSubmission = Type.Object(
  {
    calls: Type.Array(Member),
    tags: maybe(Type.Array(Text)),
    on_failure: maybe(oneOf(['continue', 'cancel'] as const)),
    open: maybe(Type.Boolean()),
  },
  strict,
)

/** POST /task_groups/<id>/tasks/ */
export const GroupAddition = Type.Object({ calls: Type.Array(Member, { minItems: 1 }) }, strict)

/** A POST that needs no body may bring an empty object. */
export const NoBody = Type.Union([Type.Null(), Type.Object({}, strict)])

export const TaskParams = Type.Object({ task_id: Type.String() })
export const GroupParams = Type.Object({ group_id: Type.String() })

const Count = maybe(Type.Integer({ minimum: 0 }))

export const NoQuery = Type.Object({}, strict)
export const TasksQuery = Type.Object(
  {
    tag: maybe(Type.Array(Type.String())),
    id: maybe(Type.Array(Type.String())),
    limit: Count,
    skip: Count,
  },
  strict,
)
export const GroupQuery = Type.Object(
  { state: maybe(Type.Array(oneOf(TASK_STATES))), limit: Count, skip: Count },
  strict,
)
export const PurgeQuery = Type.Object({ state: maybe(Type.Array(oneOf(FINAL_STATES))) }, strict)

/** POST /tasks/search/. Null is what existing clients send for a part that they leave out. */
export const SearchBody = Type.Object(
  {
    criteria: Type.Object(
      {
        filters: maybe(nullable(Type.Record(Type.String(), Anything))),
        sort: maybe(nullable(Type.Array(Anything))),
        limit: maybe(nullable(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }))),
        skip: maybe(nullable(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }))),
        fields: maybe(nullable(Type.Array(Type.String()))),
      },
      strict,
    ),
  },
  strict,
)
/** GET /tasks/search/: filters and sort are JSON. */
export const SearchQuery = Type.Object(
  {
    filters: maybe(Type.String()),
    sort: maybe(Type.String()),
    limit: Count,
    skip: Count,
    field: maybe(Type.Array(Type.String())),
  },
  strict,
)

const ErrorDetails = Type.Object({
  code: Type.String(),
  description: Type.String(),
  data: Anything,
  sub_errors: Type.Array(Anything),
})

const ErrorBody = Type.Object(
  {
    http_status: Type.Integer(),
    error_message: Type.String(),
    exception: nullable(Type.String()),
    traceback: nullable(Type.String()),
    _href: nullable(Type.String()),
    error: ErrorDetails,
    reasons: maybe(Type.Array(ResourceUse)),
  },
  { description: 'An error. `reasons` is there when admission rejected the request.' },
)

/** What every route may answer besides its own. */
export const errors = { '4xx': ErrorBody, '5xx': ErrorBody }

const TaskLink = Type.Object({ _href: Type.String(), task_id: Uuid })

export const CallReport = Type.Object(
  {
    _href: Type.String(),
    response: oneOf(['accepted', 'postponed'] as const),
    reasons: Type.Array(ResourceUse),
    state: oneOf(TASK_STATES),
    task_id: Uuid,
    task_group_id: nullable(Uuid),
    schedule_id: Type.Null(),
    task_type: Type.String(),
    tags: Type.Array(Type.String()),
    progress: Type.Object({}),
    progress_report: Type.Object({}),
    result: Anything,
    error: nullable(ErrorDetails),
    exception: nullable(Type.String()),
    traceback: nullable(Type.String()),
    start_time: nullable(Time),
    finish_time: nullable(Time),
    spawned_tasks: Type.Array(TaskLink),
    worker_name: nullable(Type.String()),
    queue: nullable(Type.String()),
    id: Uuid,
    attempt: Type.Integer(),
    priority: Type.Integer(),
    dependencies: Type.Array(
      Type.Object({ task_id: Uuid, states: Type.Array(oneOf(FINAL_STATES)) }),
    ),
    dependency_failures: Type.Object({}),
    principal_login: nullable(Type.String()),
    submit_time: Time,
  },
  { description: 'A task.' },
)
export const CallReports = Type.Array(CallReport)

/** The rows of a search have the fields that it asks for. */
export const CallReportParts = Type.Array(Type.Partial(CallReport))

export const AcceptedTask = Type.Object(
  { result: Type.Null(), error: Type.Null(), spawned_tasks: Type.Array(TaskLink) },
  { description: 'The task is on disk and runs when it may.' },
)
export const AcceptedGroup = Type.Object(
  { _href: Type.String(), group_id: Uuid },
  { description: 'The group is on disk, whole.' },
)
export const GroupLinks = Type.Array(Type.Object({ task_group_id: Uuid, _href: Type.String() }))

const Number0 = Type.Integer({ minimum: 0 })
export const StateSummary = Type.Object({
  accepted: Number0,
  waiting: Number0,
  running: Number0,
  suspended: Number0,
  finished: Number0,
  error: Number0,
  canceled: Number0,
  skipped: Number0,
  total: Number0,
})

export const Calls = Type.Array(
  Type.Object({
    name: Type.String(),
    description: nullable(Type.String()),
    execution: oneOf(['sync', 'async'] as const),
    cancellable: Type.Boolean(),
    on_interrupted: oneOf(['rerun', 'fail'] as const),
    timeout_ms: nullable(Type.Number()),
    retry: nullable(
      Type.Object({ limit: Type.Integer(), delay_ms: Type.Number(), backoff: Type.String() }),
    ),
    args: Type.Object({}, { description: 'JSON Schema of the arguments.' }),
  }),
)

export const Health = Type.Object({ status: Type.String() })
export const Nothing = Type.Null()
export const Result = Type.Unknown({ description: "The call's result." })
