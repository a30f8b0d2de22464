// All benches, in the order in which they run.
import type { Bench, Figure } from './figure.ts'
import { cancel } from './figures/cancel.ts'
import { durable } from './figures/durable.ts'
import { http } from './figures/http.ts'
import { latency } from './figures/latency.ts'
import { lives } from './figures/lives.ts'
import { queue } from './figures/queue.ts'
import { start } from './figures/start.ts'
import { waiting } from './figures/waiting.ts'

export const BENCHES: readonly Bench[] = [
  lives,
  durable,
  cancel,
  queue,
  waiting,
  http,
  latency,
  start,
]

export const FIGURES: readonly Figure[] = BENCHES.flatMap(bench => bench.figures)

/** What `--only` takes. */
export const NAMES: ReadonlySet<string> = new Set(
  BENCHES.flatMap(bench => [bench.name, ...bench.figures.map(figure => figure.name)]),
)
