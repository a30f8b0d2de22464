// The life of a server process: listens, says so, and on a signal lets its tasks end before it ends.
import type { FastifyInstance } from 'fastify'

export interface ListenOptions {
  /** 0 takes a free port. */
  port: number
  host: string
  /** How long running tasks may go on after a signal, in ms. */
  graceMs: number
}

/** How long answers under way may take once every task has ended, in ms. */
const LAST_ANSWERS_MS = 2_000

/**
 * Serves an app that has the plugin until SIGTERM or SIGINT. Prints one line on standard output when it
 * listens. After a signal it takes no more work, lets running tasks end, interrupts those that have not
 * when the grace is over, and resolves when everything is closed. A second signal ends the process at once.
 *
 * @throws {Error} The port is taken: in one sentence.
 */
export async function serveUntilSignal(
  app: FastifyInstance,
  { port, host, graceMs }: ListenOptions,
): Promise<void> {
  const { signalled, forget } = nextSignal()
  try {
    const address = await app.listen({ port, host }).catch(error => {
      throw explained(error, host, port)
    })
    process.stdout.write(`rollcall listening on ${address}\n`)
    const signal = await signalled
    app.log.info({ signal, graceMs }, 'stopping')
    await app.rollcall.close(graceMs)
  } finally {
    forget()
    const cut = setTimeout(() => app.server.closeAllConnections(), LAST_ANSWERS_MS)
    await app.close()
    clearTimeout(cut)
  }
}

function nextSignal(): { signalled: Promise<NodeJS.Signals>; forget: () => void } {
  const { promise: signalled, resolve } = Promise.withResolvers<NodeJS.Signals>()
  const forget = () => {
    process.off('SIGTERM', heard)
    process.off('SIGINT', heard)
  }
  const heard = (signal: NodeJS.Signals) => {
    forget()
    resolve(signal)
  }
  process.on('SIGTERM', heard)
  process.on('SIGINT', heard)
  return { signalled, forget }
}

function explained(error: NodeJS.ErrnoException, host: string, port: number): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new Error(`port ${port} of ${host} is taken by another program`, { cause: error })
    case 'EACCES':
      return new Error(`port ${port} of ${host} may not be used by this user`, { cause: error })
    default:
      return error
  }
}
