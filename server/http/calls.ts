// /calls/: what can be asked for.
import type { Call } from '../calls.ts'
import { answersNotModified, tagOf } from './etag.ts'
import type { RestApp, RestParts } from './rest-app.ts'
import * as schemas from './schemas.ts'
import { sendList } from './stream.ts'

export function callRoutes(app: RestApp, { rollcall }: RestParts): void {
  app.get(
    '/calls/',
    {
      schema: {
        summary: 'The registered calls, with the JSON Schema of their arguments',
        response: { 200: schemas.Calls, ...schemas.errors },
      },
    },
    async (request, reply) => {
      // The calls of a process never change.
      if (answersNotModified(request, reply, tagOf(request, 0))) return reply
      return sendList(reply, rollcall.registry.all().map(described))
    },
  )
}

function described(call: Call) {
  const { name, description, execution, cancellable, retry } = call
  return {
    name,
    description,
    execution,
    cancellable,
    on_interrupted: call.onInterrupted,
    timeout_ms: call.timeoutMs,
    retry: retry && { limit: retry.limit, delay_ms: retry.delayMs, backoff: retry.backoff },
    args: call.argsSchema,
  }
}
