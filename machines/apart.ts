// What happens to every task is one change each: here it is taken apart into the rows that it writes, for whoever
// keeps each kind of them by itself.
import type { Change, SimpleChange } from './effects.ts'
import { submissionEvent } from './history.ts'
import { reservationsOf } from './reservations.ts'
import { isFinal, type Task } from './task.machine.ts'

/** The same changes, one for each row. */
export function apart(changes: readonly Change[]): SimpleChange[] {
  return changes.flatMap((change): SimpleChange | SimpleChange[] => {
    switch (change.type) {
      case 'task.add': {
        const { task, granted } = change
        return [
          { type: 'task.put', task },
          ...reservationsOf(task, granted).map(
            (reservation): SimpleChange => ({ type: 'reservation.put', reservation }),
          ),
          { type: 'event.append', event: submissionEvent(task) },
        ]
      }
      case 'task.step': {
        const { task, event } = change
        return [{ type: 'task.put', task }, ...releases(task), { type: 'event.append', event }]
      }
      default:
        return change
    }
  })
}

function releases({ value, place, resources }: Task): SimpleChange[] {
  if (place === null || !isFinal(value)) return []
  return resources.map(({ resource_type, resource_id }) => {
    return { type: 'reservation.delete', resource: { resource_type, resource_id }, place }
  })
}
