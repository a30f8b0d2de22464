// A small chart of one rate over the last two minutes: an area, its present value and its peak.
import { useState } from 'preact/hooks'
import { clockTime, count } from '../clock.ts'

export interface RatePoint {
  atMs: number
  value: number
}

/** Seconds across the chart. */
const SECONDS = 120
const WIDTH = 240
const HEIGHT = 56

export function RateChart({
  title,
  tone,
  points,
  nowMs,
}: {
  title: string
  tone: string
  points: readonly RatePoint[]
  nowMs: number
}) {
  const [pointed, setPointed] = useState<number | null>(null)
  // The present second is not over: it would always look like a fall.
  const lastSecond = Math.floor(nowMs / 1_000) - 1
  const bySecond = new Map(points.map(({ atMs, value }) => [Math.floor(atMs / 1_000), value]))
  const values = Array.from(
    { length: SECONDS },
    (_, at) => bySecond.get(lastSecond - SECONDS + 1 + at) ?? 0,
  )
  const peak = Math.max(...values)
  const top = roundUp(peak)
  const last5 = values.slice(-5)
  const mean = last5.reduce((sum, value) => sum + value, 0) / last5.length
  const x = (at: number) => (at / (SECONDS - 1)) * WIDTH
  const y = (value: number) => HEIGHT - 1 - (value / top) * (HEIGHT - 6)
  const line = values
    .map((value, at) => `${at === 0 ? 'M' : 'L'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`)
    .join('')
  const shown = pointed === null ? null : (values[pointed] as number)
  return (
    <figure class={`rate tone-${tone}`}>
      <figcaption>
        <span>{title}</span>
        <b class="rate-value number">{shown === null ? written(mean) : count(shown)}</b>
        <span class="faint">
          {pointed === null
            ? '/s'
            : `/s at ${clockTime((lastSecond - SECONDS + 1 + pointed) * 1_000)}`}
        </span>
        <span class="spring" />
        <span class="faint number">peak {count(peak)}</span>
      </figcaption>
      <div class="rate-plot">
        <span class="rate-top faint number" aria-hidden="true">
          {count(top)}
        </span>
        <svg
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`${title}: ${written(mean)} a second, at most ${count(peak)} in the last two minutes`}
          onPointerMove={event => {
            const { left, width } = event.currentTarget.getBoundingClientRect()
            const at = Math.round(((event.clientX - left) / width) * (SECONDS - 1))
            setPointed(Math.max(0, Math.min(SECONDS - 1, at)))
          }}
          onPointerLeave={() => setPointed(null)}
        >
          <path
            class="rate-grid"
            d={`M0 ${y(top)}H${WIDTH}M0 ${y(top / 2)}H${WIDTH}M0 ${HEIGHT - 1}H${WIDTH}`}
          />
          <path class="rate-area" d={`${line}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}Z`} />
          <path class="rate-line" d={line} />
          {pointed !== null && <path class="rate-cursor" d={`M${x(pointed)} 0V${HEIGHT}`} />}
        </svg>
      </div>
      <div class="rate-axis faint" aria-hidden="true">
        <span>2 min ago</span>
        <span>now</span>
      </div>
    </figure>
  )
}

/** The next of 1, 2, 5, 10, 20, …: the scale moves in steps, not with each value. */
function roundUp(peak: number): number {
  if (peak <= 4) return 4
  const power = 10 ** Math.floor(Math.log10(peak))
  return ([1, 2, 5, 10].find(step => step * power >= peak) as number) * power
}

function written(mean: number): string {
  return mean > 0 && mean < 10 ? mean.toFixed(1) : count(Math.round(mean))
}
