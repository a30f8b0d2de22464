// What CONTRACT §3 says of a submission, an addition or a child: admitted whole or not at all, each member
// judged in run order against everything before it, and a refused one leaves nothing.
import { isFinal, type ResourceUse, type SubmitReply, type TaskSpec } from '../../machines/index.ts'
import { judge, queueOf, runOrder, sameUses } from './admission.ts'
import { broken } from './invariants.ts'
import type { Move } from './moves.ts'
import { type Rows, taskOf, type World } from './world.ts'

/** What must be said of it. */
type Expected =
  | { outcome: 'rejected'; index: number; reasons: ResourceUse[] }
  | { outcome: 'submitted'; inPlace: number[] }
  | { outcome: 'group_closed' | 'parent_replaced' }

/** @throws {Broken} It was answered otherwise than the contract says, or left other tasks than that. */
export function checkSubmission(move: Move): void {
  const { before, after } = move
  const reply = move.reply as SubmitReply
  const expected = refusal(move) ?? admission(before, specsOf(move))
  if (reply.outcome !== expected.outcome)
    broken(`the submission was answered ${reply.outcome}; it is ${expected.outcome}`)
  if (expected.outcome !== 'submitted') {
    if (leftSomething(before.rows, after.rows))
      broken(`what was ${reply.outcome} left something behind`)
    if (expected.outcome === 'rejected' && reply.outcome === 'rejected') {
      const { member, reasons } = reply
      if (member.index !== expected.index) broken(`member ${member.index} was rejected`)
      if (!sameUses(reasons, expected.reasons))
        broken(`rejected because of ${JSON.stringify(reasons)}`)
    }
    return
  }
  checkBorn(move, expected.inPlace)
}

/** Numbers that were given out and not used are nothing. */
function leftSomething(before: Rows, after: Rows): boolean {
  const lists = ['tasks', 'groups', 'reservations', 'edges'] as const
  return lists.some(
    list =>
      before[list].length !== after[list].length ||
      before[list].some((row, at) => row !== after[list][at]),
  )
}

function checkBorn({ before, step, after, reply }: Move, inPlace: number[]): void {
  const born = after.rows.tasks.slice(before.rows.tasks.length)
  const { tasks, groupId } = reply as Extract<SubmitReply, { outcome: 'submitted' }>
  if (born.map(each => each.taskId).join() !== tasks.map(each => each.taskId).join())
    broken(`${born.length} tasks were made of ${tasks.length}`)
  for (const task of born) {
    if (task.groupId !== groupId) broken(`${task.taskId} is in the group ${task.groupId}`)
    if (task.attempt !== 1) broken(`${task.taskId} begins with attempt ${task.attempt}`)
    if (task.value.startsWith('running')) broken(`${task.taskId} runs from the start`)
  }
  let last = before.rows.counters.place
  for (const index of inPlace) {
    const { place, taskId } = born[index]!
    if (place === null || place <= last) broken(`${taskId} is not in its place: ${place}`)
    last = place
  }
  if (step.type !== 'spawn') return
  const parent = taskOf(after.rows, step.parentId)
  const [child] = born
  if (child?.parentId !== parent.taskId || child.groupId !== parent.groupId)
    broken(`the child of ${parent.taskId} is elsewhere`)
  if (!parent.spawned.includes(child.taskId)) broken(`${parent.taskId} does not name its child`)
}

function specsOf({ step }: Move): TaskSpec[] {
  if (step.type === 'spawn') return [step.spec]
  return step.type === 'ask' && 'specs' in step.command ? step.command.specs : []
}

/** Whether it is refused whatever it uses. */
function refusal({ before, step }: Move): Expected | null {
  const groupOf = (groupId: string | null) =>
    before.rows.groups.find(each => each.groupId === groupId)
  if (step.type === 'spawn') {
    const parent = taskOf(before.rows, step.parentId)
    if (parent.value !== 'running.executing') return { outcome: 'parent_replaced' }
    return groupOf(parent.groupId)?.canceled ? { outcome: 'group_closed' } : null
  }
  if (step.type === 'ask' && step.command.type === 'group.add') {
    const group = groupOf(step.command.groupId)
    if (group?.canceled || !group?.value.endsWith('open')) return { outcome: 'group_closed' }
  }
  return null
}

/** The members one by one, as they would run. */
function admission({ rows, nowMs }: World, specs: readonly TaskSpec[]): Expected {
  const indexOf = (on: string) => specs.findIndex(each => each.name === on)
  const siblings = specs.map(({ dependsOn }) =>
    dependsOn.map(({ on }) => indexOf(on)).filter(index => index !== -1),
  )
  const earlier = queueOf(rows).map(each => each.resources)
  const heldBack = new Set<number>()
  const inPlace: number[] = []
  for (const index of runOrder(siblings)) {
    const { dependsOn, startAfterMs, resources } = specs[index]!
    const waits = dependsOn.some(({ on }) => {
      if (indexOf(on) !== -1) return heldBack.has(indexOf(on))
      const { value, place } = taskOf(rows, on)
      return !isFinal(value) && place === null
    })
    if (waits || (startAfterMs !== null && startAfterMs > nowMs)) {
      heldBack.add(index)
      continue
    }
    const { response, reasons } = judge(resources, earlier)
    if (response === 'rejected') return { outcome: 'rejected', index, reasons }
    inPlace.push(index)
    earlier.push(resources)
  }
  return { outcome: 'submitted', inPlace }
}
