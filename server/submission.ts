// What became of a submission, in the words of the contract: what was submitted, or an error that says
// what stands in the way.
import { createHash } from 'node:crypto'
import type { Idempotency, Json, SubmitReply } from '../machines/index.ts'
import {
  BadDependencyError,
  GroupStateError,
  KeyReusedError,
  NotFoundError,
  RejectedError,
  UnavailableError,
} from './errors.ts'

export interface SubmitOptions {
  /** Who asks; shown as `principal_login`. */
  principal?: string | null
  /** The client's key, and the request that it stands for. */
  idempotency?: { key: string; request: Json }
}

/** An accepted submission. */
export interface Submitted {
  groupId: string | null
  taskIds: string[]
  /** Of the first task. */
  response: 'accepted' | 'postponed'
  /** Set when the idempotency key was seen before, with what was answered first, if anything was kept. */
  replayed: { answer: Json } | null
}

/** A reply that is not `submitted`, as the error that the caller gets. */
export function refusal(reply: Exclude<SubmitReply, { outcome: 'submitted' }>, key = ''): Error {
  switch (reply.outcome) {
    case 'rejected': {
      const { index, name } = reply.member
      const position = index === 0 ? 'the call' : `call ${index + 1}`
      const whose = name === null ? position : `call ${name}`
      const ahead = reply.reasons.map(
        use => `${use.operation} of ${use.resource_type} ${use.resource_id}`,
      )
      const message = `${whose} can never be served: ahead of it is the ${ahead.join(', the ')}`
      const reasons = reply.reasons.map(use => ({ ...use }))
      return new RejectedError(message, reply.reasons, { member: { index, id: name }, reasons })
    }
    case 'invalid':
      return new BadDependencyError(reply.message, { member: { ...reply.member } })
    case 'group_missing':
      return new NotFoundError('no task group has that id')
    case 'group_closed':
      return new GroupStateError(
        `the group is ${reply.canceled ? 'cancelled' : 'closed'} and takes no more tasks`,
      )
    case 'key_reused':
      return new KeyReusedError(key)
    case 'parent_replaced':
      return new UnavailableError('the attempt that spawns was cancelled, replaced, or has ended')
  }
}

/** The same request has the same fingerprint, whatever the order of its keys. */
export function idempotencyOf({ idempotency }: SubmitOptions): Idempotency | null {
  if (idempotency === undefined) return null
  const { key, request } = idempotency
  return { key, fingerprint: createHash('sha256').update(canonicalJson(request)).digest('hex') }
}

function canonicalJson(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  const fields = Object.keys(value)
    .sort()
    .map(key => `${JSON.stringify(key)}:${canonicalJson(value[key] as Json)}`)
  return `{${fields.join(',')}}`
}
