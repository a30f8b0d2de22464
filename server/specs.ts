// A request for a run, merged with what its call declares and checked, becomes a task's specification.
import type { TaskSpec } from '../machines/index.ts'
import { type Call, type CallRequest, checkedResources } from './calls.ts'
import { BadRequestError, RollcallError } from './errors.ts'
import { jsonOf } from './outcome.ts'

/** Priorities lie between the negative of this and this. */
const PRIORITY_MAX = 2 ** 31 - 1

/**
 * Merges a request with what its call declares, and checks all of it.
 *
 * @throws {BadRequestError} Something in the request does not hold: says what was found.
 * @throws {RollcallError} The call's own `resources` or `tags` threw.
 */
export function specOf(
  call: Call,
  request: CallRequest,
  groupTags: string[],
  principal: string | null,
): TaskSpec {
  const carried = jsonOf(request.args ?? {}, 'the arguments')
  if ('failure' in carried) throw new BadRequestError(carried.failure.error.description)
  const args = call.check(carried.json)
  const declared = declaredBy(call, 'resources', () => call.resources(args))
  const declaredTags = declaredBy(call, 'tags', () => call.tags(args))
  const { priority = 0, resources = [], tags = [], depends_on = [] } = request
  if (!Number.isInteger(priority) || Math.abs(priority) > PRIORITY_MAX) {
    throw new BadRequestError(
      `priority is an integer from -${PRIORITY_MAX} to ${PRIORITY_MAX}; found ${JSON.stringify(priority)}`,
    )
  }
  return {
    ...(request.id === undefined ? {} : { name: request.id }),
    call: call.name,
    args,
    tags: [...new Set([...groupTags, ...declaredTags, ...tags])],
    resources: checkedResources([...declared, ...resources], `call ${call.name}`),
    dependsOn: depends_on.map(each =>
      typeof each === 'string'
        ? { on: each, states: ['finished' as const] }
        : { on: each.id, states: each.states ?? ['finished' as const] },
    ),
    priority,
    startAfterMs: startAfterMs(request.start_after),
    cancellable: call.cancellable,
    principal,
  }
}

function declaredBy<T>(call: Call, field: 'resources' | 'tags', read: () => T[]): T[] {
  try {
    return read()
  } catch (error) {
    if (error instanceof RollcallError) throw error
    throw new RollcallError('RCL0015', `the ${field} of the call ${call.name} threw`, {
      cause: error,
    })
  }
}

function startAfterMs(time: string | null | undefined): number | null {
  if (time === null || time === undefined) return null
  const ms = Date.parse(time)
  if (!Number.isNaN(ms)) return ms
  throw new BadRequestError(
    `start_after is a time such as 2026-01-31T12:00:00Z; found ${JSON.stringify(time)}`,
  )
}
