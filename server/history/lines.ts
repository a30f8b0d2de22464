// The lines of a text file, one after another, however large the file is.
import { createReadStream } from 'node:fs'
import { BadRequestError } from '../errors.ts'

const LINE_FEED = 0x0a

/**
 * Lines without their ends, blank ones left out. Nothing but a line feed ends one: what else Unicode takes
 * for a line's end may stand inside a text.
 *
 * @throws {BadRequestError} The file cannot be read.
 */
export async function* linesOf(path: string): AsyncGenerator<string> {
  let begun: Buffer[] = []
  for await (const chunk of chunksOf(path)) {
    let from = 0
    for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, from)) {
      const line = textOf([...begun, chunk.subarray(from, at)])
      if (line !== '') yield line
      begun = []
      from = at + 1
    }
    begun.push(chunk.subarray(from))
  }
  const rest = textOf(begun)
  if (rest !== '') yield rest
}

/** A checkout may have turned each line feed into a carriage return and a line feed. */
function textOf(parts: Buffer[]): string {
  return Buffer.concat(parts).toString('utf8').replace(/\r$/, '')
}

async function* chunksOf(path: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(path)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new BadRequestError(`there is no file ${path}`)
    if (code === 'EISDIR') throw new BadRequestError(`${path} is a folder; a history is one file`)
    throw new BadRequestError(`${path} cannot be read: ${message}`)
  }
}
