// One process on a folder: a lock that the operating system takes back when its holder dies, however it dies.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StoreError } from '../../errors.ts'
import { guarded, isBusy } from './connection.ts'

/**
 * Takes the folder, for this store alone, until the answer is called.
 *
 * @throws {StoreError} when another process, or another store of this one, holds it.
 */
export function lockFolder(directory: string): () => void {
  const holder = join(directory, 'rollcall.pid')
  // An open exclusive transaction on a database of its own. SQLite also refuses a second connection of the
  // same process, which a lock of the operating system would not. The pid stands in a file beside it: to
  // open the locked file by other means, and close it again, would drop the lock.
  const lock = guarded(
    `the folder ${directory} cannot be locked`,
    () => new DatabaseSync(join(directory, 'rollcall.lock'), { timeout: 0 }),
  )
  try {
    lock.exec('BEGIN EXCLUSIVE')
    writeFileSync(holder, `${process.pid}\n`)
  } catch (error) {
    lock.close()
    if (isBusy(error)) {
      throw new StoreError(
        `the folder ${directory} is in use by another Rollcall${namedIn(holder)}`,
        error,
      )
    }
    throw new StoreError(
      `the folder ${directory} cannot be locked: ${(error as Error).message}`,
      error,
    )
  }
  return () => lock.close()
}

function namedIn(holder: string): string {
  try {
    return ` (process ${Number.parseInt(readFileSync(holder, 'utf8'), 10)})`
  } catch (error) {
    // The holder has locked the folder and not said its name yet.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}
