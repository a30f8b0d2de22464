// A request for a run, merged with what its call declares and checked, becomes a task's specification.
import {
  FINAL_STATES,
  type FinalState,
  type JsonObject,
  type ResourceUse,
  type TaskSpec,
} from '../machines/index.ts'
import { type Call, type CallRequest, checkedResources } from './calls.ts'
import { BadRequestError, isCallError, RollcallError } from './errors.ts'
import { jsonOf } from './outcome.ts'

/** Priorities lie between the negative of this and this. */
const PRIORITY_MAX = 2 ** 31 - 1
/** The longest tag, in characters. */
const TAG_LENGTH_MAX = 1_000

/**
 * Merges a request with what its call declares, and checks all of it.
 *
 * @throws {BadRequestError} Something in the request does not hold: says what was found.
 * @throws {RollcallError} The call's own `resources` or `tags` threw, or gave what they may not.
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
  const { priority = 0, depends_on = [] } = request
  if (!Number.isInteger(priority) || Math.abs(priority) > PRIORITY_MAX) {
    throw new BadRequestError(
      `priority is an integer from -${PRIORITY_MAX} to ${PRIORITY_MAX}; found ${JSON.stringify(priority)}`,
    )
  }
  const resources = resourcesOf(call, args, request.resources)
  const spec: TaskSpec = {
    call: call.name,
    args,
    tags: tagsOf(call, args, groupTags, request.tags ?? []),
    resources,
    dependsOn: depends_on.map(each =>
      typeof each === 'string'
        ? { on: each, states: ['finished'] }
        : { on: each.id, states: checkedStates(each.states ?? ['finished']) },
    ),
    priority,
    startAfterMs: startAfterMs(request.start_after),
    cancellable: call.cancellable,
    principal,
  }
  if (request.id !== undefined) spec.name = request.id
  return spec
}

function tagsOf(call: Call, args: JsonObject, ofGroup: string[], ofRequest: string[]): string[] {
  let declared: string[]
  try {
    declared = checkedTags(call.tags(args), call)
  } catch (error) {
    throw notTold(call, 'tags', error)
  }
  // Not pushed one by one: the list lives as long as the task, and would keep room for many more.
  const tags = checkedTags(ofGroup, call).concat(declared, checkedTags(ofRequest, call))
  return tags.length < 2 ? tags : [...new Set(tags)]
}

function resourcesOf(call: Call, args: JsonObject, ofRequest: unknown): ResourceUse[] {
  let declared: ResourceUse[]
  try {
    declared = call.resources(args)
  } catch (error) {
    throw notTold(call, 'resources', error)
  }
  if (ofRequest === undefined) return declared
  const given = listed(ofRequest)
  return checkedResources(
    declared.length === 0 ? given : [...declared, ...given],
    `call ${call.name}`,
  )
}

/** What the author of a call got wrong is no fault of the client's. */
function notTold(call: Call, field: 'resources' | 'tags', error: unknown): Error {
  if (isCallError(error)) return error
  const reason = error instanceof BadRequestError ? `: ${error.message}` : ''
  const message = `the ${field} of the call ${call.name} cannot be told${reason}`
  return new RollcallError('RCL0015', message, { cause: error })
}

/** Checks a list of tags; the types do not hold for programs in JavaScript. */
function checkedTags(tags: unknown, call: Call): string[] {
  if (Array.isArray(tags) && tags.every(isTag)) return tags
  throw new BadRequestError(
    `call ${call.name}: tags are a list of strings of at most ${TAG_LENGTH_MAX} characters`,
  )
}

function isTag(tag: unknown): boolean {
  return typeof tag === 'string' && tag.length <= TAG_LENGTH_MAX && tag.isWellFormed()
}

function listed(resources: unknown): ResourceUse[] {
  if (Array.isArray(resources)) return resources
  throw new BadRequestError('resources are a list')
}

function checkedStates(states: FinalState[]): FinalState[] {
  const unknown = states.find(state => !FINAL_STATES.includes(state))
  if (states.length > 0 && unknown === undefined) return states
  throw new BadRequestError(
    `the states of a dependency are one or more of ${FINAL_STATES.join(', ')}; found ${JSON.stringify(unknown ?? [])}`,
  )
}

const TIME = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/

/** RFC 3339, of which the contract's `YYYY-MM-DDTHH:MM:SSZ` is the shortest form. */
function startAfterMs(time: unknown): number | null {
  if (time === null || time === undefined) return null
  const [, day] = (typeof time === 'string' && TIME.exec(time)) || []
  const ms = day === undefined ? Number.NaN : Date.parse(time as string)
  // Date.parse takes the 30th of February for a day in March.
  if (!Number.isNaN(ms) && new Date(`${day}T00:00:00Z`).toISOString().startsWith(day as string)) {
    return ms
  }
  throw new BadRequestError(
    `start_after is a time such as 2026-01-31T12:00:00Z; found ${JSON.stringify(time)}`,
  )
}
