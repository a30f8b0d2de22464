// The world, as three small interfaces, and the real one of each.
import { setImmediate } from 'node:timers/promises'
import { idSource } from './ids.ts'

export interface Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number
  /** Runs `action` once, `delayMs` from now at the earliest; the answer cancels it. */
  after(delayMs: number, action: () => void): () => void
  /** Resolves when everything else that is due has had its turn. */
  turn(): Promise<void>
}

export interface Ids {
  /** A new UUID, version 7, in canonical lower-case form. */
  newId(): string
}

export interface Random {
  /** A draw in [0, 1). */
  draw01(): number
}

/** setTimeout fires at once for a longer delay than this. */
const TIMER_MAX_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, Math.min(Math.max(delayMs, 0), TIMER_MAX_MS))
    return () => clearTimeout(timer)
  },
  turn: () => setImmediate(),
}

export const systemIds: Ids = { newId: idSource(Date.now) }

export const systemRandom: Random = { draw01: () => Math.random() }
