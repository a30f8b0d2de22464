// Keeps the file system out of answers: absolute paths become relative to the folder of the calls, and
// the engine's own frames leave a stack.
import { readdirSync } from 'node:fs'
import { dirname, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Json } from '../machines/index.ts'

const ENGINE_FOLDER = dirname(fileURLToPath(import.meta.url))

// Names of the root's folders: what starts with another name, such as /pulp/api, is no file path.
const ROOTS = new Set(sep === '/' ? readdirSync('/') : [])
const PATH = /(?:file:\/\/|(?<![\w./-]))(\/[^\s'"`():,;]+)/g

/** Replaces absolute file paths in a text. */
export function withoutPaths(said: string, callsFolder: string): string {
  return said.replace(PATH, (whole, path: string) => {
    const root = path.split('/')[1] ?? ''
    return ROOTS.has(root) ? near(path, callsFolder) : whole
  })
}

/** The same in every string of a value; keys stay. */
export function withoutPathsIn(value: Json, callsFolder: string): Json {
  if (typeof value === 'string') return withoutPaths(value, callsFolder)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(each => withoutPathsIn(each, callsFolder))
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, withoutPathsIn(each, callsFolder)]),
  )
}

// What V8 writes: "    at name (file:///folder/file.ts:1:2)", or without the name and parentheses.
const FRAME = /^(\s+at (?:.*? \(|async )?)((?:file:\/\/)?\/.*?)(:\d+:\d+\)?)$/

/** A stack as its author may see it: without frames of the engine and of Node.js, paths relative. */
export function authorsStack(stack: string, callsFolder: string): string {
  const lines: string[] = []
  for (const line of stack.split('\n')) {
    const [, before, location, after] = FRAME.exec(line) ?? []
    if (location !== undefined) {
      const path = location.startsWith('file:') ? fileURLToPath(location) : location
      if (path.startsWith(ENGINE_FOLDER + sep)) continue
      lines.push(`${before}${near(path, callsFolder)}${after}`)
    } else if (!/^\s+at .*node:internal/.test(line)) {
      lines.push(withoutPaths(line, callsFolder))
    }
  }
  return lines.join('\n')
}

function near(path: string, callsFolder: string): string {
  return relative(callsFolder, path) || '.'
}
