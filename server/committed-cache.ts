// What was made of committed rows, kept while it is true: until a commit changes a row that it shows,
// and within a bound of memory. It knows keys and commits, and nothing of what the values are.
import { LRUCache } from 'lru-cache'

export interface CommittedCacheParts<Value> {
  /** Values at most. */
  entriesMax: number
  /** The sum of their sizes at most, in bytes. */
  bytesMax: number
  /** A larger one is not kept, in bytes. */
  entryBytesMax: number
  /** In bytes, 1 or more. */
  sizeOf: (value: Value) => number
  /** How far this process's readers have been told what is committed. */
  horizon: Horizon
}

/**
 * How far the commits have come: those that listeners were told of, and those that a reader of the store
 * has seen. The store shows a commit a moment before the listeners hear of it.
 */
export class Horizon {
  #told = 0
  #seen = 0

  /** Notes that listeners have been told of the changes up to this one. */
  tell(rev: number): void {
    if (rev > this.#told) this.#told = rev
  }

  /** Notes that a reader has seen this change. */
  see(rev: number): void {
    if (rev > this.#seen) this.#seen = rev
  }

  /**
   * Whether somebody has seen a change that listeners have not been told of. What is kept may be older
   * than that change, and nobody must read of an earlier state after a later one.
   */
  get isBehind(): boolean {
    return this.#seen > this.#told
  }
}

interface Reading<Value> {
  value: Promise<Value>
  /** Set when a commit has changed the row since it began. */
  isOvertaken: boolean
}

/** A cache of values that are read from the store and fall with the commits that change them. */
export class CommittedCache<Value extends object> {
  readonly #kept: LRUCache<string, Value>
  readonly #horizon: Horizon
  readonly #readings = new Map<string, Reading<Value>>()

  constructor({
    entriesMax,
    bytesMax,
    entryBytesMax,
    sizeOf,
    horizon,
  }: CommittedCacheParts<Value>) {
    this.#horizon = horizon
    this.#kept = new LRUCache({
      max: entriesMax,
      maxSize: bytesMax,
      maxEntrySize: entryBytesMax,
      sizeCalculation: sizeOf,
    })
  }

  /** Whether it keeps nothing, and nothing is being read: no commit matters to it. */
  get isEmpty(): boolean {
    return this.#kept.size === 0 && this.#readings.size === 0
  }

  /** Bytes that it keeps. */
  get bytes(): number {
    return this.#kept.calculatedSize
  }

  /**
   * The value that is kept, at once: a promise would cost as much as the rest of a poll. Otherwise what
   * `load` reads from the store; who asks meanwhile shares it.
   */
  read(key: string, load: () => Promise<Value>): Value | Promise<Value> {
    if (this.#horizon.isBehind) return load()
    return this.#kept.get(key) ?? this.#readings.get(key)?.value ?? this.#load(key, load)
  }

  #load(key: string, load: () => Promise<Value>): Promise<Value> {
    const reading: Reading<Value> = { value: load(), isOvertaken: false }
    this.#readings.set(key, reading)
    const keep = (value: Value) => {
      if (!reading.isOvertaken) this.#kept.set(key, value)
    }
    const forget = () => {
      if (!reading.isOvertaken) this.#readings.delete(key)
    }
    // Who asked hears of a failure.
    reading.value.then(keep).then(forget, forget)
    return reading.value
  }

  /** Lets go of what a commit changed. A reading under way may have begun before it. */
  drop(key: string): void {
    this.#kept.delete(key)
    const reading = this.#readings.get(key)
    if (reading === undefined) return
    reading.isOvertaken = true
    this.#readings.delete(key)
  }
}
