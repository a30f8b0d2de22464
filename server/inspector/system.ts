// /inspect/data/system/: how this process is, and what a person should know of it.
import { sendJson } from '../http/answer.ts'
import type { RestApp } from '../http/rest-app.ts'
import { packageVersion } from '../version.ts'
import { Census, type Counts } from './census.ts'
import { type InspectorParts, inspectionOf } from './parts.ts'
import type { Rates } from './rates.ts'

/** A task that has waited so long for a slot is worth a warning, in ms. */
const LONG_WAIT_MS = 60_000

export interface SystemParts extends InspectorParts {
  rates: Rates
  mount: string
  startedMs: number
}

export function systemDataRoutes(app: RestApp, parts: SystemParts): void {
  const { rollcall, clock, rates, mount, startedMs } = parts
  const version = packageVersion()
  const census = new Census({ rollcall, clock })

  app.get('/system/', async (_request, reply) => {
    const counts = await census.latest(await inspectionOf(parts))
    const { waiting, suspended, running, workers, oldestWaitingMs } = counts
    const nowMs = clock.nowMs()
    return sendJson(reply, {
      version,
      mount,
      started_ms: startedMs,
      now_ms: nowMs,
      slots: rollcall.slots,
      workers,
      unfinished: { waiting, suspended, running },
      oldest_waiting_ms: oldestWaitingMs,
      rates: { seconds: rates.seconds(nowMs) },
      readers: rollcall.feed.readers,
      refusals: rollcall.engine.refusals,
      warnings: warnings(parts, counts, nowMs),
    })
  })
}

function warnings(
  { rollcall }: SystemParts,
  { unresponsive, unregistered, oldestWaitingMs }: Counts,
  nowMs: number,
): string[] {
  const said: string[] = []
  const { refusals } = rollcall.engine
  if (rollcall.stopping.aborted) said.push('The server is shutting down: it starts nothing more.')
  if (refusals > 0) {
    said.push(`The store refuses to commit (${times(refusals)}): nothing moves until it does.`)
  }
  for (const { call, count } of unregistered) {
    const which = count === 1 ? 'One unfinished task needs' : `${count} unfinished tasks need`
    said.push(`${which} the call ${call}, which is not registered in this process.`)
  }
  if (unresponsive > 0) {
    const which = unresponsive === 1 ? 'One handler was' : `${unresponsive} handlers were`
    said.push(`${which} asked to stop and did not: the slot and the reservations stay taken.`)
  }
  const { total, busy } = rollcall.slots
  if (busy >= total && oldestWaitingMs !== null && nowMs - oldestWaitingMs > LONG_WAIT_MS) {
    said.push(
      `No slot is free (${busy} of ${total} busy), and the oldest task has waited for more than a minute.`,
    )
  }
  return said
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`
}
