// Values by resource: for each type a map by id, so that no text has to be made of the two for each look.
import type { Resource } from './reservations.ts'

export class ByResource<T> {
  readonly #types = new Map<string, Map<string, T>>()

  get({ resource_type, resource_id }: Resource): T | undefined {
    return this.#types.get(resource_type)?.get(resource_id)
  }

  set({ resource_type, resource_id }: Resource, value: T): void {
    let ids = this.#types.get(resource_type)
    if (ids === undefined) {
      ids = new Map()
      this.#types.set(resource_type, ids)
    }
    ids.set(resource_id, value)
  }

  delete({ resource_type, resource_id }: Resource): void {
    const ids = this.#types.get(resource_type)
    if (ids?.delete(resource_id) && ids.size === 0) this.#types.delete(resource_type)
  }

  *values(): Generator<T> {
    for (const ids of this.#types.values()) yield* ids.values()
  }
}
