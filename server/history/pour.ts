// Text onto standard output, as fast as its reader takes it.
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** Writes all of it, or as much as is wanted: that a reader such as `head` stops is no error. */
export async function pour(
  texts: AsyncIterable<string>,
  stdout: NodeJS.WritableStream,
): Promise<void> {
  try {
    await pipeline(Readable.from(texts), stdout, { end: false })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
  }
}
