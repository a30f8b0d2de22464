// PULP_MANIFEST: its lines, and the names that a mirror dares to write to disk.

import { badFeed } from './errors.ts'

/** The name of the manifest inside a feed and inside a published folder. */
export const MANIFEST = 'PULP_MANIFEST'

/** One line of a manifest. */
export interface FeedFile {
  /** A relative path with `/` between its segments. */
  name: string
  /** 64 lower-case hexadecimal digits. */
  sha256: string
  /** Bytes. */
  size: number
}

/**
 * The files of a manifest, sorted by name.
 *
 * A line is `name,sha256,size`; the name may itself hold commas. Empty lines are skipped.
 *
 * @throws {CallError} REP0004 for a malformed line, a name that could leave the folder, a name
 *   that comes twice, or one that another name needs as a folder.
 */
export function parseManifest(text: string): FeedFile[] {
  const files = new Map<string, FeedFile>()
  text.split(/\r?\n/).forEach((line, index) => {
    if (line === '') return
    const file = parseLine(line, index + 1)
    if (files.has(file.name)) throw badFeed(file.name, `${MANIFEST} names it twice`)
    files.set(file.name, file)
  })
  for (const name of files.keys()) {
    for (const folder of foldersAbove(name)) {
      if (files.has(folder))
        throw badFeed(folder, `${MANIFEST} names it as a file and, in ${name}, as a folder`)
    }
  }
  return [...files.values()].sort(byName)
}

/** The text that {@link parseManifest} reads back to the same files. */
export function formatManifest(files: readonly FeedFile[]): string {
  return files.map(({ name, sha256, size }) => `${name},${sha256},${size}\n`).join('')
}

/**
 * Why a name must not be joined to a folder's path, or `null` when it may.
 *
 * A percent-encoded name is judged in its decoded form too: a server behind an http feed would
 * decode it.
 */
export function nameProblem(name: string): string | null {
  const problem = plainNameProblem(name)
  if (problem !== null) return problem
  const decoded = percentDecoded(name)
  if (decoded === name) return null
  const hidden = nameProblem(decoded)
  return hidden === null ? null : `percent-encoded: ${hidden}`
}

function parseLine(line: string, number: number): FeedFile {
  const fields = line.split(',')
  const size = fields.pop() ?? ''
  const sha256 = (fields.pop() ?? '').toLowerCase()
  const name = fields.join(',')
  const where = `line ${number} of ${MANIFEST}`
  if (fields.length === 0) throw badFeed(MANIFEST, `line ${number} is not name,sha256,size`)
  const problem = nameProblem(name)
  if (problem !== null) throw badFeed(name === '' ? MANIFEST : name, `${where}: ${problem}`)
  if (!/^[0-9a-f]{64}$/.test(sha256))
    throw badFeed(name, `${where}: its sha256 is not 64 hexadecimal digits`)
  if (!/^\d+$/.test(size) || !Number.isSafeInteger(Number(size))) {
    throw badFeed(name, `${where}: its size is not a number of bytes`)
  }
  return { name, sha256, size: Number(size) }
}

function plainNameProblem(name: string): string | null {
  const segments = name.split('/')
  if (name === '') return 'the name is empty'
  if (name.startsWith('/')) return 'the name is an absolute path'
  if (/^[A-Za-z]:/.test(name)) return 'the name starts with a drive letter'
  if (name.includes('\\')) return 'the name holds a backslash'
  if (/\p{Cc}/u.test(name)) return 'the name holds a control character'
  if (segments.includes('..')) return 'the name leaves the folder'
  if (segments.includes('.') || segments.includes('')) return 'the name has an empty segment'
  if (segments.some(segment => Buffer.byteLength(segment) > 255))
    return 'a segment is longer than 255 bytes'
  if (Buffer.byteLength(name) > 1024) return 'the name is longer than 1024 bytes'
  if (segments[0] === MANIFEST) return 'the name is the manifest’s own'
  return null
}

/** The name as a lenient server would decode it; bytes that are not UTF-8 do not hide the rest. */
function percentDecoded(name: string): string {
  return name.replace(/(?:%[0-9a-f]{2})+/gi, run =>
    Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'),
  )
}

function foldersAbove(name: string): string[] {
  const segments = name.split('/')
  return segments.slice(1).map((_, index) => segments.slice(0, index + 1).join('/'))
}

function byName(a: FeedFile, b: FeedFile): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0
}
