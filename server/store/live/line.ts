// Items in the order of their numbers: what comes in comes mostly at the end and leaves mostly at the front.
// One of a million such lines holds a single item, so one is small; a long one is as quick as a short one.

/** How many gaps a line may have before it is closed up, unless they are more than half of it. */
const GAPS_MIN = 64

export class Line<T> {
  #keys: number[] = []
  /** Undefined where an item was taken out of the middle. */
  #items: (T | undefined)[] = []
  #head = 0
  #gaps = 0

  get isEmpty(): boolean {
    return this.#head === this.#keys.length
  }

  get size(): number {
    return this.#keys.length - this.#head - this.#gaps
  }

  /** Takes an item at its number; one that is there already is replaced. */
  put(key: number, item: T): void {
    const last = this.#keys.length - 1
    if (last < 0) {
      // A list that is made with its one item takes no room for more.
      this.#keys = [key]
      this.#items = [item]
    } else if (key > (this.#keys[last] as number)) {
      this.#keys.push(key)
      this.#items.push(item)
    } else this.#insert(key, item)
  }

  /** Gives the item at a number up, and says whether there was one. */
  delete(key: number): boolean {
    const at = this.#position(key)
    if (this.#keys[at] !== key || this.#items[at] === undefined) return false
    this.#items[at] = undefined
    this.#gaps += 1
    if (at === this.#keys.length - 1) this.#trimEnd()
    if (at === this.#head) this.#trimFront()
    if (this.#gaps > GAPS_MIN && this.#gaps > this.#keys.length >> 1) this.#closeUp()
    return true
  }

  get(key: number): T | undefined {
    const at = this.#position(key)
    return this.#keys[at] === key ? this.#items[at] : undefined
  }

  /** The lowest number; undefined when nothing is there. */
  firstKey(): number | undefined {
    return this.#keys[this.#head]
  }

  /** Whether an item with a number above `after` is there. */
  hasAfter(after: number): boolean {
    // What is taken out at the end leaves no gap there, so the last number has its item.
    const last = this.#keys.length - 1
    return last >= this.#head && (this.#keys[last] as number) > after
  }

  /** The items with the lowest numbers, those first, so many at most. */
  first(limit: number): T[] {
    const found: T[] = []
    for (let at = this.#head; at < this.#keys.length && found.length < limit; at += 1) {
      const item = this.#items[at]
      if (item !== undefined) found.push(item)
    }
    return found
  }

  /** Items with a number above `after` and up to `until`, lowest first, so many at most. */
  after(
    after: number,
    limit: number,
    until = Number.POSITIVE_INFINITY,
  ): { key: number; item: T }[] {
    const found: { key: number; item: T }[] = []
    for (let at = this.#position(after); at < this.#keys.length && found.length < limit; at += 1) {
      const key = this.#keys[at] as number
      if (key > until) break
      const item = this.#items[at]
      if (key > after && item !== undefined) found.push({ key, item })
    }
    return found
  }

  /** Items with a number below `before`, highest first, so many at most. */
  before(before: number, limit: number): { key: number; item: T }[] {
    const found: { key: number; item: T }[] = []
    for (let at = this.#position(before) - 1; at >= this.#head && found.length < limit; at -= 1) {
      const item = this.#items[at]
      if (item !== undefined) found.push({ key: this.#keys[at] as number, item })
    }
    return found
  }

  /** The first index from the head on whose number is not below `key`. */
  #position(key: number): number {
    let low = this.#head
    let high = this.#keys.length
    if (low < high && (this.#keys[low] as number) >= key) return low
    if (low < high && (this.#keys[high - 1] as number) < key) return high
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#keys[middle] as number) < key) low = middle + 1
      else high = middle
    }
    return low
  }

  #insert(key: number, item: T): void {
    const at = this.#position(key)
    if (this.#keys[at] === key) {
      if (this.#items[at] === undefined) this.#gaps -= 1
      this.#items[at] = item
    } else if (at === this.#head && at > 0) {
      this.#head -= 1
      this.#keys[at - 1] = key
      this.#items[at - 1] = item
    } else {
      this.#keys.splice(at, 0, key)
      this.#items.splice(at, 0, item)
    }
  }

  #trimFront(): void {
    while (this.#head < this.#keys.length && this.#items[this.#head] === undefined) {
      this.#head += 1
      this.#gaps -= 1
    }
    if (this.#head === this.#keys.length) this.#clear()
    else if (this.#head > GAPS_MIN && this.#head > this.#keys.length >> 1) this.#closeUp()
  }

  #trimEnd(): void {
    while (this.#keys.length > this.#head && this.#items.at(-1) === undefined) {
      this.#keys.pop()
      this.#items.pop()
      this.#gaps -= 1
    }
    if (this.#head === this.#keys.length) this.#clear()
  }

  #closeUp(): void {
    if (this.#gaps === 0) {
      this.#keys = this.#keys.slice(this.#head)
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
      return
    }
    const keys: number[] = []
    const items: T[] = []
    for (let at = this.#head; at < this.#keys.length; at += 1) {
      const item = this.#items[at]
      if (item === undefined) continue
      keys.push(this.#keys[at] as number)
      items.push(item)
    }
    this.#keys = keys
    this.#items = items
    this.#head = 0
    this.#gaps = 0
  }

  #clear(): void {
    this.#keys = []
    this.#items = []
    this.#head = 0
    this.#gaps = 0
  }
}

/** Lines by name, each there only while something is in it. */
export class Lines<T> {
  readonly #lines = new Map<string, Line<T>>()

  get(name: string): Line<T> | undefined {
    return this.#lines.get(name)
  }

  put(name: string, key: number, item: T): void {
    let line = this.#lines.get(name)
    if (line === undefined) {
      line = new Line()
      this.#lines.set(name, line)
    }
    line.put(key, item)
  }

  delete(name: string, key: number): void {
    const line = this.#lines.get(name)
    if (line?.delete(key) && line.isEmpty) this.#lines.delete(name)
  }
}
