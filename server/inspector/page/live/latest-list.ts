// A list of rows, latest first: read in pages as far as somebody looks, and kept up to date by the stream.
// The server may give up looking for a page before the page is full: the list goes on by itself.
import { batch, signal } from '@preact/signals'
import { pause, visible } from './connection.ts'
import { follow } from './follow.ts'
import type { EventBody, LiveEvent } from './frames.ts'

/** Where the rows come from, and how events change them. */
export interface ListSource<Row> {
  /** Rows before a seq, or the latest; `next` says up to where the server has looked. */
  page: (before: number | null, limit: number, signal: AbortSignal) => Promise<ListPage<Row>>
  idOf: (row: Row) => string
  /** The row that an event is about; null when it is about none of these. */
  rowIdIn: (event: LiveEvent) => string | null
  changed: (row: Row, body: EventBody) => Row
  /** Whether a changed row still belongs here, as far as it says. */
  fits: (row: Row) => boolean
}

export interface ListPage<Row> {
  rows: Row[]
  /** Null: there are no more. */
  next: number | null
}

/** Rows that are read at a time, more than a screen has, and the most that the server gives. */
const PAGE = 100
const PAGE_MAX = 200
/** Shortest time between two readings of what is there already, in ms; longer when they take long. */
const PACE_MS = 1_000
const PACE_FACTOR = 10
/** Rows below those that can be seen that are read ahead. */
const AHEAD = 25
/** Events that are kept while an answer is on its way. */
const SEEN_MAX = 20_000

export class LatestList<Row extends { seq: number }> {
  /** Null until the first answer is there. */
  readonly rows = signal<readonly Row[] | null>(null)
  readonly error = signal<Error | null>(null)
  /** Rows that came since the list was read, and are held back while somebody is reading it. */
  readonly fresh = signal(0)
  /** Whether rows that can be seen are still looked for. */
  readonly isLooking = signal(true)
  readonly #source: ListSource<Row>
  readonly #stop = new AbortController()
  readonly #leave: () => void
  /** Rows from here on were looked at, up to `#top` at least; null: all were. */
  #next: number | null = null
  #top = 0
  #window: [first: number, end: number] = [0, 0]
  #isHeld = false
  #isForced = false
  #isStale = true
  #isStuck = false
  #dueMs = 0
  #seen: LiveEvent[] | null = null
  #wake = () => {}

  constructor(source: ListSource<Row>) {
    this.#source = source
    this.#leave = follow('events/', {
      onOpen: resumed => resumed || this.reload(),
      onEvents: events => this.#take(events),
    })
    void this.#run()
  }

  close(): void {
    this.#leave()
    this.#stop.abort()
  }

  /** Reads again what can be seen, as soon as the pace allows. */
  reload(): void {
    this.#isStale = true
    this.#isStuck = false
    this.#wake()
  }

  /** While it is held, no row comes or goes: nothing moves under the pointer. */
  hold(isHeld: boolean): void {
    if (this.#isHeld && !isHeld) this.reload()
    this.#isHeld = isHeld
  }

  /** Shows at once what was held back. */
  showFresh(): void {
    this.#isForced = true
    this.#dueMs = 0
    this.reload()
  }

  /** Says which rows can be seen: those and some more are read. */
  show(first: number, end: number): void {
    this.#window = [first, end]
    this.#isStuck = false
    this.isLooking.value = this.rows.value === null || this.#lacksRows()
    this.#wake()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      await visible(signal)
      if (signal.aborted) return
      const isDue = this.#isStale && Date.now() >= this.#dueMs
      if (!this.#isStuck && (isDue || this.#lacksRows())) {
        await (isDue ? this.#attempt(() => this.#readAgain()) : this.#attempt(() => this.#readOn()))
      } else {
        await this.#woken(this.#isStale && !this.#isStuck ? this.#dueMs - Date.now() : 0x7fffffff)
      }
    }
  }

  #lacksRows(): boolean {
    const wanted = Math.max(this.#window[1] + AHEAD, PAGE)
    return this.#next !== null && (this.rows.value?.length ?? 0) < wanted
  }

  #woken(ms: number): Promise<void> {
    const woken = new AbortController()
    this.#wake = () => woken.abort()
    return pause(ms, AbortSignal.any([this.#stop.signal, woken.signal]))
  }

  /** One that failed is made again when somebody asks, or when the stream is open again. */
  async #attempt(reading: () => Promise<void>): Promise<void> {
    this.#seen = []
    try {
      await reading()
      this.error.value = null
    } catch (error) {
      if (this.#stop.signal.aborted) return
      this.#isStuck = true
      this.error.value = error as Error
      await pause(PACE_MS, this.#stop.signal)
    } finally {
      this.#seen = null
    }
    this.isLooking.value = this.error.value === null && this.#lacksRows()
  }

  async #readOn(): Promise<void> {
    const { rows, next } = await this.#page(this.#next, PAGE)
    this.#next = next
    this.#replace(rows, [...(this.rows.value ?? []), ...rows])
  }

  async #readAgain(): Promise<void> {
    const startMs = Date.now()
    this.#isStale = false
    const latest = await this.#latest()
    batch(() => this.#mergeLatest(latest))
    await this.#readSeen(latest)
    this.#dueMs = Date.now() + Math.max(PACE_MS, (Date.now() - startMs) * PACE_FACTOR)
  }

  /** The latest rows: as many as a page has, or down to those that are known. */
  async #latest(): Promise<ListPage<Row>> {
    let { rows, next } = await this.#page(null, PAGE)
    const isFirst = this.rows.value === null
    while (!isFirst && next !== null && next > this.#top && rows.length < PAGE) {
      const page = await this.#page(next, PAGE)
      rows = [...rows, ...page.rows]
      next = page.next
    }
    return { rows, next }
  }

  #mergeLatest({ rows, next }: ListPage<Row>): void {
    const before = this.rows.value ?? []
    const isWanted = this.#isForced || before.length === 0
    const isFree = isWanted || !(this.#isHeld || this.#window[0] > 0)
    const known = new Set(before.map(this.#source.idOf))
    const fresh = rows.filter(row => !known.has(this.#source.idOf(row))).length
    if (!isFree) {
      this.fresh.value = fresh
      this.#replace(rows, before)
      return
    }
    const low = next ?? 0
    // More came than a page holds: those known do not follow, and are read again as one scrolls.
    const follows = this.rows.value !== null && low <= this.#top
    if (!follows || (this.#next !== null && low < this.#next)) this.#next = next
    this.#top = Math.max(this.#top, low, rows[0]?.seq ?? 0)
    this.#isForced = false
    this.fresh.value = 0
    const rest = follows ? before.filter(row => row.seq < low && this.#source.fits(row)) : []
    this.#replace(rows, [...rows, ...rest])
  }

  /** Reads what can be seen again, as far as it lies below the latest rows. */
  async #readSeen(latest: ListPage<Row>): Promise<void> {
    const [first, end] = this.#window
    const rows = this.rows.value ?? []
    const last = rows[Math.min(end, rows.length) - 1]
    if (last === undefined || latest.next === null || last.seq >= latest.next) return
    const before = Math.min(latest.next, rows[first - 1]?.seq ?? latest.next)
    const page = await this.#page(before, Math.min(PAGE_MAX, end - first))
    this.#replace(page.rows, this.rows.value ?? [])
  }

  /** Shows these rows, in the version that was just read where there is one. */
  #replace(read: readonly Row[], rows: readonly Row[]): void {
    const byId = new Map(read.map(row => [this.#source.idOf(row), row]))
    const seen = new Set<string>()
    this.rows.value = rows.flatMap(row => {
      const id = this.#source.idOf(row)
      if (seen.has(id)) return []
      seen.add(id)
      return [byId.get(id) ?? row]
    })
    // What happened while the answer was on its way, and may not be in it.
    this.#patch(this.#seen ?? [])
  }

  #page(before: number | null, limit: number): Promise<ListPage<Row>> {
    return this.#source.page(before, limit, this.#stop.signal)
  }

  #take(events: readonly LiveEvent[]): void {
    const changes = events.filter(event => this.#source.rowIdIn(event) !== null)
    if (changes.length === 0) return
    if (this.#seen !== null && this.#seen.length < SEEN_MAX) this.#seen.push(...changes)
    this.#patch(changes)
    // A row that is not here may be a new one, or fit only since this change.
    this.reload()
  }

  #patch(changes: readonly LiveEvent[]): void {
    const byId = Map.groupBy(changes, event => this.#source.rowIdIn(event))
    const before = this.rows.value ?? []
    const after = before.map(row =>
      (byId.get(this.#source.idOf(row)) ?? []).reduce(
        (each, { body }) => this.#source.changed(each, body),
        row,
      ),
    )
    if (after.some((row, at) => row !== before[at])) this.rows.value = after
  }
}
