// Errors as clients see them: one body for every status that is not a success, whoever found the error.
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Failure, Json } from '../../machines/index.ts'
import {
  CODES,
  type Code,
  isCallError,
  MethodNotAllowedError,
  RejectedError,
  RollcallError,
  StoreError,
} from '../errors.ts'
import { type Answer, sendAnswer } from './answer.ts'

/** Codes of what the framework finds, by its status. */
const CODE_OF_STATUS: Record<number, Code> = {
  400: 'RCL0001',
  404: 'RCL0005',
  405: 'RCL0006',
  408: 'RCL0024',
  413: 'RCL0007',
  414: 'RCL0025',
  415: 'RCL0008',
  431: 'RCL0025',
  503: 'RCL0014',
}

/** Seconds after which a client may try again. */
const RETRY_AFTER_S = '1'

/** Answers a request with an error; what is the server's own fault is logged and not told. */
export function answerError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const answer = errorAnswer(error, pathOf(request))
  const isOurFault = answer.status === 500 && !isCallError(error)
  if (isOurFault || error instanceof StoreError) {
    const { method } = request
    request.log.error(
      { err: error, method, path: pathOf(request) },
      'a request ended in an error of the server',
    )
  }
  // What a route said of the content that it was about to send.
  for (const name of ['etag', 'cache-control', 'link']) reply.removeHeader(name)
  // Fastify closes the connection of a body that it refuses. A client that is still sending would then
  // see a broken pipe instead of the answer; left open, the rest of the body is read and dropped.
  reply.removeHeader('connection')
  return sendAnswer(reply, answer)
}

/** Path of a request without its query. */
export function pathOf({ originalUrl }: Pick<FastifyRequest, 'originalUrl'>): string {
  return originalUrl.split('?', 1)[0] ?? ''
}

/** The answer to a request for `href` that ended in this error. */
export function errorAnswer(error: unknown, href: string | null): Answer {
  const { status, code, description, data = null, subErrors = [], reasons } = said(error)
  const headers: Record<string, string> = {}
  if (status === 503) headers['retry-after'] = RETRY_AFTER_S
  if (error instanceof MethodNotAllowedError) headers.allow = error.allow.join(', ')
  const body = bodyOf({
    status,
    href,
    error: { code, description, data, sub_errors: subErrors },
    exception: null,
    traceback: null,
  })
  return { status, headers, body: reasons === undefined ? body : { ...body, reasons } }
}

/** The answer to a synchronous call whose handler failed. */
export function failureAnswer(
  { error, exception, traceback, status }: Failure,
  href: string,
): Answer {
  const body = bodyOf({ status: status ?? 500, href, error, exception, traceback })
  return { status: status ?? 500, headers: {}, body }
}

function bodyOf(given: {
  status: number
  href: string | null
  error: Failure['error']
  exception: string | null
  traceback: string | null
}): { [key: string]: Json } {
  return {
    http_status: given.status,
    error_message: given.error.description,
    exception: given.exception,
    traceback: given.traceback,
    _href: given.href,
    error: given.error,
  }
}

interface Said {
  status: number
  code: string
  description: string
  data?: Json
  subErrors?: Json[]
  reasons?: Json
}

/** What an error says to a client: ours all of it, the framework's its sentence, any other nothing. */
function said(error: unknown): Said {
  if (error instanceof StoreError) {
    // Its message names files.
    return { ...ofCode(error.code as Code), description: 'the store cannot be used at the moment' }
  }
  if (error instanceof RollcallError || isCallError(error)) {
    const { code, message: description, data, subErrors } = error
    const status = error.status >= 400 && error.status <= 599 ? error.status : 500
    const reasons =
      error instanceof RejectedError ? { reasons: error.reasons.map(use => ({ ...use })) } : {}
    return { status, code, description, data, subErrors, ...reasons }
  }
  const {
    statusCode: status = 500,
    code,
    message,
    validation,
  } = (error ?? {}) as Partial<FastifyError>
  if (validation !== undefined) return { ...ofCode('RCL0001'), description: String(message) }
  if (status >= 400 && status < 500) {
    const known = CODE_OF_STATUS[status]
    return { status, code: known ?? code ?? 'RCL0001', description: String(message) }
  }
  return {
    ...ofCode('RCL0021'),
    description: 'internal error; the log of the server has the details',
  }
}

function ofCode(code: Code): { status: number; code: string } {
  return { status: CODES[code].status, code }
}
