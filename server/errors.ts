// Every error that a caller or the outside world can cause: a class with a stable code and an HTTP
// status. The README's table lists the same codes; a test compares the two. A code is never reused.
import type { Failure, Json, ResourceUse } from '../machines/index.ts'

interface Entry {
  status: number
  /** The kind of error in a few words, as the README's table has it. */
  title: string
}

/** One table of all codes. */
export const CODES = {
  RCL0001: {
    status: 400,
    title: 'The request is malformed: not JSON, a wrong type, an unknown field, bad arguments',
  },
  RCL0002: { status: 400, title: 'Unknown call' },
  RCL0003: { status: 400, title: 'Bad filter, sort or field in a search' },
  RCL0004: {
    status: 400,
    title: 'Bad dependencies: a cycle, an unknown id, a task that depends on itself',
  },
  RCL0005: { status: 404, title: 'No such task, group or path' },
  RCL0006: { status: 405, title: 'The path does not have this method' },
  RCL0007: { status: 413, title: 'The body is too large' },
  RCL0008: { status: 415, title: 'The content type is not JSON' },
  RCL0009: {
    status: 409,
    title: 'Admission rejects: earlier uses of the same resources make it impossible ever to serve',
  },
  RCL0010: {
    status: 409,
    title:
      'The group takes no more tasks: it is closed or cancelled, or cannot do this in its state',
  },
  RCL0011: { status: 409, title: 'The idempotency key was used for another request' },
  RCL0012: {
    status: 501,
    title: 'Cannot be cancelled: it is running, and its call is not cancellable',
  },
  RCL0013: { status: 403, title: 'A purge must name the states to delete' },
  RCL0014: { status: 503, title: 'Overloaded or shutting down; try again later' },
  RCL0015: { status: 500, title: 'The call threw' },
  RCL0016: { status: 500, title: 'The result or progress cannot be carried by JSON' },
  RCL0017: { status: 500, title: 'The call ran longer than its timeout' },
  RCL0018: { status: 500, title: 'The process ended while the call ran, and it may not run again' },
  RCL0019: { status: 500, title: 'The call is not registered in this process' },
  RCL0020: { status: 500, title: 'The handler was asked to stop and has not' },
  RCL0021: { status: 500, title: 'Internal error' },
  RCL0022: { status: 503, title: 'The store cannot be used' },
  RCL0023: { status: 409, title: 'The task gave no result: it was cancelled or skipped' },
  RCL0024: { status: 408, title: 'The request did not arrive in time' },
  RCL0025: { status: 431, title: 'The headers of the request are too large' },
  RCL0026: { status: 403, title: 'Pages of this origin may not inspect the server' },
  RCL0027: { status: 406, title: 'The path has no type that the Accept header allows' },
} as const satisfies Record<string, Entry>

export type Code = keyof typeof CODES

/** An error with a code of the table; `status` is the table's unless the subclass says otherwise. */
export class RollcallError extends Error {
  readonly code: string
  readonly status: number
  readonly data: Json
  readonly subErrors: Json[]

  constructor(
    code: Code,
    message: string,
    details: { data?: Json; subErrors?: Json[]; cause?: unknown } = {},
  ) {
    super(message, { cause: details.cause })
    this.name = new.target.name
    this.code = code
    this.status = CODES[code].status
    this.data = details.data ?? null
    this.subErrors = details.subErrors ?? []
  }
}

export class BadRequestError extends RollcallError {
  constructor(
    message: string,
    details: { data?: Json; subErrors?: Json[] } = {},
    code: Code = 'RCL0001',
  ) {
    super(code, message, details)
  }
}

export class UnknownCallError extends RollcallError {
  constructor(call: string, known: readonly string[]) {
    super(
      'RCL0002',
      `no call is named ${JSON.stringify(call)}; registered are ${known.join(', ') || 'none'}`,
    )
  }
}

export class BadSearchError extends RollcallError {
  constructor(message: string) {
    super('RCL0003', message)
  }
}

export class BadDependencyError extends RollcallError {
  constructor(message: string, data: Json = null) {
    super('RCL0004', message, { data })
  }
}

export class NotFoundError extends RollcallError {
  constructor(message: string) {
    super('RCL0005', message)
  }
}

/** The path has other methods, and not this one. */
export class MethodNotAllowedError extends RollcallError {
  /** The methods that the path has. */
  readonly allow: string[]

  constructor(method: string, allow: string[]) {
    super('RCL0006', `the path does not have ${method}; it has ${allow.join(', ')}`)
    this.allow = allow
  }
}

export class UnsupportedTypeError extends RollcallError {
  constructor(type: string | undefined) {
    const found = type === undefined ? 'it has none' : `it is ${JSON.stringify(type)}`
    super('RCL0008', `the content type must be application/json; ${found}`)
  }
}

/** Admission said that the request can never be served. */
export class RejectedError extends RollcallError {
  readonly reasons: ResourceUse[]

  constructor(message: string, reasons: ResourceUse[], data: Json) {
    super('RCL0009', message, { data })
    this.reasons = reasons
  }
}

export class GroupStateError extends RollcallError {
  constructor(message: string) {
    super('RCL0010', message)
  }
}

export class KeyReusedError extends RollcallError {
  constructor(key: string) {
    super('RCL0011', `the idempotency key ${JSON.stringify(key)} was used for another request`)
  }
}

export class NotCancellableError extends RollcallError {
  constructor(message: string) {
    super('RCL0012', message)
  }
}

/** A purge that names no states would delete everything. */
export class UnboundedPurgeError extends RollcallError {
  constructor() {
    super('RCL0013', 'a purge names the states to delete, as in ?state=finished&state=canceled')
  }
}

/** A page of another site wants to look. */
export class RefusedOriginError extends RollcallError {
  constructor(origin: string | undefined) {
    super('RCL0026', `pages of ${origin} may not inspect this server`)
  }
}

/** A client takes no type that the path has. */
export class NotAcceptableError extends RollcallError {
  constructor(accept: string, type: string) {
    super('RCL0027', `the path has ${type}, which Accept does not allow: ${accept}`)
  }
}

/** A task that its caller waits for ended in a state without a result. */
export class NoResultError extends RollcallError {
  constructor(taskId: string, state: string) {
    super('RCL0023', `task ${taskId} gave no result: it is ${state}`)
  }
}

/** Overloaded or shutting down. */
export class UnavailableError extends RollcallError {
  constructor(message: string) {
    super('RCL0014', message)
  }
}

/** The store is locked, damaged, full, too new, or refuses a query. */
export class StoreError extends RollcallError {
  constructor(message: string, cause?: unknown) {
    super('RCL0022', message, { cause })
  }
}

// A string, so that two copies of the package in one program still know each other's errors.
const CALL_ERROR = 'rollcall.call_error'

/** Whether something that was thrown is a `CallError`, also of another copy of this package. */
export function isCallError(thrown: unknown): thrown is CallError {
  return thrown instanceof Error && (thrown as Partial<CallError>).kind === CALL_ERROR
}

export interface CallErrorDetails {
  /** HTTP status of a synchronous call's answer, 400 to 599. */
  status?: number
  data?: Json
  subErrors?: Json[]
}

/** What the author of a call throws to end the task in `error` with details of their own. */
export class CallError extends Error {
  readonly kind = CALL_ERROR
  readonly code: string
  readonly status: number
  readonly data: Json
  readonly subErrors: Json[]

  constructor(
    code: string,
    description: string,
    { status = 500, data = null, subErrors = [] }: CallErrorDetails = {},
  ) {
    super(description)
    this.name = 'CallError'
    this.code = code
    this.status = status
    this.data = data
    this.subErrors = subErrors
  }
}

/** A failure of the engine's own making, without a stack. */
export function failure(code: Code, description: string, data: Json = null): Failure {
  return {
    error: { code, description, data, sub_errors: [] },
    exception: null,
    traceback: null,
    status: CODES[code].status,
  }
}
