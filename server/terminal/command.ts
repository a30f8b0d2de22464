// `rollcall watch`: a group live in the terminal, and in lines where the output is no terminal.
import { NotFoundError } from '../errors.ts'
import { type Clock, systemClock } from '../ports.ts'
import { Client } from './client.ts'
import { type Display, displayOn, type Output } from './display.ts'
import type { WatchConfig } from './options.ts'
import { WatchedGroup } from './watched-group.ts'

/** Time between two looks at what the stream does not say, in ms; also that before a server is tried again. */
const LOOK_MS = 1_000

/** Exit status after Ctrl-C, as shells have it. */
const INTERRUPTED = 130

/**
 * Shows a group until it has settled.
 *
 * @param interrupted Aborted by whoever wants it to end.
 * @returns The exit status: 0 when every task finished, 1 when one did not, 130 when it was interrupted.
 *   With `once` 0, unless the group has settled.
 * @throws {NotFoundError} There is no such group.
 * @throws {Error} No server answers at the beginning. One that stops answering later is waited for.
 */
export async function watchGroup(
  config: WatchConfig,
  stdout: Output,
  interrupted: AbortSignal,
  clock: Clock = systemClock,
): Promise<number> {
  const client = new Client(config.url)
  const group = new WatchedGroup(config, client)
  const display = displayOn(stdout, clock, config.once)
  const end = new AbortController()
  const interrupt = () => end.abort()
  interrupted.addEventListener('abort', interrupt)
  if (interrupted.aborted) interrupt()
  try {
    await new Watch({ config, client, group, display, clock, signal: end.signal }).run()
    if (interrupted.aborted) return INTERRUPTED
    return group.hasSettled && !group.hasFinished ? 1 : 0
  } finally {
    end.abort()
    interrupted.removeEventListener('abort', interrupt)
    display.end(group.view(clock.nowMs()))
  }
}

interface WatchParts {
  config: WatchConfig
  client: Client
  group: WatchedGroup
  display: Display
  clock: Clock
  signal: AbortSignal
}

class Watch {
  readonly #parts: WatchParts
  #stopLooking: (() => void) | null = null

  constructor(parts: WatchParts) {
    this.#parts = parts
  }

  async run(): Promise<void> {
    const { config, group, clock, signal } = this.#parts
    if (config.once) return this.#once()
    try {
      while (!group.hasSettled && !signal.aborted) {
        await this.#follow()
        if (group.hasSettled || signal.aborted) break
        group.lose(clock.nowMs())
        this.#show()
        await this.#rest()
      }
    } finally {
      this.#stopLooking?.()
    }
  }

  async #once(): Promise<void> {
    const { client, group, clock, signal } = this.#parts
    try {
      for await (const event of client.events(`${group.path}events/`, '', signal)) {
        if (group.take(event, clock.nowMs())) break
      }
      await group.lookUp(signal)
    } catch (error) {
      this.#bear(error)
    }
  }

  /** Follows one stream to its end. */
  async #follow(): Promise<void> {
    const { client, group, clock, signal } = this.#parts
    try {
      for await (const event of client.events(`${group.path}events/`, group.lastId, signal)) {
        this.#stopLooking ??= this.#startLooking()
        if (group.take(event, clock.nowMs())) this.#show()
        if (group.hasSettled) return
      }
    } catch (error) {
      this.#bear(error)
    }
  }

  /** Keeps what the stream does not say fresh. */
  #startLooking(): () => void {
    const { group, clock, signal } = this.#parts
    let isOver = false
    let cancel = () => {}
    const look = async () => {
      // That the server is gone is for the stream to find out; then there is nothing to see, either.
      await group.lookUp(signal).catch(() => {})
      if (isOver) return
      this.#show()
      cancel = clock.after(LOOK_MS, () => void look())
    }
    void look()
    return () => {
      isOver = true
      cancel()
    }
  }

  /** Throws what no waiting will mend. */
  #bear(error: unknown): void {
    if (this.#parts.signal.aborted) return
    if (error instanceof NotFoundError) throw error
    if (this.#stopLooking !== null) return
    const { url } = this.#parts.config
    throw new Error(`no server answers at ${url}: ${reasonOf(error)}`, { cause: error })
  }

  #show(): void {
    const { group, display, clock } = this.#parts
    const view = group.view(clock.nowMs())
    if (view !== null) display.show(view)
  }

  #rest(): Promise<void> {
    const { clock, signal } = this.#parts
    return new Promise(resolve => {
      const cancel = clock.after(LOOK_MS, done)
      signal.addEventListener('abort', done)
      function done() {
        cancel()
        signal.removeEventListener('abort', done)
        resolve()
      }
    })
  }
}

function reasonOf(error: unknown): string {
  // fetch says what went wrong in the cause of its error.
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (!(cause instanceof Error)) return String(cause)
  return cause.message || (cause as NodeJS.ErrnoException).code || cause.name
}
