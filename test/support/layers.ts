// "Who may know whom", as a function over sources: which line of which file breaks which rule.
import { posix } from 'node:path'
import { codeOnly, importsOf, lineAt } from './source-text.ts'

/** A file of the project: its path from the root, with forward slashes, and its text. */
export type SourceFile = { path: string; source: string }

/** A line that breaks a rule, as `path:line: rule`. */
export type Offence = string

type ImportRule = {
  /** The files that the rule is about. */
  files: (path: string) => boolean
  /** Whether one of them may know a package (`xstate`, `node:fs`) or a file (`server/ports.ts`). */
  allows: (target: string, path: string) => boolean
  says: string
}

type CodeRule = { files: (path: string) => boolean; refuses: RegExp; says: string }

/** main.ts and index.ts choose a store for a server and a program, testing/ for a test. */
const composes = (path: string) => /^server\/(main\.ts$|index\.ts$|testing\/)/.test(path)
const READS_ENVIRONMENT = new Set(['server/config.ts', 'server/cli.ts'])

const IMPORT_RULES: ImportRule[] = [
  {
    files: inMachines,
    allows: target => inMachines(target) || /^(xstate|immer)(\/|$)/.test(target),
    says: 'machines/ knows only xstate, immer and itself',
  },
  {
    files: path => storeOf(path) !== null,
    allows: (target, path) => storeOf(target) === null || storeOf(target) === storeOf(path),
    says: 'stores never know each other',
  },
  {
    files: path => path.startsWith('server/store/'),
    allows: target =>
      !isOurs(target) ||
      inMachines(target) ||
      target.startsWith('server/store/') ||
      target === 'server/ports.ts' ||
      target === 'server/errors.ts',
    says: 'a store knows machines/, ports.ts, errors.ts and the contract of stores',
  },
  {
    files: path => path.startsWith('server/') && storeOf(path) === null && !composes(path),
    allows: target => storeOf(target) === null,
    says: 'only main.ts, index.ts and testing/ choose a store',
  },
  {
    files: path => /^server\/engine(\.ts$|\/)/.test(path),
    allows: target =>
      !/^server\/(http|inspector|runner|recovery|timers|main|index|cli|config|bin)(\.ts$|\/)/.test(
        target,
      ),
    says: 'engine.ts knows machines/, ports.ts and the contract of stores, and those around it know the engine',
  },
  {
    files: path => path.startsWith('server/') && !path.startsWith('server/testing/'),
    allows: target => !target.startsWith('server/testing/'),
    says: 'nothing that serves knows testing/',
  },
  {
    files: path => path.startsWith('server/') && path !== 'server/cli.ts',
    allows: target => target !== 'server/main.ts',
    says: 'main.ts is the root: only cli.ts starts it',
  },
]

const CODE_RULES: CodeRule[] = [
  {
    files: inMachines,
    refuses: /\bDate\s*\.\s*now\b|\bnew\s+Date\s*\(\s*\)|\bnew\s+Date\b(?!\s*\()|\bperformance\b/g,
    says: 'machines/ has no clock: take the time as a value',
  },
  {
    files: inMachines,
    refuses: /\bMath\s*\.\s*random\b|\bcrypto\b/g,
    says: 'machines/ has no randomness: take the draw as a value',
  },
  {
    files: inMachines,
    refuses: /\b(setTimeout|setInterval|setImmediate|queueMicrotask)\b/g,
    says: 'machines/ has no timers',
  },
  {
    files: inMachines,
    refuses: /\b(async|await)\b|\bnew\s+Promise\b|\bPromise\s*\./g,
    says: 'machines/ is synchronous',
  },
  {
    files: inMachines,
    refuses: /\bprocess\b\s*\.|\bglobalThis\b|\bimport\s*\((?!\s*['"])/g,
    says: 'machines/ knows nothing of the process that it runs in',
  },
  {
    files: path => !READS_ENVIRONMENT.has(path),
    refuses:
      /\bprocess\s*(\?\.|\.)\s*env\b|\bprocess\s*\[|\{[^{}=]*\benv\b[^{}=]*\}\s*=\s*process\b/g,
    says: 'only config.ts and cli.ts read the environment',
  },
]

/** Every line of machines/ and server/ that knows what it must not, sorted by file and line. */
export function offences(files: readonly SourceFile[]): Offence[] {
  return files
    .flatMap(file => [...importOffences(file), ...codeOffences(file)])
    .sort((a, b) => a.path.localeCompare(b.path) || a.line - b.line)
    .map(({ path, line, says }) => `${path}:${line}: ${says}`)
}

type Finding = { path: string; line: number; says: string }

function importOffences({ path, source }: SourceFile): Finding[] {
  const rules = IMPORT_RULES.filter(rule => rule.files(path))
  return importsOf(source).flatMap(({ specifier, line }) => {
    const target = resolve(specifier, path)
    const broken = rules.filter(rule => !rule.allows(target, path))
    return broken.map(rule => ({ path, line, says: `${rule.says}, not "${specifier}"` }))
  })
}

function codeOffences({ path, source }: SourceFile): Finding[] {
  const code = codeOnly(source)
  return CODE_RULES.filter(rule => rule.files(path)).flatMap(rule =>
    [...code.matchAll(rule.refuses)].map(match => ({
      path,
      line: lineAt(source, match.index),
      says: `${rule.says} (${match[0].trim()})`,
    })),
  )
}

function resolve(specifier: string, path: string): string {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(path), specifier)
  // The package's own names lead to the same files.
  if (specifier === 'rollcall') return 'server/index.ts'
  if (specifier === 'rollcall/machines') return 'machines/index.ts'
  if (specifier === 'rollcall/testing') return 'server/testing/index.ts'
  return specifier
}

function isOurs(target: string): boolean {
  return inMachines(target) || target.startsWith('server/') || target.startsWith('../')
}

function inMachines(path: string): boolean {
  return path.startsWith('machines/')
}

/** The concrete store that a file belongs to: memory.ts, or a folder under store/. */
/** The live index is no store: whichever works in memory may have it. */
function storeOf(path: string): string | null {
  const match = /^server\/store\/(?:(memory)\.ts$|(?!live\/)([^/]+)\/)/.exec(path)
  return match ? (match[1] ?? match[2] ?? null) : null
}
