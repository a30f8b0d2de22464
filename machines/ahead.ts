// What stands before each member of a submission while its members are judged: the queues as the slice
// has them, and the places that the members before it take. The slice itself stays as it is.
import { ByResource } from './by-resource.ts'
import { type Firsts, type ResourceUse, resourceKey } from './reservations.ts'

export class Ahead {
  readonly #queues: ReadonlyMap<string, Firsts>
  readonly #touched = new ByResource<Firsts>()

  constructor(queues: ReadonlyMap<string, Firsts>) {
    this.#queues = queues
  }

  /** The firsts of each use's resource, in the order of the uses. They change as places are taken. */
  of(uses: readonly ResourceUse[]): Firsts[] {
    return uses.map(use => {
      let firsts = this.#touched.get(use)
      if (firsts === undefined) {
        // Where the slice has no queue at all, as for most submissions, there is no need of a key.
        firsts = this.#queues.size === 0 ? {} : { ...this.#queues.get(resourceKey(use)) }
        this.#touched.set(use, firsts)
      }
      return firsts
    })
  }

  /** Takes a place with each use; `firsts` is what `of` gave for them. */
  static take(uses: readonly ResourceUse[], firsts: readonly Firsts[], place: number): void {
    for (let nth = 0; nth < uses.length; nth += 1)
      (firsts[nth] as Firsts)[(uses[nth] as ResourceUse).operation] ??= place
  }
}
