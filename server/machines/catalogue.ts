// The statecharts as data, for whoever asks: the REST interface, the command line, the README.
import { groupMachine, taskMachine } from '../../machines/index.ts'
import { mermaidOf } from '../../machines/mermaid.ts'

export const FORMATS = ['json', 'mermaid'] as const
export type Format = (typeof FORMATS)[number]

const MACHINES = {
  task: { machine: taskMachine, description: 'The life of one task.' },
  group: { machine: groupMachine, description: 'The life of a task group.' },
}

export type MachineName = keyof typeof MACHINES
export const MACHINE_NAMES = Object.keys(MACHINES) as MachineName[]

/** Whether a machine has this name. */
export function isMachineName(text: string): text is MachineName {
  return Object.hasOwn(MACHINES, text)
}

/** What the machine is about, in a sentence. */
export function descriptionOf(name: MachineName): string {
  return MACHINES[name].description
}

/**
 * The config of a machine, as `createMachine` takes it: states, events, and the names of guards and
 * actions, as JSON can carry them.
 */
export function configOf(name: MachineName): object {
  return JSON.parse(JSON.stringify(MACHINES[name].machine.config))
}

/** The machine as a Mermaid state diagram. */
export function diagramOf(name: MachineName): string {
  return mermaidOf(MACHINES[name].machine)
}

/** Every machine's diagram with a heading, as Markdown. */
export function diagramsAsMarkdown(): string {
  return MACHINE_NAMES.map(
    name => `# ${name}\n\n${descriptionOf(name)}\n\n\`\`\`mermaid\n${diagramOf(name)}\`\`\`\n`,
  ).join('\n')
}
