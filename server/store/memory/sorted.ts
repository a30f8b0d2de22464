// A list that is kept in order: binary search to find, a move of memory to insert.

export class SortedList<T> {
  readonly #items: T[] = []
  readonly #compare: (a: T, b: T) => number

  /** @param compare Gives 0 only for the same item. */
  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare
  }

  get length(): number {
    return this.#items.length
  }

  /** Takes an item; one that is there already is replaced. */
  add(item: T): void {
    const at = this.#indexOf(item)
    const there = this.#items[at]
    this.#items.splice(at, there !== undefined && this.#compare(there, item) === 0 ? 1 : 0, item)
  }

  remove(item: T): void {
    const at = this.#indexOf(item)
    const there = this.#items[at]
    if (there !== undefined && this.#compare(there, item) === 0) this.#items.splice(at, 1)
  }

  first(): T | undefined {
    return this.#items[0]
  }

  /** Items in order from the first for which `isBefore` is false; it is true for none behind that. */
  *from(isBefore: (item: T) => boolean = () => false): Generator<T> {
    for (let at = this.#position(isBefore); at < this.#items.length; at += 1)
      yield this.#items[at] as T
  }

  /** Items backwards from the last for which `isBefore` is true; it is true for all before that. */
  *latestFirst(isBefore: (item: T) => boolean = () => true): Generator<T> {
    for (let at = this.#position(isBefore) - 1; at >= 0; at -= 1) yield this.#items[at] as T
  }

  /** Some items from the first for which `isBefore` is false, without a walk over those skipped. */
  slice(isBefore: (item: T) => boolean, skip: number, limit: number): T[] {
    const start = this.#position(isBefore) + skip
    return this.#items.slice(start, start + limit)
  }

  #indexOf(item: T): number {
    return this.#position(each => this.#compare(each, item) < 0)
  }

  #position(isBefore: (item: T) => boolean): number {
    let low = 0
    let high = this.#items.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (isBefore(this.#items[middle] as T)) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Sorted lists by key, each there only while it holds something. */
export class SortedLists<T> {
  readonly #lists = new Map<string, SortedList<T>>()
  readonly #compare: (a: T, b: T) => number

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare
  }

  add(key: string, item: T): void {
    let list = this.#lists.get(key)
    if (list === undefined) {
      list = new SortedList(this.#compare)
      this.#lists.set(key, list)
    }
    list.add(item)
  }

  remove(key: string, item: T): void {
    const list = this.#lists.get(key)
    list?.remove(item)
    if (list?.length === 0) this.#lists.delete(key)
  }

  get(key: string): SortedList<T> | undefined {
    return this.#lists.get(key)
  }
}
