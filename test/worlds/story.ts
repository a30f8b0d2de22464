// A history of a small world as a person reads it: each step, and the world after it.
import { type Command, isFinal, type ResourceUse, type TaskSpec } from '../../machines/index.ts'
import { BrokenHistory } from './explore.ts'
import { checkState } from './invariants.ts'
import { checkMove } from './moves.ts'
import { type Family, type Step, stepsOf, walk } from './steps.ts'
import type { World } from './world.ts'

/** Walks the history that these choices make; the last line says what is broken, if something is. */
export async function tellStory(family: Family, choices: readonly number[]): Promise<string> {
  const lines = [`  at first: ${tellWorld(family.start)}`]
  let before = family.start
  for (const [at, choice] of choices.entries()) {
    const step = stepsOf(before, family)[choice]
    if (step === undefined) return [...lines, `  there is no step ${choice} here`].join('\n')
    lines.push(`${at + 1}. ${tellStep(step)}`)
    try {
      const { world: after, reply } = await walk(before, step, family)
      if (reply !== null) lines.push(`  answer: ${JSON.stringify(reply)}`)
      lines.push(`  then: ${tellWorld(after)}`)
      checkMove({ before, step, after, reply })
      checkState(after)
      before = after
    } catch (error) {
      return [...lines, `  broken: ${(error as Error).message}`].join('\n')
    }
  }
  return lines.join('\n')
}

/**
 * The error that a walk ends with: the shortest history to what is broken, and how to see it again.
 *
 * @param replay Command that tells the history whose choices follow it.
 */
export async function explained(family: Family, error: unknown, replay: string): Promise<unknown> {
  if (!(error instanceof BrokenHistory)) return error
  const { message, choices, cause } = error
  const story = await tellStory(family, choices)
  return new Error(`${message}\n${story}\nTo see it again: ${replay} ${choices.join('.')}`, {
    cause,
  })
}

export function tellStep(step: Step): string {
  switch (step.type) {
    case 'ask':
      return tellCommand(step.command)
    case 'handler':
      return `the handler of ${step.taskId} ${step.act}`
    case 'spawn':
      return `${step.parentId} spawns ${tellSpec(step.spec)}`
    case 'fill':
      return `${step.free} free ${step.free === 1 ? 'slot is' : 'slots are'} filled`
    case 'mail':
      return 'the rest of a fan-out is taken'
    case 'timers':
      return 'those whose time has come are woken'
    case 'tick':
      return 'time passes'
    case 'crash':
      return 'the process dies'
    case 'restart': {
      const interrupted = step.reruns ? 'the interrupted run again' : 'the interrupted fail'
      const dies = step.diesAfter === null ? '' : `, and it dies after ${step.diesAfter} commit`
      return `the process starts; ${interrupted}${dies}`
    }
  }
}

function tellCommand(command: Command): string {
  switch (command.type) {
    case 'tasks.submit': {
      const { specs, group } = command
      const tasks = specs.map(tellSpec).join('; ')
      if (group === null) return `submit ${tasks}`
      const policy = group.onFailure === 'cancel' ? ', cancelled with its first error' : ''
      return `submit ${group.open ? 'an open' : 'a'} group${policy}: ${tasks}`
    }
    case 'group.add':
      return `add to the group ${command.groupId}: ${command.specs.map(tellSpec).join('; ')}`
    case 'task.cancel':
      return `cancel the task ${command.taskId}`
    default:
      return 'groupId' in command ? `${command.type} ${command.groupId}` : command.type
  }
}

function tellSpec({ name, resources, dependsOn, ...rest }: TaskSpec): string {
  const { priority, startAfterMs, cancellable } = rest
  const parts = [
    name === undefined ? 'a task' : `a task called ${name}`,
    ...resources.map(tellUse),
    ...dependsOn.map(({ on, states }) => `after ${on} is ${states.join(' or ')}`),
    ...(priority === 0 ? [] : [`priority ${priority}`]),
    ...(startAfterMs === null ? [] : ['not before time passes']),
    ...(cancellable ? [] : ['not cancellable']),
  ]
  return parts.join(', ')
}

export function tellWorld({ rows, up, runs, mail, nowMs }: World): string {
  const tasks = rows.tasks.map(task => {
    const { taskId, value, attempt, place, resources, blockers, unplaced, wakeAtMs } = task
    const details = isFinal(value)
      ? []
      : [
          ...resources.map(tellUse),
          place === null ? `no place, ${unplaced} against it` : `place ${place}`,
          ...(blockers === 0 ? [] : [`${blockers} blockers`]),
          ...(wakeAtMs === null ? [] : [wakeAtMs > nowMs ? 'sleeps' : 'due']),
          ...(attempt === 1 ? [] : [`attempt ${attempt}`]),
        ]
    return [`${taskId} ${value}`, ...details].join(', ')
  })
  const groups = rows.groups.map(({ groupId, value }) => `group ${groupId} ${value}`)
  const handlers = runs.map(({ taskId, stopping }) =>
    stopping === null ? taskId : `${taskId} (asked to stop: ${stopping})`,
  )
  const parts = [
    ...groups,
    ...tasks,
    ...(handlers.length === 0 ? [] : [`handlers run for ${handlers.join(', ')}`]),
    ...mail.map(({ groupId, action }) => `${groupId} goes on to ${action}`),
    ...(up ? [] : ['the process is dead']),
  ]
  return parts.length === 0 ? 'nothing' : parts.join(' | ')
}

function tellUse({ operation, resource_type, resource_id }: ResourceUse): string {
  return `${operation} ${resource_type}:${resource_id}`
}
