// Live streams: `text/event-stream` of everything, of a group with its tasks, or of one task (WHATWG HTML,
// "Server-sent events"). A stream is read as fast as its client reads, and no faster.
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { canonicalId } from '../../machines/index.ts'
import { BadRequestError, NotAcceptableError } from '../errors.ts'
import type { FeedItem, Position, Topic } from '../feed.ts'
import { type Static, Type } from '../typebox.ts'
import { accepts } from './accept.ts'
import { framesOf, parsePosition, RETRY } from './frames.ts'
import { type RestApp, type RestParts, UUID } from './rest-app.ts'
import * as schemas from './schemas.ts'

const STREAM = 'text/event-stream'
/** A comment is sent when nothing else was for so long, so that proxies keep the connection. */
const HEARTBEAT_MS = 15_000
/** A client that has taken nothing for so long is cut off; it resumes where it was when it comes back. */
const STALLED_MS = 300_000

const EventStream = {
  description:
    'Events named task, group, store or gap, each with JSON as its data. What has an id is in the history, and comes again to whoever was away; what has none says how things are.',
  content: { [STREAM]: { schema: Type.String() } },
}
const EventsQuery = Type.Object(
  {
    after: Type.Optional(
      Type.String({ description: 'As Last-Event-ID, for clients that cannot set a header' }),
    ),
  },
  { additionalProperties: false },
)

export function eventRoutes(app: RestApp, { rollcall, closing }: RestParts): void {
  const streams = new Streams(closing)
  const schema = {
    querystring: EventsQuery,
    response: { 200: EventStream, ...schemas.errors },
  }

  app.get(
    '/events/',
    { schema: { ...schema, summary: 'Everything that happens, live' } },
    async (request, reply) => {
      await rollcall.ready()
      return stream(request, reply, {})
    },
  )

  app.get(
    `/task_groups/:group_id${UUID}/events/`,
    {
      schema: {
        ...schema,
        summary: 'What happens to a group and its tasks, live',
        params: schemas.GroupParams,
      },
    },
    async (request, reply) => {
      const { groupId } = await rollcall.group(canonicalId(request.params.group_id))
      return stream(request, reply, { groupId })
    },
  )

  app.get(
    `/tasks/:task_id${UUID}/events/`,
    {
      schema: { ...schema, summary: 'What happens to a task, live', params: schemas.TaskParams },
    },
    async (request, reply) => {
      const { taskId } = await rollcall.task(canonicalId(request.params.task_id))
      return stream(request, reply, { taskId })
    },
  )

  function stream(
    request: FastifyRequest<{ Querystring: Static<typeof EventsQuery> }>,
    reply: FastifyReply,
    topic: Topic,
  ): FastifyReply {
    const { accept } = request.headers
    // A client that waits for the end of anything else would wait for ever.
    if (!accepts(accept, STREAM)) throw new NotAcceptableError(accept ?? '', STREAM)
    const from = startOf(request)
    reply.headers({
      'content-type': `${STREAM}; charset=utf-8`,
      'cache-control': 'no-store',
      // nginx and others would collect the events before they pass them on.
      'x-accel-buffering': 'no',
    })
    // A HEAD's body would be read to its end, and this one has none.
    if (request.method === 'HEAD') return reply.send()
    const signal = streams.open(reply)
    const items = rollcall.feed.follow(topic, from, { signal, idleMs: HEARTBEAT_MS })
    return reply.send(Readable.from(textOf(items), { objectMode: false, highWaterMark: 1 }))
  }
}

/** The streams that are open: each ends with its connection, and all when the server closes. */
class Streams {
  readonly #open = new Map<AbortController, ServerResponse>()
  readonly #closing: AbortSignal

  constructor(closing: AbortSignal) {
    this.#closing = closing
    closing.addEventListener('abort', () => {
      for (const [stream, raw] of this.#open) {
        stream.abort()
        // Who does not read would not see the end, and the server would wait for it.
        if (raw.writableLength > 0) raw.destroy()
      }
    })
  }

  open({ raw }: FastifyReply): AbortSignal {
    const stream = new AbortController()
    if (this.#closing.aborted) stream.abort()
    this.#open.set(stream, raw)
    raw.once('close', () => {
      this.#open.delete(stream)
      stream.abort()
    })
    raw.setTimeout(STALLED_MS, () => raw.destroy())
    // Nothing comes after a stream, and a server that closes waits for connections that are kept.
    raw.shouldKeepAlive = false
    return stream.signal
  }
}

/** What the client knows. Browsers send the header when they come back, beside the query of their first time. */
function startOf({
  headers,
  query,
}: FastifyRequest<{ Querystring: Static<typeof EventsQuery> }>): Position | null {
  const given = headers['last-event-id'] || query.after
  if (given === undefined || given === '') return null
  const position = parsePosition(String(given))
  if (position !== null) return position
  throw new BadRequestError(
    `Last-Event-ID is the id of an event of this server, or 0; found ${JSON.stringify(given)}`,
  )
}

async function* textOf(lists: AsyncIterable<FeedItem[]>): AsyncGenerator<string | Buffer> {
  // Sent at once, so that the client knows that it is connected.
  yield RETRY
  for await (const items of lists) {
    if (items.length === 0) yield ': nothing happened\n\n'
    else yield* framesOf(items)
  }
}
