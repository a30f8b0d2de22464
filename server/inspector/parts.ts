// What every file of the inspector's routes is given.
import { UnavailableError } from '../errors.ts'
import type { Clock } from '../ports.ts'
import type { Rollcall } from '../rollcall.ts'
import type { Inspection } from '../store/inspection.ts'

export interface InspectorParts {
  rollcall: Rollcall
  clock: Clock
}

/**
 * What the store shows to the inspector, once it is open.
 *
 * @throws {UnavailableError} It is a store that cannot be inspected.
 */
export async function inspectionOf({ rollcall }: InspectorParts): Promise<Inspection> {
  await rollcall.ready()
  const { inspection } = rollcall.store
  if (inspection === undefined) throw new UnavailableError('this store cannot be inspected')
  return inspection
}
