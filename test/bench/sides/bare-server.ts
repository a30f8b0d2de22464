// The yardstick of HTTP: Fastify as it comes, with routes that answer given bytes and one that validates.
import Fastify from 'fastify'
import { TaskSubmission } from '../../../server/http/schemas.ts'
import { answer, given } from '../side.ts'
import type { Listening } from './rollcall-server.ts'

export interface BareServer {
  /** Of GET routes: what each answers. */
  answers: { path: string; headers: Record<string, string>; body: string }[]
}

/** Characters from which on bytes are sent faster than a string. */
const LONG = 16_384

const { answers } = await given<BareServer>()
const app = Fastify({
  ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
})
for (const { path, headers, body } of answers) {
  // Whichever costs Node.js less.
  const sent = body.length > LONG ? Buffer.from(body) : body
  app.get(path, async (_request, reply) => reply.headers(headers).send(sent))
}
const task_id = '0199e2f0-0000-7000-8000-000000000000'
const accepted = {
  result: null,
  error: null,
  spawned_tasks: [{ _href: `/pulp/api/v2/tasks/${task_id}/`, task_id }],
}
app.post('/pulp/api/v2/tasks/', { schema: { body: TaskSubmission } }, async (_request, reply) =>
  reply.code(202).send(accepted),
)
await app.listen({ port: 0 })
answer({ port: Number(new URL(app.listeningOrigin).port) } satisfies Listening)
