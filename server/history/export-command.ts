// `rollcall export`: the history of one group out of a data folder, beside the server that uses it or
// after its death.
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { NotFoundError } from '../errors.ts'
import { sqliteStore } from '../index.ts'
import { systemClock } from '../ports.ts'
import { exportGroup } from './export.ts'
import type { ExportConfig } from './options.ts'
import { pour } from './pour.ts'

/**
 * Exports a group; says on `stdout` what it wrote, or writes the lines themselves there.
 *
 * @returns The exit status, 0.
 * @throws {StoreError | NotFoundError} The folder has no store that can be read, or the store no such group.
 */
export async function exportToFile(
  { groupId, dataDir, out }: ExportConfig,
  stdout: NodeJS.WritableStream,
): Promise<number> {
  const store = sqliteStore(dataDir, { readOnly: true })
  await store.open()
  try {
    if ((await store.group(groupId)) === null) {
      throw new NotFoundError(`no task group in ${dataDir} has the id ${groupId}`)
    }
    const lines = exportGroup(store, groupId, systemClock.nowMs())
    if (out === '-') await pour(lines, stdout)
    else await writeWhole(lines, out, groupId, stdout)
    return 0
  } finally {
    await store.close()
  }
}

/** The file appears under its name when it is whole, and on disk. */
async function writeWhole(
  lines: AsyncIterable<string>,
  out: string,
  groupId: string,
  stdout: NodeJS.WritableStream,
): Promise<void> {
  const partial = `${out}.partial`
  try {
    await pipeline(Readable.from(lines), createWriteStream(partial, { flush: true }))
    await rename(partial, out)
  } catch (error) {
    await rm(partial, { force: true })
    const { code, syscall, message } = error as NodeJS.ErrnoException
    if (syscall === undefined) throw error
    throw new Error(
      code === 'ENOENT'
        ? `${out} cannot be written: its folder does not exist`
        : `${out} cannot be written: ${message}`,
      { cause: error },
    )
  }
  stdout.write(`the history of the group ${groupId} is in ${out}\n`)
}
