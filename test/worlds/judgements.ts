// What admission said of a task stays, until one that it stood behind leaves before it ran: then it is
// judged again at once (CONTRACT §3).
import { isFinal, stateOf, type Task } from '../../machines/index.ts'
import { sameResource } from '../model/rules.ts'
import { judge, queueOf, sameUses } from './admission.ts'
import { broken } from './invariants.ts'
import { taskOf, type World } from './world.ts'

/** @throws {Broken} A task reads other reasons than it has. */
export function checkJudgements(before: World, after: World): void {
  if (before.rows.tasks === after.rows.tasks) return
  const queue = queueOf(after.rows)
  const old = queueOf(before.rows)
  const left = old.filter(task => isFinal(taskOf(after.rows, task.taskId).value))
  const leftUnrun = left.filter(({ value }) => stateOf(value) !== 'running')
  const stayed = old.filter(task => !left.includes(task) || leftUnrun.includes(task))
  for (const [at, is] of queue.entries()) {
    const was = before.rows.tasks.find(each => each.taskId === is.taskId)
    const isNew = was === undefined || was.place === null
    const told = is.response === was?.response && sameUses(is.reasons, was.reasons)
    const stoodBehind =
      !isNew &&
      leftUnrun.some(
        each =>
          each.place! < is.place! &&
          each.resources.some(use => is.resources.some(own => sameResource(use, own))),
      )
    if (!isNew && !stoodBehind) {
      if (!told) broken(`${is.taskId} was judged again, and nothing before it had left`)
      continue
    }
    const fresh = judgeBehind(is, queue.slice(0, at))
    if (is.response === fresh.response && sameUses(is.reasons, fresh.reasons)) continue
    const stale = isNew
      ? null
      : judgeBehind(
          is,
          stayed.slice(
            0,
            stayed.findIndex(each => each.taskId === is.taskId),
          ),
        )
    // Whose reasons stay the same may keep what was said first, those that ran since included.
    if (stale === null || !told || !sameUses(stale.reasons, fresh.reasons))
      broken(
        `${is.taskId} reads ${is.response} ${JSON.stringify(is.reasons)}; it is ${fresh.response} ${JSON.stringify(fresh.reasons)}`,
      )
  }
}

function judgeBehind({ resources }: Task, earlier: readonly Task[]) {
  return judge(
    resources,
    earlier.map(each => each.resources),
  )
}
