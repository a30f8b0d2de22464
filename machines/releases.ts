// What tasks leave behind when they end: queues that move on, and dependants that are told. However many end
// at once, a queue is looked at once.
import { ByResource } from './by-resource.ts'
import type { Command } from './commands.ts'
import { OPERATIONS } from './operations.ts'
import { type Firsts, type Resource, type ResourceUse, resourceKey } from './reservations.ts'

/** The reservations that went from one queue. */
interface Left {
  resource: Resource
  /** The first place of any. */
  first: number
  /** For each operation the first place of a task that never ran. */
  neverRan: Firsts
}

export class Releases {
  /** Null while nobody waits in any, as behind most tasks. */
  #queues: ByResource<Left> | null = null
  readonly #told: Command[] = []

  /** @param neverRan Whoever stands behind it was judged against a task that would run, and is judged again. */
  release(
    { resource_type, resource_id, operation }: ResourceUse,
    place: number,
    neverRan: boolean,
  ): void {
    const resource = { resource_type, resource_id }
    this.#queues ??= new ByResource()
    let left = this.#queues.get(resource)
    if (left === undefined) {
      left = { resource, first: place, neverRan: {} }
      this.#queues.set(resource, left)
    } else if (place < left.first) left.first = place
    if (!neverRan) return
    const known = left.neverRan[operation]
    // From the first on, all who stand behind any of them are looked at.
    if (known === undefined || place < known) left.neverRan[operation] = place
  }

  /** Tells the dependants of a task. */
  tell(ended: Extract<Command, { type: 'task.ended' }>): void {
    this.#told.push(ended)
  }

  /** What follows from it. */
  followUps(): Command[] {
    if (this.#queues === null) return this.#told
    const commands: Command[] = []
    // In an order that is the same whoever else left them.
    const queues = [...this.#queues.values()].sort(byResource)
    for (const { resource, first, neverRan } of queues) {
      for (const operation of OPERATIONS) {
        const place = neverRan[operation]
        if (place === undefined) continue
        commands.push({ type: 'resource.rejudge', resource, removed: { operation, place } })
      }
      commands.push({ type: 'resource.advance', resource, after: first })
    }
    return commands.concat(this.#told)
  }
}

function byResource({ resource: a }: Left, { resource: b }: Left): number {
  const [one, other] = [resourceKey(a), resourceKey(b)]
  if (one === other) return 0
  return one < other ? -1 : 1
}
