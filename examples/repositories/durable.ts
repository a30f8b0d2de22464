// Writes that survive a power cut: what a rename promises holds only when the
// file and then its folder have been flushed.

import { constants, copyFile, link, open } from 'node:fs/promises'

/** Flushes a file, or a folder's own entries, so that a rename or a link inside it is durable. */
export async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Gives a file a second name, or makes a copy where the file system has no hard links or too few
 * for one popular file. The bytes are durable when the first file's are.
 */
export async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    if (!isSystemError(error, 'EXDEV', 'EMLINK', 'EPERM', 'ENOTSUP')) throw error
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
    await flush(to)
  }
}

/** Is this the error of a system call that ended with one of these codes, such as `ENOENT`? */
export function isSystemError(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
