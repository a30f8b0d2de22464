// Follows the server's event streams. Parts of the page that follow the same stream share one
// connection; events are handed out once per animation frame, and no more is read until they were.
import { MOUNT } from '../http.ts'
import { noteLive, noteLost, pause, visible } from './connection.ts'
import { type LiveEvent, takeFrames } from './frames.ts'

export interface Follower {
  /** The stream is open; `resumed` when no event was missed since it was open before. */
  onOpen?: (resumed: boolean) => void
  /** What happened since the last frame, in order. */
  onEvents: (events: readonly LiveEvent[]) => void
}

/** First wait before connecting again, and the longest, in ms. */
const RETRY_MS = 1_000
const RETRY_MAX_MS = 15_000
/** Nothing, not even a heartbeat, for so long: the connection is dead. */
const SILENCE_MS = 40_000
/** Events that are held for the next frame, at most; more are left to the server, which merges them. */
const HELD_MAX = 4_000
/** A page that was hidden for longer than this reads everything anew instead of catching up. */
const CATCH_UP_MS = 60_000

const streams = new Map<string, Stream>()

/**
 * Follows `<mount>/v2/<path>` until the answer is called.
 *
 * @param path `events/`, `task_groups/<id>/events/` or `tasks/<id>/events/`.
 */
export function follow(path: string, follower: Follower): () => void {
  const stream = streams.get(path) ?? new Stream(path)
  streams.set(path, stream)
  stream.add(follower)
  return () => {
    if (stream.remove(follower)) streams.delete(path)
  }
}

class Stream {
  readonly #path: string
  readonly #followers = new Set<Follower>()
  readonly #stop = new AbortController()
  #isOpen = false
  #lastEventId: string | null = null
  #held: LiveEvent[] = []
  #handing: Promise<void> | null = null

  constructor(path: string) {
    this.#path = path
    void this.#run()
  }

  add(follower: Follower): void {
    this.#followers.add(follower)
    if (this.#isOpen) follower.onOpen?.(false)
  }

  /** True when nobody follows any more. */
  remove(follower: Follower): boolean {
    this.#followers.delete(follower)
    if (this.#followers.size > 0) return false
    this.#stop.abort()
    return true
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    let waitMs = RETRY_MS
    while (!signal.aborted) {
      const hiddenMs = Date.now()
      await visible(signal)
      if (signal.aborted) return
      if (Date.now() - hiddenMs > CATCH_UP_MS) this.#lastEventId = null
      const end = await this.#read()
      if (end === 'refused') return
      if (end === 'opened') waitMs = RETRY_MS
      if (signal.aborted || document.hidden) continue
      noteLost()
      // Spread, so that a restarted server is not asked by every page in the same moment.
      await pause(waitMs * (0.75 + Math.random() / 2), signal)
      waitMs = Math.min(waitMs * 2, RETRY_MAX_MS)
    }
  }

  /** Reads until the connection ends, the page is hidden, or nobody follows. */
  async #read(): Promise<'opened' | 'failed' | 'refused'> {
    const gone = new AbortController()
    const leave = () => document.hidden && gone.abort()
    document.addEventListener('visibilitychange', leave)
    let isAlive = setTimeout(() => gone.abort(), SILENCE_MS)
    const resumes = this.#lastEventId !== null
    try {
      const response = await fetch(`${MOUNT}/v2/${this.#path}`, {
        headers: {
          accept: 'text/event-stream',
          ...(resumes && { 'last-event-id': this.#lastEventId ?? '' }),
        },
        cache: 'no-store',
        signal: AbortSignal.any([gone.signal, this.#stop.signal]),
      })
      if (response.status >= 400 && response.status < 500) {
        // An answer, too: the view says what is not there. It is not asked again.
        noteLive()
        return 'refused'
      }
      if (!response.ok || response.body === null) return 'failed'
      this.#isOpen = true
      noteLive()
      for (const follower of this.#followers) follower.onOpen?.(resumes)
      let text = ''
      for await (const chunk of chunksOf(response.body)) {
        clearTimeout(isAlive)
        isAlive = setTimeout(() => gone.abort(), SILENCE_MS)
        const { events, rest } = takeFrames(text + chunk)
        text = rest
        if (events.length > 0 && this.#hold(events) > HELD_MAX) await this.#handing
      }
      return 'opened'
    } catch {
      // The network, or an abort of our own: the loop in #run says which, and goes on.
      return this.#isOpen ? 'opened' : 'failed'
    } finally {
      this.#isOpen = false
      clearTimeout(isAlive)
      document.removeEventListener('visibilitychange', leave)
    }
  }

  /** Keeps events for the next frame; gives how many are kept. */
  #hold(events: readonly LiveEvent[]): number {
    this.#lastEventId = events.findLast(({ id }) => id !== null)?.id ?? this.#lastEventId
    this.#held.push(...events)
    this.#handing ??= frame().then(() => {
      this.#handing = null
      const held = this.#held
      this.#held = []
      const hasGap = held.some(({ name }) => name === 'gap')
      for (const follower of this.#followers) {
        if (hasGap) follower.onOpen?.(false)
        follower.onEvents(held)
      }
    })
    return this.#held.length
  }
}

async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    yield decoder.decode(value, { stream: true })
  }
}

/** The next animation frame; a hidden page has none, and is not waited for. */
function frame(): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, 250)
    requestAnimationFrame(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
