// Long lists: a JSON array sent in chunks as its rows are read, with as much in memory as the client takes.
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { jsonChunks } from '../json-chunks.ts'
import { JSON_TYPE } from './answer.ts'

/**
 * Answers with a list. A short one is sent as a whole; of a long one the first chunk is read before the
 * status is, so that only an error in the middle has to cut the connection.
 */
export async function sendList(
  reply: FastifyReply,
  rows: AsyncIterable<unknown> | Iterable<unknown>,
): Promise<FastifyReply> {
  const chunks = jsonChunks(rows)
  const first = await chunks.next()
  const second = await chunks.next()
  reply.type(JSON_TYPE)
  if (second.done) return reply.send(first.value)
  return reply.send(
    Readable.from(joined([first.value, second.value], chunks), { objectMode: false }),
  )
}

async function* joined(
  read: (string | undefined)[],
  rest: AsyncGenerator<string, undefined>,
): AsyncGenerator<string> {
  for (const chunk of read) yield chunk ?? ''
  yield* rest
}
