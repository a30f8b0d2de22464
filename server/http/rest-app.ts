// What every file of routes is given: an app whose routes are typed by their schemas, and what they work with.
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyTypeProvider,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { Static, TSchema } from '../typebox.ts'
import type { PollParts } from './long-poll.ts'
import type { Submissions } from './submissions.ts'

export interface RestParts extends PollParts {
  submissions: Submissions
  /** The largest body, in bytes. */
  bodyLimit: number
  /** The same, of a group's submission. */
  groupBodyLimit: number
}

/** Makes a request's parts have the types of their schemas. */
export interface TypeBox extends FastifyTypeProvider {
  validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown
  serializer: unknown
}

/** An instance whose routes are typed by their schemas. */
export type RestApp = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBox
>

/** Follows a path's parameter: what is no UUID names nothing. */
export const UUID = `(^${[8, 4, 4, 4, 12].map(length => `[0-9A-Fa-f]{${length}}`).join('-')}$)`
