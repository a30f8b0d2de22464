// What an answer may say of the file system: nothing absolute, and nothing of the engine's inside.
import assert from 'node:assert/strict'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { authorsStack, withoutPaths } from '../../server/paths.ts'

const engine = join(dirname(dirname(import.meta.dirname)), 'server', 'runner.ts')

describe('A text without paths', () => {
  for (const [text, expected] of [
    ["open '/tmp/none/x'", "open 'none/x'"],
    ['open failed:/tmp/secret', 'open failed:secret'],
    ['at /home/a/b.ts:1:2', 'at ../home/a/b.ts:1:2'],
    ['file:///tmp/a.ts', 'a.ts'],
    ['see /pulp/api/v2/tasks/', 'see /pulp/api/v2/tasks/'],
    ['see http://host/tmp/x', 'see http://host/tmp/x'],
    ['and/or a/tmp/b', 'and/or a/tmp/b'],
  ] as const) {
    test(`${text} reads ${expected}`, () => assert.equal(withoutPaths(text, '/tmp'), expected))
  }
})

describe('A stack', () => {
  const frame = (path: string) => `    at Object.run (${pathToFileURL(path).href}:1:2)`

  test('has paths relative to the folder of the calls, also one with a space and parentheses', () => {
    const stack = authorsStack(`Error: x\n${frame('/srv/my calls (x)/c.ts')}`, '/srv/my calls (x)')
    assert.equal(stack, 'Error: x\n    at Object.run (c.ts:1:2)')
  })

  test('has frames without a name, too', () => {
    const stack = authorsStack('Error\n    at async file:///srv/c.ts:1:2', '/srv')
    assert.equal(stack, 'Error\n    at async c.ts:1:2')
  })

  test('has no frames of the engine or of the inside of Node.js', () => {
    const inside =
      '    at process.processTicksAndRejections (node:internal/process/task_queues:1:2)'
    assert.equal(authorsStack(['Error', frame(engine), inside].join('\n'), '/srv'), 'Error')
  })
})
