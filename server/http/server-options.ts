// Fastify options for a server that is Rollcall's own: what no plugin can set, in the same error body.
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import {
  type ConnectionError,
  type FastifyHttpOptions,
  type FastifyServerOptions,
  LogController,
  type RawServerDefault,
} from 'fastify'
import { RollcallError } from '../errors.ts'
import { JSON_TYPE } from './answer.ts'
import { answerError, errorAnswer } from './error-body.ts'

/**
 * Options for `Fastify()` that complete `app.register(rollcall, { wholeApp: true })`: paths that cannot
 * be decoded and requests that are no HTTP get the standard error body too. Logs go to standard error.
 *
 * @param logLevel pino's level; default `info`. Single requests are logged from `debug` on.
 */
export function serverOptions(logLevel = 'info'): FastifyServerOptions {
  const logsRequests = logLevel === 'debug' || logLevel === 'trace'
  return {
    logger: { level: logLevel, stream: process.stderr },
    logController: new LogController({ disableRequestLogging: !logsRequests }),
    // A logger for each request ties its lines together; without lines of requests there are none to tie.
    ...(!logsRequests && { childLoggerFactory: logger => logger }),
    // Fastify waits for ever by default. A request has this long to arrive, in ms; its answer may take longer.
    requestTimeout: 300_000,
    // While it closes, requests are refused by the engine, in the standard body.
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 16_384 },
    // Without these, Fastify turns "5" into 5 and drops fields that it does not know.
    ajv: { customOptions: { coerceTypes: false as const, removeAdditional: false as const } },
    frameworkErrors: (error, request, reply) => {
      answerError(error, request, reply)
    },
    clientErrorHandler: answerNonHttp,
  }
}

/**
 * The same for a server that has Rollcall's routes only. Its requests without a body have no stream that says
 * so (from Node.js 24.12 on), which is 7 % of a poll: nothing may read one. `takeJsonOnly` sees to that with
 * `wholeApp: true`, and only then: elsewhere Fastify reads the body of whatever names a content type, and would
 * never answer.
 */
export function ownServerOptions(logLevel?: string): FastifyHttpOptions<RawServerDefault> {
  return { ...serverOptions(logLevel), http: { optimizeEmptyRequests: true } }
}

/** Answers what is no HTTP request, on the bare socket: there is no reply to send it with. */
function answerNonHttp(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const { status, body } = errorAnswer(explained(error), null)
  const text = JSON.stringify(body)
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `Content-Type: ${JSON_TYPE}`,
    `Content-Length: ${Buffer.byteLength(text)}`,
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}`)
}

function explained({ code }: ConnectionError): RollcallError {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new RollcallError('RCL0024', 'the request did not arrive in time')
    case 'HPE_HEADER_OVERFLOW':
      return new RollcallError('RCL0025', 'the headers of the request are too large')
    default:
      return new RollcallError('RCL0001', 'the request is not HTTP/1.1')
  }
}
