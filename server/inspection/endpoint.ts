// The WebSocket endpoint for the inspectors that people know: it speaks Stately's inspection protocol, so
// that a stock receiver shows tasks and groups as actors with their messages.
import type { IncomingMessage, Server } from 'node:http'
import websocket, { type WebSocket } from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import { canonicalId } from '../../machines/index.ts'
import { NotFoundError, RefusedOriginError } from '../errors.ts'
import type { Topic } from '../feed.ts'
import { followConventions } from '../http/rest.ts'
import type { TypeBox } from '../http/rest-app.ts'
import { systemClock } from '../ports.ts'
import type { Rollcall } from '../rollcall.ts'
import { type Static, Type } from '../typebox.ts'
import type { InspectionMessage } from './messages.ts'
import { mayInspect } from './origin.ts'
import { Session } from './session.ts'

/** Where it is, outside the mount. */
export const INSPECTION_PATH = '/inspect/ws'

export interface InspectionOptions {
  rollcall: Rollcall
  /** Aborted when the server stops. */
  closing: AbortSignal
  /** Whether arguments, progress, results and errors are shown; default false. */
  withContents?: boolean
  /** Time between two pings; an inspector that has not answered the last is dropped. In ms, default 30 000. */
  pingMs?: number
}

/** Bytes that an inspector may send in one message; nothing of it is read. */
const MESSAGE_MAX = 1_024
/** Bytes on their way to an inspector past which nothing more is made for it. */
const WAITING_MAX = 256 * 1_024
/** Messages that are made before everything else in the process gets a turn. */
const BURST = 50
/** Time for each message, in ms: five thousand a second for each inspector. */
const MESSAGE_MS = 0.2
/** Status of a connection that ends because the server does (RFC 6455, 7.4.1). */
const GOING_AWAY = 1_001
/** How long an inspector may take to answer that, in ms. */
const FAREWELL_MS = 1_000

const Uuid = Type.String({ format: 'uuid' })
const InspectionQuery = Type.Object(
  { group: Type.Optional(Uuid), task: Type.Optional(Uuid) },
  { additionalProperties: false },
)

/**
 * Adds `/inspect/ws`; `?group=<id>` or `?task=<id>` narrows it down. Connections from pages of other sites
 * are refused. An inspector that does not read is told less, and one that does not answer is dropped.
 */
export async function inspectionRoutes(
  app: FastifyInstance,
  options: InspectionOptions,
): Promise<void> {
  // An app that takes WebSockets itself has the plugin already, and a server has one of it.
  if (!app.hasDecorator('websocketServer')) {
    await app.register(websocket, { options: { maxPayload: MESSAGE_MAX } })
    leaveOtherUpgrades(app.server, app.prefix + INSPECTION_PATH)
  }
  followConventions(app)
  app.withTypeProvider<TypeBox>().route({
    method: 'GET',
    url: INSPECTION_PATH,
    exposeHeadRoute: false,
    schema: { hide: true, querystring: InspectionQuery },
    preHandler: async ({ headers: { origin, host }, query }) => {
      if (!mayInspect(origin, host)) throw new RefusedOriginError(origin)
      const { taskId, groupId } = topicOf(query)
      if (taskId !== undefined) await options.rollcall.task(taskId)
      else if (groupId !== undefined) await options.rollcall.group(groupId)
      else await options.rollcall.ready()
    },
    handler: async () => {
      throw new NotFoundError(`${INSPECTION_PATH} speaks the WebSocket protocol only`)
    },
    wsHandler: (socket, { query }) => inspect(socket, topicOf(query), options),
  })
}

function topicOf({ group, task }: Static<typeof InspectionQuery>): Topic {
  if (task !== undefined) return { taskId: canonicalId(task) }
  return group === undefined ? {} : { groupId: canonicalId(group) }
}

/** Shows an inspector what there is, and then what happens, until either side ends it. */
async function inspect(
  socket: WebSocket,
  topic: Topic,
  { rollcall, closing, withContents = false, pingMs = 30_000 }: InspectionOptions,
): Promise<void> {
  const end = new AbortController()
  const { signal } = end
  socket.on('close', () => end.abort())
  closing.addEventListener('abort', () => leave(socket), { signal })
  const cancelPings = dropWhenSilent(socket, pingMs)
  try {
    const session = new Session({ store: rollcall.store, clock: systemClock, withContents })
    const lists = rollcall.feed.follow(topic, null, { signal, idleMs: Number.POSITIVE_INFINITY })
    // Its place in what happens is taken before the look at what there is.
    await lists.next()
    await pour(socket, session.actors(topic))
    for await (const items of lists) await pour(socket, session.take(items))
    leave(socket)
  } finally {
    end.abort()
    cancelPings()
  }
}

/** Sends messages as fast as the inspector takes them, and no faster than leaves the engine to its work. */
async function pour(socket: WebSocket, messages: AsyncIterable<InspectionMessage>): Promise<void> {
  let count = 0
  for await (const message of messages) {
    if (socket.readyState !== socket.OPEN) return
    count += 1
    const text = JSON.stringify(message)
    if (socket.bufferedAmount < WAITING_MAX) socket.send(text)
    // Answered when it is on its way, and also when the connection has ended.
    else await new Promise<void>(resolve => socket.send(text, () => resolve()))
    if (count % BURST === 0) {
      await new Promise<void>(resolve => systemClock.after(BURST * MESSAGE_MS, resolve))
    }
  }
}

/** Ends a connection. A server that closes waits for it, and it for an answer that may never come. */
function leave(socket: WebSocket): void {
  if (socket.readyState === socket.CLOSED) return
  if (socket.bufferedAmount > 0) {
    socket.terminate()
    return
  }
  const cut = setTimeout(() => socket.terminate(), FAREWELL_MS)
  socket.on('close', () => clearTimeout(cut))
  socket.close(GOING_AWAY)
}

function dropWhenSilent(socket: WebSocket, pingMs: number): () => void {
  let hasAnswered = true
  socket.on('pong', () => {
    hasAnswered = true
  })
  const timer = setInterval(() => {
    if (!hasAnswered) return socket.terminate()
    hasAnswered = false
    socket.ping()
  }, pingMs)
  return () => clearInterval(timer)
}

/**
 * Lets a server answer other requests that would like another protocol, such as HTTP/2, as though they had
 * not said so. Once a server takes upgrades it would otherwise take them all.
 */
function leaveOtherUpgrades(server: Server, path: string): void {
  const upgrading = server as Server & {
    // Node.js 24.9 and later.
    shouldUpgradeCallback?: (this: Server, request: IncomingMessage) => boolean
  }
  const before = upgrading.shouldUpgradeCallback
  if (before === undefined) return
  upgrading.shouldUpgradeCallback = function (request) {
    const isOurs = request.url?.split('?', 1)[0] === path
    // Another listener knows other paths.
    return before.call(this, request) && (isOurs || this.listenerCount('upgrade') > 1)
  }
}
