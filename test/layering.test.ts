// Holds machines/ and server/ to ARCHITECTURE's "Who may know whom", and the checker to its word.
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { describe, test } from 'node:test'
import { offences, type SourceFile } from './support/layers.ts'

const root = join(import.meta.dirname, '..')

function projectFiles(): SourceFile[] {
  return globSync('{machines,server}/**/*.{ts,tsx}', { cwd: root }).map(path => ({
    path: path.split(sep).join('/'),
    source: readFileSync(join(root, path), 'utf8'),
  }))
}

/** What the checker says of one made-up file. */
function judged(path: string, ...lines: string[]): string[] {
  return offences([{ path, source: lines.join('\n') }])
}

function isNamed(found: readonly string[], line: string, rule: RegExp): void {
  assert.ok(
    found.some(offence => offence.startsWith(`${line}: `) && rule.test(offence)),
    `${line} ${rule} is not among ${JSON.stringify(found)}`,
  )
}

test('Every file of machines/ and server/ knows only what it may know', () => {
  const files = projectFiles()
  assert.ok(files.some(file => file.path === 'machines/task.machine.ts'))
  assert.ok(files.some(file => file.path === 'server/engine.ts'))
  assert.deepEqual(offences(files), [])
})

describe('The checker names the line of an import that', () => {
  const knows: [who: string, path: string, specifier: string, rule: RegExp][] = [
    ['a machine', 'machines/task.ts', 'node:crypto', /only xstate, immer and itself/],
    ['a machine', 'machines/task.ts', 'uuid', /only xstate, immer and itself/],
    ['a machine', 'machines/task.ts', 'immerse', /only xstate, immer and itself/],
    ['a machine', 'machines/a/task.ts', '../../server/ports.ts', /only xstate, immer and itself/],
    ['a machine', 'machines/task.ts', 'rollcall', /only xstate, immer and itself/],
    ['a store', 'server/store/sqlite/store.ts', '../memory.ts', /stores never know each other/],
    ['a store', 'server/store/memory.ts', './sqlite/store.ts', /stores never know each other/],
    ['a store', 'server/store/postgres/q.ts', '../sqlite/sql.ts', /stores never know each other/],
    ['a store', 'server/store/memory.ts', '../engine.ts', /a store knows machines/],
    ['the contract', 'server/store/store.ts', '../http/app.ts', /a store knows machines/],
    ['the contract', 'server/store/store.ts', './memory.ts', /only main.ts, index.ts and testing/],
    ['the engine', 'server/engine.ts', './store/memory.ts', /only main.ts, index.ts and testing/],
    ['the engine', 'server/engine.ts', './runner.ts', /those around it know the engine/],
    ['the engine', 'server/engine/batch.ts', '../http/app.ts', /those around it know the engine/],
    [
      'a route',
      'server/http/app.ts',
      '../store/sqlite/store.ts',
      /only main.ts, index.ts and testing/,
    ],
    [
      'the runner',
      'server/runner.ts',
      './store/sqlite/store.ts',
      /only main.ts, index.ts and testing/,
    ],
    [
      'recovery',
      'server/recovery.ts',
      './store/postgres/a.ts',
      /only main.ts, index.ts and testing/,
    ],
    [
      'a route',
      'server/http/app.ts',
      '../testing/virtual-clock.ts',
      /nothing that serves knows testing/,
    ],
    ['a timer', 'server/timers.ts', './store/memory.ts', /only main.ts, index.ts and testing/],
    ['a route', 'server/http/app.ts', '../main.ts', /main.ts is the root/],
  ]
  for (const [who, path, specifier, rule] of knows) {
    test(`lets ${who} know ${specifier}`, () => {
      isNamed(judged(path, '// header', '', `import { x } from '${specifier}'`), `${path}:3`, rule)
    })
  }

  const spellings = [
    `import type { x } from "node:fs"`,
    `import 'node:fs'`,
    `export * from 'node:fs'`,
    `type X = import('node:fs').Stats`,
    `const x = import( 'node:fs' )`,
    `import {\n  x,\n  y,\n}\n  from 'node:fs'`,
  ]
  for (const spelling of spellings) {
    test(`is written ${JSON.stringify(spelling)}`, () => {
      const line = spelling.split('\n').length
      isNamed(judged('machines/a.ts', spelling), `machines/a.ts:${line}`, /not "node:fs"/)
    })
  }
})

describe('The checker names the line of code that', () => {
  const impure: [what: string, code: string, rule: RegExp][] = [
    ['reads a clock', 'const now = Date.now()', /no clock/],
    ['reads a clock by making a date', 'const now = new Date()', /no clock/],
    ['reads a precise clock', 'const now = performance.now()', /no clock/],
    ['draws', 'const id = Math.random()', /no randomness/],
    ['draws an id', 'const id = crypto.randomUUID()', /no randomness/],
    ['sets a timer', 'setTimeout(() => {}, 5)', /no timers/],
    ['is asynchronous', 'const f = async () => 1', /synchronous/],
    ['makes a promise', 'return Promise.resolve(1)', /synchronous/],
    ['looks at the process', 'if (process.argv.length) {}', /nothing of the process/],
    ['loads a module by a computed name', 'import(name)', /nothing of the process/],
    ['hides in a template', `const s = \`at \${\`\${Date.now()}\`} ms\``, /no clock/],
    ['follows a regular expression', `const s = /['"\`/]/.test(x) ? Date.now() : 0`, /no clock/],
  ]
  for (const [what, code, rule] of impure) {
    test(`${what} in machines/`, () => {
      isNamed(judged('machines/a.ts', '/* a', 'b */', code), 'machines/a.ts:3', rule)
    })
  }

  test('reads the environment anywhere but in config.ts and cli.ts', () => {
    for (const code of ['process.env.PORT', 'const { env } = process', `process['env']`]) {
      isNamed(judged('server/main.ts', code), 'server/main.ts:1', /only config.ts and cli.ts/)
      assert.deepEqual(judged('server/config.ts', code), [])
      assert.deepEqual(judged('server/cli.ts', code), [])
    }
  })
})

describe('The checker lets pass', () => {
  test('what every layer may know', () => {
    const allowed: [path: string, specifier: string][] = [
      ['machines/task.machine.ts', 'xstate'],
      ['machines/task.machine.ts', 'xstate/graph'],
      ['machines/task.machine.ts', 'immer'],
      ['machines/a/b.ts', '../operations.ts'],
      ['server/store/store.ts', '../../machines/index.ts'],
      ['server/store/memory.ts', './store.ts'],
      ['server/store/sqlite/store.ts', 'node:sqlite'],
      ['server/store/sqlite/store.ts', './sql.ts'],
      ['server/store/sqlite/store.ts', '../../ports.ts'],
      ['server/store/sqlite/store.ts', '../../errors.ts'],
      ['server/engine.ts', './store/store.ts'],
      ['server/runner.ts', './engine.ts'],
      ['server/main.ts', './store/sqlite/store.ts'],
      ['server/index.ts', './store/memory.ts'],
      ['server/cli.ts', './main.ts'],
    ]
    for (const [path, specifier] of allowed) {
      assert.deepEqual(judged(path, `import { x } from '${specifier}'`), [], `${path} ${specifier}`)
    }
  })

  test('words that only look like offences', () => {
    const innocent = [
      `// await Date.now() from 'node:fs'`,
      `const execution: 'sync' | 'async' = 'async'`,
      'const text = `setTimeout(\\n) from "node:fs"`',
      `const at = new Date(nowMs).toISOString()`,
      `const all = Array.from('abc')`,
      `const ratio = a / b // Math.random() / 2`,
      `const pattern = /import 'node:fs'|async/`,
      `const awaiting = task.processed`,
    ]
    assert.deepEqual(judged('machines/a.ts', ...innocent), [])
  })
})
