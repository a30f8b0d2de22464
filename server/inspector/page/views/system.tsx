// The server itself: how much it does, how long work waits, who does it, and what is wrong.
import type { ComponentChildren } from 'preact'
import { age, count, duration } from '../clock.ts'
import type { RateSecond, SystemAnswer } from '../data.ts'
import { MOUNT } from '../http.ts'
import { useAnswer } from '../live/answer.ts'
import { StateGlyph } from '../parts/icon.tsx'
import { Failed, Loading } from '../parts/notice.tsx'
import { RateChart } from '../parts/rate-chart.tsx'
import { useTitle } from './title.ts'

const EVERY_MS = 1_000

const RATES: readonly [keyof RateSecond & ('submitted' | 'started' | 'ended'), string, string][] = [
  ['submitted', 'Submitted', 'waiting'],
  ['started', 'Started', 'running'],
  ['ended', 'Ended', 'finished'],
]

export function SystemView() {
  useTitle('System')
  const { data, error, reload } = useAnswer<SystemAnswer>('system/', { everyMs: EVERY_MS })
  return (
    <div class="view">
      <header class="view-head">
        <h1>System</h1>
      </header>
      {data !== null ? (
        <System data={data} />
      ) : error === null ? (
        <Loading what="the state of the server" />
      ) : (
        <Failed error={error} onRetry={reload} />
      )}
    </div>
  )
}

function System({ data }: { data: SystemAnswer }) {
  const { slots, unfinished, now_ms: nowMs } = data
  const oldestMs = data.oldest_waiting_ms
  return (
    <>
      {data.warnings.length > 0 && (
        <ul class="warnings" aria-label="Warnings">
          {data.warnings.map(warning => (
            <li key={warning}>
              <StateGlyph tone="error" />
              {warning}
            </li>
          ))}
        </ul>
      )}
      <section class="tiles" aria-label="At this moment">
        <Tile
          name="Running"
          note={slots === null ? 'tasks' : `of ${count(slots.total)} slots`}
          value={count(slots?.busy ?? unfinished.running)}
        >
          {slots !== null && (
            <meter min={0} max={slots.total} value={slots.busy} aria-label="Slots that are busy" />
          )}
        </Tile>
        <Tile name="Waiting" note="tasks" value={count(unfinished.waiting)} />
        <Tile name="Suspended" note="tasks" value={count(unfinished.suspended)} />
        <Tile
          name="Queue age"
          note={oldestMs === null ? 'nothing is ready to start' : 'oldest that could start'}
          value={oldestMs === null ? '–' : age(oldestMs, nowMs)}
        />
        <Tile name="Readers" note="of live streams" value={count(data.readers)} />
        <Tile name="Refusals" note="commits that the store refused" value={count(data.refusals)} />
      </section>
      <section class="card" aria-labelledby="rates-title">
        <h2 id="rates-title">
          Rates <span class="faint">tasks a second</span>
        </h2>
        <div class="rates">
          {RATES.map(([name, title, tone]) => (
            <RateChart
              key={name}
              title={title}
              tone={tone}
              nowMs={nowMs}
              points={data.rates.seconds.map(second => ({
                atMs: second.at_ms,
                value: second[name],
              }))}
            />
          ))}
        </div>
      </section>
      <div class="columns even">
        <section class="card" aria-labelledby="workers-title">
          <h2 id="workers-title">Workers</h2>
          {data.workers.length === 0 ? (
            <p class="faint">No worker is attached.</p>
          ) : (
            <table class="table">
              <thead>
                <tr>
                  <th scope="col">Worker</th>
                  <th scope="col" class="right">
                    Running
                  </th>
                </tr>
              </thead>
              <tbody>
                {data.workers.map(({ name, running }) => (
                  <tr key={name}>
                    <td class="clip">
                      <code>{name}</code>
                    </td>
                    <td class="right number">{count(running)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </section>
        <section class="card" aria-labelledby="server-title">
          <h2 id="server-title">Server</h2>
          <dl class="pairs">
            <div>
              <dt>Version</dt>
              <dd>{data.version}</dd>
            </div>
            <div>
              <dt>Up for</dt>
              <dd class="number">{duration(Math.max(1_000, nowMs - data.started_ms))}</dd>
            </div>
            <div>
              <dt>REST</dt>
              <dd>
                <code>{data.mount || MOUNT}/v2/</code>
              </dd>
            </div>
            <div>
              <dt>Described at</dt>
              <dd>
                <a href="/openapi.json" target="_blank" rel="noreferrer">
                  /openapi.json
                </a>
              </dd>
            </div>
          </dl>
        </section>
      </div>
    </>
  )
}

function Tile({
  name,
  value,
  note,
  children,
}: {
  name: string
  value: string
  note: string
  children?: ComponentChildren
}) {
  return (
    <div class="tile">
      <span class="tile-name">{name}</span>
      <b class="number">{value}</b>
      <span class="faint">{note}</span>
      {children}
    </div>
  )
}
