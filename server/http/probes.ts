// Outside the mount: whether the process lives, whether it can take work, and what it can be asked.
import type { FastifyInstance } from 'fastify'
import { UnavailableError } from '../errors.ts'
import type { Rollcall } from '../rollcall.ts'
import { sendJson } from './answer.ts'
import { errors, Health } from './schemas.ts'

/** Adds `/healthz`, `/readyz` and `/openapi.json`. */
export function probeRoutes(
  app: FastifyInstance,
  rollcall: Rollcall,
  document: () => Promise<object>,
): void {
  app.get(
    '/healthz',
    { schema: { summary: 'Whether the process lives', response: { 200: Health, ...errors } } },
    async (_request, reply) => sendJson(reply, { status: 'ok' }),
  )

  app.get(
    '/readyz',
    { schema: { summary: 'Whether it takes work', response: { 200: Health, ...errors } } },
    async (_request, reply) => {
      if (rollcall.stopping.aborted) throw new UnavailableError('the server is shutting down')
      if (rollcall.engine.refusals > 0) throw new UnavailableError('the store refuses to commit')
      await rollcall.ready()
      await rollcall.store.rev()
      return sendJson(reply, { status: 'ready' })
    },
  )

  app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) =>
    sendJson(reply, await document()),
  )
}
