// Whether a group that runs stands in the way of those who only look: the slowest percent of GETs.
import { setTimeout } from 'node:timers/promises'
import type { Bench, Conditions, Sample } from '../figure.ts'
import { API, getRequest } from '../http-requests.ts'
import { Side } from '../process.ts'
import type { Pace, Paced } from '../sides/http-load.ts'
import type { GroupSubmitted, Listening, Settle, SubmitGroup } from '../sides/rollcall-server.ts'
import { quantile } from '../statistics.ts'

const shared = { yardstick: 'idle p99', unit: 'ms' }

export const latency: Bench = {
  name: 'latency',
  figures: [
    {
      name: 'latency',
      what: 'p99 of GET a task while a group of 100,000 runs',
      goal: { kind: 'ratio or value at most', ratio: 5, value: 10 },
      ...shared,
    },
    {
      name: 'latency-submit',
      what: 'the same, its submission in one piece included',
      goal: { kind: 'none' },
      ...shared,
    },
  ],
  measure: conditions =>
    measureLatency(
      conditions,
      conditions.isQuick ? 10_000 : 100_000,
      conditions.isQuick ? 500 : 5_000,
    ),
}

async function* measureLatency(
  { folder, rounds, wants }: Conditions,
  tasks: number,
  idleMs: number,
): AsyncGenerator<Sample> {
  for (let round = 0; round < rounds; round += 1) {
    const { side: load } = await Side.start('http-load', {})
    const { side: server, ready } = await Side.start<Listening>('rollcall-server', {
      folder: await folder('server'),
    })
    const submit = (size: number) => {
      return server.ask<GroupSubmitted>({ kind: 'submit', tasks: size } satisfies SubmitGroup)
    }
    const settle = () => server.ask({ kind: 'settle' } satisfies Settle)
    try {
      const { taskIds } = await submit(1_000)
      await settle()
      const request = getRequest(`${API}/tasks/${taskIds[0]}/`)
      const pace: Pace = {
        kind: 'start',
        port: ready.port,
        connections: 8,
        perSecond: 400,
        request,
      }
      const paced = async (during: () => Promise<unknown>) => {
        await load.ask(pace)
        await during()
        return load.ask<Paced>({ kind: 'stop' })
      }
      // The first is for the compiler.
      await paced(() => setTimeout(idleMs))
      const idle = p99(await paced(() => setTimeout(idleMs)))
      const sample = (figure: string, busy: Paced): Sample => {
        return { figure, ours: p99(busy), yardstick: idle, details: detailsOf(busy) }
      }
      if (wants('latency')) {
        await submit(tasks)
        yield sample('latency', await paced(settle))
      }
      if (wants('latency-submit')) {
        const busy = await paced(async () => {
          await submit(tasks)
          await settle()
        })
        yield sample('latency-submit', busy)
      }
    } finally {
      await Promise.all([load.stop(), server.stop()])
    }
  }
}

function p99({ latenciesMs }: Paced): number {
  return quantile(
    latenciesMs.toSorted((a, b) => a - b),
    0.99,
  )
}

function detailsOf({ latenciesMs }: Paced): Record<string, number> {
  const sorted = latenciesMs.toSorted((a, b) => a - b)
  return { 'p50 ms': quantile(sorted, 0.5), 'max ms': quantile(sorted, 1), requests: sorted.length }
}
