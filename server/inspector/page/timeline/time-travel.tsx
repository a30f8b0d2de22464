// A slider over a group's history: any moment of it, forwards and backwards, event by event or played.
// The moment is published for the whole page (past.ts); the address hears of it now and then.
import './timeline.css'
import type { RefObject } from 'preact'
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { count, exactTime } from '../clock.ts'
import { wholeFlow } from './flow.ts'
import { historyOf, type LoadedHistory } from './load.ts'
import { Loading } from './loading.tsx'
import { paintFlow, prepared } from './paint.ts'
import { paletteOf } from './palette.ts'
import { pastOf, travellerOf } from './past.ts'
import { firstSpeed, Playback, SPEEDS } from './playback.ts'
import type { HistoryRecord } from './record.ts'

export interface TimeTravelProps {
  groupId: string
  /** The event that the address names; null: the present. */
  at: number | null
  onChange: (eventId: number | null) => void
}

/** Shortest time between two changes of the address while it moves, in ms: browsers refuse more. */
const TELL_MS = 400

export function TimeTravel({ groupId, ...props }: TimeTravelProps) {
  const [history, setHistory] = useState<LoadedHistory | null>(null)
  useEffect(() => {
    const { release, ...loaded } = historyOf(groupId)
    setHistory(loaded)
    return () => {
      release()
      pastOf(groupId).value = null
    }
  }, [groupId])
  if (history === null) return <div class="time-travel" />
  if (!history.isWhole.value) {
    return (
      <div class="time-travel">
        <Loading history={history} />
      </div>
    )
  }
  return <Slider key={groupId} groupId={groupId} history={history} {...props} />
}

function Slider({ groupId, history, at, onChange }: TimeTravelProps & { history: LoadedHistory }) {
  const { record } = history
  const length = history.length.value
  const { position, goTo, settle } = usePosition(groupId, record, at, onChange)
  const { isPlaying, setPlaying, speed, setSpeed } = usePlayback(record, position, goTo, settle)
  const strip = useRef<HTMLCanvasElement>(null)
  useStrip(strip, record, length)

  const isLive = position === null
  const shown = position ?? length
  const jump = (next: number | null) => {
    setPlaying(false)
    goTo(next)
    settle()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const isOnButton = (event.target as Element).tagName !== 'INPUT'
    const action = {
      ' ': isOnButton ? undefined : () => setPlaying(!isPlaying),
      ',': () => jump(Math.max(0, shown - 1)),
      '.': () => jump(Math.min(length, shown + 1)),
      l: () => jump(null),
    }[event.key]
    if (action === undefined) return
    event.preventDefault()
    action()
  }
  return (
    <fieldset class="time-travel" aria-label="Time travel" onKeyDown={onKeyDown}>
      <div class="travel-track">
        <div class="travel-strip" aria-hidden="true">
          <canvas ref={strip} />
        </div>
        <i class="travel-thumb" style={{ left: `${(shown / Math.max(1, length)) * 100}%` }} />
        <input
          type="range"
          min={0}
          max={length}
          step={1}
          value={shown}
          aria-label="Moment of the history"
          aria-valuetext={momentText(record, shown, isLive)}
          onInput={event => {
            setPlaying(false)
            goTo(Number(event.currentTarget.value))
          }}
          onChange={settle}
        />
      </div>
      <div class="travel-bar">
        <fieldset class="timeline-group" aria-label="Playback">
          <button
            type="button"
            aria-label="To the beginning"
            title="To the beginning"
            onClick={() => jump(0)}
          >
            <TransportSign name="first" />
          </button>
          <button
            type="button"
            aria-label="One event back"
            title="One event back ( , )"
            disabled={shown === 0}
            onClick={() => jump(Math.max(0, shown - 1))}
          >
            <TransportSign name="back" />
          </button>
          <button
            type="button"
            class="is-wide"
            aria-pressed={isPlaying}
            title="Play or pause (space on the slider)"
            onClick={() => setPlaying(!isPlaying)}
          >
            {isPlaying ? 'Pause' : 'Play'}
          </button>
          <button
            type="button"
            aria-label="One event on"
            title="One event on ( . )"
            disabled={shown >= length}
            onClick={() => jump(Math.min(length, shown + 1))}
          >
            <TransportSign name="on" />
          </button>
        </fieldset>
        <label class="travel-speed">
          <span>Speed</span>
          <select value={speed} onChange={event => setSpeed(Number(event.currentTarget.value))}>
            {SPEEDS.map(each => (
              <option key={each} value={each}>
                {count(each)}×
              </option>
            ))}
          </select>
        </label>
        <span class="travel-moment">
          <b>
            {isLive
              ? 'The present'
              : exactTime(shown === 0 ? record.atMsOf(0) : record.atMsOf(shown - 1))}
          </b>
          <span>
            event {count(shown)} of {count(length)}
          </span>
          {!isLive && shown > 0 && <code>{eventText(record, shown - 1)}</code>}
        </span>
        <button
          type="button"
          class="travel-live"
          aria-pressed={isLive}
          title="Back to the present ( l )"
          onClick={() => jump(null)}
        >
          <i /> Live
        </button>
      </div>
    </fieldset>
  )
}

const TRANSPORT = {
  first: 'M3 3v10M13 3.5v9L6 8z',
  back: 'M12 3.5v9L5 8z',
  on: 'M4 3.5v9L11 8z',
} as const

function TransportSign({ name }: { name: keyof typeof TRANSPORT }) {
  return (
    <svg class="travel-sign" viewBox="0 0 16 16" aria-hidden="true">
      <path d={TRANSPORT[name]} />
    </svg>
  )
}

/** The moment: published at once, and told to the address now and then and when it rests. */
function usePosition(
  groupId: string,
  record: HistoryRecord,
  at: number | null,
  onChange: (eventId: number | null) => void,
) {
  const travel = useMemo(() => travellerOf(record), [record])
  const [position, setPosition] = useState<number | null>(null)
  const told = useRef<{ eventId: number | null; atMs: number }>({ eventId: null, atMs: 0 })
  const tell = useRef(onChange)
  tell.current = onChange

  const settle = useCallback(() => {
    const eventId = pastOf(groupId).peek()?.eventId ?? null
    if (eventId === told.current.eventId) return
    told.current = { eventId, atMs: Date.now() }
    tell.current(eventId)
  }, [groupId])

  const goTo = useCallback(
    (next: number | null) => {
      pastOf(groupId).value = next === null ? null : travel(next)
      setPosition(next)
      if (Date.now() - told.current.atMs > TELL_MS) settle()
    },
    [groupId, travel, settle],
  )

  // The address was changed by somebody else: the Back button, a link.
  useEffect(() => {
    if (at === told.current.eventId) return
    told.current = { eventId: at, atMs: Date.now() }
    const next = at === null ? null : record.upToEvent(at)
    pastOf(groupId).value = next === null ? null : travel(next)
    setPosition(next)
  }, [groupId, at, record, travel])

  return { position, goTo, settle }
}

function usePlayback(
  record: HistoryRecord,
  position: number | null,
  goTo: (position: number | null) => void,
  settle: () => void,
) {
  const [isPlaying, setPlaying] = useState(false)
  const [speed, setSpeed] = useState(() => firstSpeed(record))
  const latest = useRef({ position, speed })
  latest.current = { position, speed }
  useEffect(() => {
    if (!isPlaying) return
    const start = latest.current.position
    // At the end, it begins anew.
    const from = start === null || start >= record.length ? 0 : start
    const playback = new Playback(record, from)
    goTo(from)
    let before = performance.now()
    let frame = requestAnimationFrame(function play(now) {
      const next = playback.advance(Math.min(100, now - before), latest.current.speed)
      before = now
      if (next !== latest.current.position) goTo(next)
      if (next >= record.length) setPlaying(false)
      else frame = requestAnimationFrame(play)
    })
    return () => {
      cancelAnimationFrame(frame)
      settle()
    }
  }, [isPlaying, record, goTo, settle])
  return { isPlaying, setPlaying, speed, setSpeed }
}

/** What happened, below the slider: tasks by state, event by event. */
function useStrip(
  canvas: RefObject<HTMLCanvasElement | null>,
  record: HistoryRecord,
  length: number,
) {
  useLayoutEffect(() => {
    const element = canvas.current
    if (element === null) return
    const draw = () => {
      const context = prepared(element)
      if (context === null) return
      const width = element.clientWidth
      const toTask = record.taskIds.length
      const area = {
        left: 0,
        width,
        top: 0,
        height: element.clientHeight,
        span: { fromMs: 0, toMs: 1 },
      }
      const bins = Math.max(1, Math.min(length, Math.ceil(width / 2)))
      const flow = wholeFlow(record, { position: length, along: 'events', bins })
      paintFlow(context, paletteOf(element, context), area, flow, toTask, 1)
    }
    draw()
    const observer = new ResizeObserver(draw)
    observer.observe(element)
    const dark = matchMedia('(prefers-color-scheme: dark)')
    dark.addEventListener('change', draw)
    return () => {
      observer.disconnect()
      dark.removeEventListener('change', draw)
    }
  }, [canvas, record, length])
}

function momentText(record: HistoryRecord, position: number, isLive: boolean): string {
  if (isLive) return 'the present'
  if (position === 0) return 'before the first event'
  const event = position - 1
  return `${exactTime(record.atMsOf(event))}, event ${count(position)}, ${eventText(record, event)}`
}

function eventText(record: HistoryRecord, event: number): string {
  const task = record.taskOf(event)
  const whose = task < 0 ? '' : ` …${(record.taskIds[task] as string).slice(-8)}`
  return `${record.typeOf(event)}${whose}`
}
