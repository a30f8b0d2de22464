// What happened to a task, event by event, latest first.

import { useState } from 'preact/hooks'
import { duration, exactTime } from '../clock.ts'
import type { HistoryRow } from '../data.ts'
import { ScrollBox } from '../parts/scrolled.tsx'
import { TaskBadge } from '../parts/state.tsx'

/** Events that are shown at first. */
const SHOWN = 50

export function TaskHistory({ history }: { history: readonly HistoryRow[] }) {
  const [isWhole, setWhole] = useState(false)
  const latest = history.toReversed()
  const shown = isWhole ? latest : latest.slice(0, SHOWN)
  return (
    <section class="card" aria-labelledby="history-title">
      <h2 id="history-title">History</h2>
      {history.length === 0 ? (
        <p class="faint">Nothing is stored of it.</p>
      ) : (
        <ScrollBox class="scrolls" label="Events">
          <table class="table">
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col" class="right">
                  After
                </th>
                <th scope="col">Event</th>
                <th scope="col">State then</th>
                <th scope="col" class="right">
                  Attempt
                </th>
                <th scope="col" class="narrow-out">
                  With
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map((row, at) => {
                const before = latest[at + 1]
                return (
                  <tr key={row.event_id}>
                    <td class="number">{exactTime(row.at_ms)}</td>
                    <td class="right number faint">
                      {before === undefined ? '' : `+${duration(row.at_ms - before.at_ms)}`}
                    </td>
                    <td>
                      <code>{row.type}</code>
                    </td>
                    <td>
                      <TaskBadge value={row.value} />
                    </td>
                    <td class="right number">{row.attempt}</td>
                    <td class="narrow-out faint clip">
                      {row.data === null ? '' : JSON.stringify(row.data)}
                    </td>
                  </tr>
                )
              })}
            </tbody>
          </table>
        </ScrollBox>
      )}
      {shown.length < history.length && (
        <button type="button" class="button small" onClick={() => setWhole(true)}>
          Show all {history.length.toLocaleString('en')} events
        </button>
      )}
    </section>
  )
}
