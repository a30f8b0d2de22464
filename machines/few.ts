// Values by id, in the order in which their ids came. Most decisions change one task and one group, and one
// of a kind needs no Map.
export class Few<T> {
  #id: string | null = null
  #value: T | null = null
  /** All of them, once there are two. */
  #all: Map<string, T> | null = null

  get(id: string): T | undefined {
    if (this.#all !== null) return this.#all.get(id)
    return this.#id === id ? (this.#value as T) : undefined
  }

  set(id: string, value: T): void {
    if (this.#all !== null) this.#all.set(id, value)
    else if (this.#id === null || this.#id === id) {
      this.#id = id
      this.#value = value
    } else {
      this.#all = new Map([
        [this.#id, this.#value as T],
        [id, value],
      ])
    }
  }

  delete(id: string): void {
    if (this.#all !== null) this.#all.delete(id)
    else if (this.#id === id) {
      this.#id = null
      this.#value = null
    }
  }

  forEach(take: (value: T) => void): void {
    if (this.#all !== null) this.#all.forEach(take)
    else if (this.#id !== null) take(this.#value as T)
  }
}
