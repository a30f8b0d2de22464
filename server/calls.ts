// What a program author writes: calls, defined with their argument schema and policies, and the
// registry that a request's call name is looked up in.

import type { FinalState, Json, JsonObject, ResourceUse, RetryPolicy } from '../machines/index.ts'
import { OPERATIONS } from '../machines/index.ts'
import { BadRequestError, UnknownCallError } from './errors.ts'
import { Compile, type Static, type TSchema } from './typebox.ts'

/** What a run gets beside its arguments. */
export interface RunContext {
  /** Aborted when the task is cancelled, timed out, or the process shuts down. */
  signal: AbortSignal
  /** Replaces the task's progress; writes are coalesced. Throws when JSON cannot carry the value. */
  progress(progress: object): void
  /** Adds a child task to the same group; gives its id once it is on disk. */
  spawn<Args>(
    call: Call<Args, unknown> | string,
    args: Args,
    options?: SpawnOptions,
  ): Promise<string>
  log: Log
  taskId: string
  groupId: string | null
  /** From 1; higher when the task runs again after a failure or a crash. */
  attempt: number
}

export interface SpawnOptions {
  tags?: string[]
  resources?: ResourceUse[]
  priority?: number
}

/** Where messages go; pino's levels and argument order. */
export interface Log {
  debug(details: object, message: string): void
  info(details: object, message: string): void
  warn(details: object, message: string): void
  error(details: object, message: string): void
}

export interface CallDefinition<Schema extends TSchema, Result> {
  /** 1 to 200 characters, unique among the registered calls. */
  name: string
  description?: string
  /** JSON Schema of the arguments, an object; default: an object with no fields. */
  args?: Schema
  resources?: (args: Static<Schema>) => ResourceUse[]
  tags?: (args: Static<Schema>) => string[]
  /** `sync` is answered with the result when it can run at once; default `async`. */
  execution?: 'sync' | 'async'
  /** Whether it may be cancelled while it runs; default true. */
  cancellable?: boolean
  /** What happens when the process dies while it runs; default `rerun`, at most 5 times. */
  onInterrupted?: 'rerun' | 'fail'
  /** In ms, of one attempt; default none. */
  timeoutMs?: number
  retry?: RetryPolicy
  run(args: Static<Schema>, context: RunContext): Promise<Result> | Result
}

declare const types: unique symbol

/** A call as the registry keeps it; `Args` and `Result` are what the compiler knows of it. */
export interface Call<Args = never, Result = unknown> {
  readonly kind: typeof CALL
  readonly name: string
  readonly description: string | null
  readonly argsSchema: object
  readonly execution: 'sync' | 'async'
  readonly cancellable: boolean
  readonly onInterrupted: 'rerun' | 'fail'
  readonly timeoutMs: number | null
  readonly retry: RetryPolicy | null
  /** Checks arguments; throws `BadRequestError`. */
  check(args: unknown): JsonObject
  resources(args: JsonObject): ResourceUse[]
  tags(args: JsonObject): string[]
  run(args: JsonObject, context: RunContext): Promise<unknown>
  readonly [types]?: (args: Args) => Result
}

export type ArgsOf<C> = C extends Call<infer Args, unknown> ? Args : never
export type ResultOf<C> = C extends Call<never, infer Result> ? Result : never

// A string, so that two copies of the package in one program still know each other's calls.
const CALL = 'rollcall.call'

/**
 * Defines a call.
 *
 * @throws {TypeError} The definition is malformed: says which field, what was found and what holds.
 */
export function defineCall<Schema extends TSchema, Result>(
  definition: CallDefinition<Schema, Result>,
): Call<Static<Schema>, Awaited<Result>> {
  const { name, timeoutMs, retry, execution = 'async', onInterrupted = 'rerun' } = definition
  assertField(
    typeof name === 'string' && /^[^\s/]{1,200}$/.test(name),
    name,
    'name',
    'must be 1 to 200 characters without white space or slash',
  )
  assertField(typeof definition.run === 'function', name, 'run', 'must be a function')
  assertField(
    execution === 'sync' || execution === 'async',
    name,
    'execution',
    "must be 'sync' or 'async'",
  )
  assertField(
    onInterrupted === 'rerun' || onInterrupted === 'fail',
    name,
    'onInterrupted',
    "must be 'rerun' or 'fail'",
  )
  assertField(
    timeoutMs === undefined || (Number.isFinite(timeoutMs) && timeoutMs > 0),
    name,
    'timeoutMs',
    'must be a positive number of milliseconds',
  )
  if (retry !== undefined) {
    assertField(
      Number.isInteger(retry.limit) && retry.limit >= 0,
      name,
      'retry.limit',
      'must be an integer from 0',
    )
    assertField(
      Number.isFinite(retry.delayMs) && retry.delayMs >= 0,
      name,
      'retry.delayMs',
      'must be a number of milliseconds from 0',
    )
    assertField(
      retry.backoff === 'fixed' || retry.backoff === 'exponential',
      name,
      'retry.backoff',
      "must be 'fixed' or 'exponential'",
    )
  }
  const argsSchema: object = definition.args ?? { type: 'object', additionalProperties: false }
  const validator = Compile(argsSchema)
  const runArgs = (args: JsonObject) => args as Static<Schema>
  const whose = `call ${name}`

  return Object.freeze({
    kind: CALL,
    name,
    description: definition.description ?? null,
    argsSchema,
    execution,
    cancellable: definition.cancellable ?? true,
    onInterrupted,
    timeoutMs: timeoutMs ?? null,
    retry: retry ?? null,
    check(args: unknown): JsonObject {
      if (typeof args !== 'object' || args === null || Array.isArray(args)) {
        throw new BadRequestError(`the arguments of ${name} must be an object`)
      }
      if (!validator.Check(args)) {
        const [, errors] = validator.Errors(args)
        const said = errors
          .filter(each => each.keyword !== 'boolean')
          .map(each => `args${each.instancePath} ${each.message}`)
        throw new BadRequestError(
          `the arguments of ${name} do not fit its schema: ${said.slice(0, 5).join('; ')}`,
          {
            data: { errors: said.slice(0, 20) },
          },
        )
      }
      return args as JsonObject
    },
    resources: (args: JsonObject) =>
      checkedResources(definition.resources?.(runArgs(args)) ?? [], whose),
    tags: (args: JsonObject) => definition.tags?.(runArgs(args)) ?? [],
    run: async (args: JsonObject, context: RunContext) => definition.run(runArgs(args), context),
  }) as Call<Static<Schema>, Awaited<Result>>
}

function assertField(holds: boolean, call: unknown, field: string, rule: string): asserts holds {
  if (!holds)
    throw new TypeError(`defineCall: ${field} of the call ${JSON.stringify(call)} ${rule}`)
}

/** A result that says that the call made something: its synchronous answer is a 201 with `Location`. */
export function created<Result>(href: string, result: Result): Created<Result> {
  return new Created(href, result)
}

const CREATED = 'rollcall.created'

/** Whether a result says that the call made something, also when another copy of this package made it. */
export function isCreated(value: unknown): value is Created {
  return typeof value === 'object' && value !== null && (value as Partial<Created>).kind === CREATED
}

export class Created<Result = unknown> {
  readonly kind = CREATED
  readonly href: string
  readonly result: Result

  constructor(href: string, result: Result) {
    this.href = href
    this.result = result
  }
}

/** Whether a value is a call, also one that another copy of this package defined. */
export function isCall(value: unknown): value is Call {
  return typeof value === 'object' && value !== null && (value as Partial<Call>).kind === CALL
}

/** The calls of a program, by name. */
export class Registry {
  readonly #calls = new Map<string, Call>()

  /** @throws {TypeError} A value is not a call, or a name is given twice. */
  constructor(calls: readonly unknown[]) {
    for (const call of calls) {
      if (!isCall(call))
        throw new TypeError(`calls must hold what defineCall returns; found ${typeof call}`)
      if (this.#calls.get(call.name) === call) continue
      if (this.#calls.has(call.name))
        throw new TypeError(`two calls are named ${JSON.stringify(call.name)}`)
      this.#calls.set(call.name, call)
    }
  }

  find(name: string): Call | undefined {
    return this.#calls.get(name)
  }

  /** @throws {UnknownCallError} No call has that name. */
  get(call: string | Call): Call {
    const name = typeof call === 'string' ? call : call.name
    const found = this.#calls.get(name)
    if (found === undefined) throw new UnknownCallError(name, [...this.#calls.keys()])
    return found
  }

  all(): Call[] {
    return [...this.#calls.values()]
  }
}

/**
 * The calls that a module exports, by name or as an array by default.
 *
 * @throws {TypeError} It exports none.
 */
export function callsOf(module: Record<string, unknown>, file: string): Call[] {
  const exported = Object.entries(module).flatMap(([name, value]) =>
    name === 'default' && Array.isArray(value) ? value : [value],
  )
  const calls = [...new Set(exported.filter(isCall))]
  if (calls.length === 0) {
    throw new TypeError(
      `${file} exports no calls; export what defineCall returns, by name or in an array by default`,
    )
  }
  return calls
}

/** Checks a list of resource uses and drops repeats; two operations on one resource are refused. */
export function checkedResources(uses: readonly ResourceUse[], whose: string): ResourceUse[] {
  // Most tasks use one resource, which nothing has to be held against.
  if (uses.length === 1) return [checkedUse(uses[0] as ResourceUse, whose)]
  const byResource = new Map<string, ResourceUse>()
  for (const each of uses) {
    const use = checkedUse(each, whose)
    const { resource_type, resource_id, operation } = use
    const key = `${resource_type}\u0000${resource_id}`
    const known = byResource.get(key)
    if (known !== undefined && known.operation !== operation) {
      throw new BadRequestError(
        `${whose}: ${resource_type} ${resource_id} is named with two operations, ${known.operation} and ${operation}; name one`,
      )
    }
    byResource.set(key, use)
  }
  return [...byResource.values()]
}

function checkedUse(
  { resource_type, resource_id, operation }: ResourceUse,
  whose: string,
): ResourceUse {
  checkPart(resource_type, whose)
  checkPart(resource_id, whose)
  if (!OPERATIONS.includes(operation)) {
    throw new BadRequestError(
      `${whose}: operation is one of ${OPERATIONS.join(', ')}; found ${JSON.stringify(operation)}`,
    )
  }
  return { resource_type, resource_id, operation }
}

function checkPart(part: unknown, whose: string): void {
  if (typeof part === 'string' && part !== '' && part.length <= 1000 && !part.includes('\u0000')) {
    return
  }
  throw new BadRequestError(
    `${whose}: resource_type and resource_id are strings of 1 to 1000 characters without NUL; found ${JSON.stringify(part)}`,
  )
}

/** A request for one task, as a client or a program gives it. */
export interface CallRequest {
  id?: string
  call: string | Call
  args?: unknown
  tags?: string[]
  resources?: ResourceUse[]
  priority?: number
  start_after?: string | null
  depends_on?: (string | { id: string; states?: FinalState[] })[]
}

export type { Json, JsonObject, ResourceUse, RetryPolicy }
