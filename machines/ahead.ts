// What stands before each member of a submission while its members are judged: the queues as the slice
// has them, and the places that the members before it take. The slice itself stays as it is.
import { type Firsts, type ResourceUse, resourceKey } from './reservations.ts'

export class Ahead {
  readonly #queues: ReadonlyMap<string, Firsts>
  readonly #touched = new Map<string, Firsts>()

  constructor(queues: ReadonlyMap<string, Firsts>) {
    this.#queues = queues
  }

  /** The firsts of each use's resource, in the order of the uses. They change as places are taken. */
  of(uses: readonly ResourceUse[]): Firsts[] {
    return uses.map(use => {
      const key = resourceKey(use)
      let firsts = this.#touched.get(key)
      if (firsts === undefined) {
        firsts = { ...this.#queues.get(key) }
        this.#touched.set(key, firsts)
      }
      return firsts
    })
  }

  /** Takes a place with each use; `firsts` is what `of` gave for them. */
  static take(uses: readonly ResourceUse[], firsts: readonly Firsts[], place: number): void {
    for (const [nth, { operation }] of uses.entries()) (firsts[nth] as Firsts)[operation] ??= place
  }
}
