// `rollcall machines`: the statecharts on standard output, as the REST interface gives them.
import {
  configOf,
  descriptionOf,
  diagramOf,
  diagramsAsMarkdown,
  MACHINE_NAMES,
} from './catalogue.ts'
import type { MachinesConfig } from './options.ts'

/** Prints one machine or all of them. @returns The exit status, 0. */
export function printMachines(config: MachinesConfig, stdout: NodeJS.WritableStream): number {
  stdout.write(textOf(config))
  return 0
}

function textOf({ name, format }: MachinesConfig): string {
  switch (format) {
    case 'mermaid':
      return name === null ? diagramsAsMarkdown() : diagramOf(name)
    case 'json':
      return `${JSON.stringify(name === null ? all() : configOf(name), null, 2)}\n`
  }
}

function all(): object[] {
  return MACHINE_NAMES.map(name => ({
    name,
    description: descriptionOf(name),
    config: configOf(name),
  }))
}
