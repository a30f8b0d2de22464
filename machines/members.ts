// Who is who in a submission: the members' ids, their dependencies resolved from names, and the order
// in which they would run.
import { canonicalId, type TaskSpec } from './commands.ts'
import { runOrder } from './dependencies.ts'
import type { SubmitReply } from './effects.ts'
import { type Dependency, NOTHING } from './task.machine.ts'
import type { Work } from './work.ts'

/** A task to be. */
export interface Member {
  spec: TaskSpec
  taskId: string
  dependencies: Dependency[]
}

type Invalid = Extract<SubmitReply, { outcome: 'invalid' }>

/** Resolves a submission's names; `runOrder` holds indexes of `members`. */
export function resolveMembers(
  work: Work,
  specs: TaskSpec[],
): { members: Member[]; runOrder: number[] } | Invalid {
  const indexOf = new Map<string, number>()
  for (let index = 0; index < specs.length; index += 1) {
    const { name } = specs[index] as TaskSpec
    if (name === undefined) continue
    if (indexOf.has(name)) {
      return invalid(specs, index, `the id ${name} is given to two calls of the submission`)
    }
    indexOf.set(name, index)
  }

  const siblings: (readonly number[])[] = []
  for (let index = 0; index < specs.length; index += 1) {
    const { dependsOn } = specs[index] as TaskSpec
    if (dependsOn.length === 0) {
      siblings.push(NOTHING)
      continue
    }
    const ahead: number[] = []
    const named = new Set<string>()
    for (const { on } of dependsOn) {
      const id = indexOf.has(on) ? on : canonicalId(on)
      if (named.has(id)) return invalid(specs, index, `depends_on names ${on} twice`)
      named.add(id)
      const sibling = indexOf.get(on)
      if (sibling === index) return invalid(specs, index, `${on} depends on itself`)
      if (sibling !== undefined) ahead.push(sibling)
      else if (work.task(id) === undefined) {
        const message = `depends_on names ${on}, which is neither in this submission nor a task that exists`
        return invalid(specs, index, message)
      }
    }
    siblings.push(ahead)
  }

  const run = runOrder(siblings)
  if ('cycle' in run) {
    const names = run.cycle.map(index => specs[index]?.name)
    const message = `the dependencies form a cycle: ${names.join(' → ')}`
    return invalid(specs, run.cycle[0] as number, message)
  }

  const ids = specs.map(() => work.env.newId())
  const resolved = ({ on, states }: TaskSpec['dependsOn'][number]): Dependency => {
    const sibling = indexOf.get(on)
    return { taskId: sibling === undefined ? canonicalId(on) : (ids[sibling] as string), states }
  }
  const members = specs.map((spec, index) => ({
    spec,
    taskId: ids[index] as string,
    dependencies: spec.dependsOn.length === 0 ? NOTHING : spec.dependsOn.map(resolved),
  }))
  return { members, runOrder: run.order }
}

/** How a reply names a member: by its position, and its own name if it has one. */
export function memberName(specs: TaskSpec[], index: number) {
  return { index, name: specs[index]?.name ?? null }
}

function invalid(specs: TaskSpec[], index: number, message: string): Invalid {
  return { outcome: 'invalid', member: memberName(specs, index), message }
}
