// Statecharts as Mermaid: what is drawn of a chart, and that the README shows the charts that run.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { groupMachine, taskMachine } from '../../machines/index.ts'
import { mermaidOf } from '../../machines/mermaid.ts'

const linesOf = (config: object) =>
  mermaidOf({ id: 'lamp', config })
    .trimEnd()
    .split('\n')
    .map(line => line.trim())

test('a chart begins where its machine does, and its final states lead out', () => {
  const states = { off: { on: { 'lamp.broke': { target: 'gone' } } }, gone: { type: 'final' } }
  assert.deepEqual(linesOf({ initial: 'off', states }), [
    'stateDiagram-v2',
    '[*] --> off',
    'gone --> [*]',
    'off --> gone: broke',
  ])
})

test('a nested state is drawn inside its parent, and leads out of it by the name of the machine', () => {
  const config = {
    initial: 'on',
    states: {
      on: {
        initial: 'dim',
        states: {
          dim: { on: { 'lamp.press': { target: 'bright' } } },
          bright: { on: { 'lamp.press': { target: '#lamp.off' } } },
        },
      },
      off: {},
    },
  }
  assert.deepEqual(linesOf(config).slice(1), [
    '[*] --> on',
    'state on {',
    '[*] --> dim',
    'dim',
    'bright',
    '}',
    'dim --> bright: press',
    'bright --> off: press',
  ])
})

test('two states of one name are told apart', () => {
  const half = (target: string) => ({
    initial: 'open',
    states: { open: { on: { 'lamp.turn': { target: `#lamp.${target}.open` } } } },
  })
  const lines = linesOf({ initial: 'left', states: { left: half('right'), right: half('left') } })
  assert.ok(lines.includes('state "open" as left_open'))
  assert.ok(lines.includes('left_open --> right_open: turn'))
  assert.ok(lines.includes('right_open --> left_open: turn'))
})

test('what leads the same way shares an arrow, each event with its guards in words', () => {
  const on = {
    'lamp.press': [
      { guard: 'isDark', target: 'on' },
      { guard: 'someoneIsHome', target: 'on' },
      { guard: 'isCold', target: 'off' },
    ],
    'lamp.shout': [{ guard: 'isDark', target: 'on' }, { target: 'on' }],
    'lamp.look': {},
    'lamp.note': { actions: ['note'] },
  }
  const lines = linesOf({ initial: 'off', states: { off: { on }, on: {} } })
  assert.deepEqual(lines.slice(2), [
    'off --> on: press [is dark or someone is home], shout',
    'off --> off: press [is cold]',
  ])
})

test('the README shows the charts that run', () => {
  const readme = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8')
  const shown = [...readme.matchAll(/^```mermaid\n([\s\S]*?)^```$/gm)].map(([, text]) => text)
  assert.deepEqual(shown, [mermaidOf(taskMachine), mermaidOf(groupMachine)])
})
