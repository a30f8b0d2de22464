// Ids in paths: what is no UUID names nothing.
import { NotFoundError } from '../errors.ts'

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The id in its canonical form. @throws {NotFoundError} It is none. */
export function idOf(text: string, what: 'task' | 'task group'): string {
  const id = text.toLowerCase()
  if (!UUID.test(id)) throw new NotFoundError(`no ${what} has the id ${JSON.stringify(text)}`)
  return id
}
