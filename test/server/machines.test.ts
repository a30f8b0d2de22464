// `rollcall machines`: what it prints, and what it refuses.
import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { groupMachine, taskMachine } from '../../machines/index.ts'
import { mermaidOf } from '../../machines/mermaid.ts'
import { printMachines } from '../../server/machines/command.ts'
import { type MachinesConfig, readMachinesOptions } from '../../server/machines/options.ts'
import { Unusable } from '../../server/setting.ts'

function printed(config: MachinesConfig): string {
  const stdout = new PassThrough({ encoding: 'utf8' })
  assert.equal(printMachines(config, stdout), 0)
  return stdout.read()
}

function read(operands: string[], format?: string): MachinesConfig {
  const setting = format === undefined ? undefined : { source: '--format', value: format }
  return readMachinesOptions(() => setting, operands)
}

test('one machine is printed as its config or its diagram', () => {
  assert.deepEqual(
    JSON.parse(printed(read(['task']))),
    JSON.parse(JSON.stringify(taskMachine.config)),
  )
  assert.equal(printed(read(['group'], 'mermaid')), mermaidOf(groupMachine))
})

test('without a name all machines are printed', () => {
  const listed = JSON.parse(printed(read([])))
  assert.deepEqual(
    listed.map(({ name }: { name: string }) => name),
    ['task', 'group'],
  )
  const document = printed(read([], 'mermaid'))
  for (const machine of [taskMachine, groupMachine]) {
    assert.ok(document.includes(`\`\`\`mermaid\n${mermaidOf(machine)}\`\`\`\n`))
  }
})

test('a machine or a format that does not exist is refused in a sentence', () => {
  assert.throws(
    () => read(['lamp']),
    new Unusable('there is no machine "lamp"; there are task and group'),
  )
  assert.throws(
    () => read(['task'], 'svg'),
    new Unusable('--format is "svg", but the format is json or mermaid'),
  )
})
