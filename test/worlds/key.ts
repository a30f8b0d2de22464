// Two worlds with the same key have the same future: what ended, what time it is and what things are
// called is left out, and the two repositories are alike; what the rest depends on, and what would be
// wrong if it differed, is in.
import { isFinal, type Task } from '../../machines/index.ts'
import { sameResource } from '../model/rules.ts'
import { fanOutsOf, type Rows, type World } from './world.ts'

const STATES: Record<string, string> = {
  waiting: 'w',
  suspended: 's',
  'running.executing': 'e',
  'running.cancelling': 'c',
}

/** @param attempts Whether it is told apart if a task has had an attempt before; nothing turns on it. */
export function keyOf(world: World, attempts: boolean): string {
  const { rows, runs, up, nowMs } = world
  const tasks = rows.tasks.filter(({ value }) => !isFinal(value))
  const numbers = new Map(tasks.map((task, index) => [task.taskId, index]))
  const places = ranks(tasks.map(({ place }) => place))
  const overdue = ranks(
    tasks.map(({ wakeAtMs }) => ((wakeAtMs ?? nowMs + 1) > nowMs ? null : wakeAtMs)),
  )
  let key = up ? '' : '!'
  for (const task of tasks) {
    const { taskId, place, wakeAtMs, stopCause, groupId, parentId } = task
    key += STATES[task.value]
    if (place !== null) key += `@${places.get(place)}`
    if (!task.cancellable) key += 'N'
    if (task.priority !== 0) key += `^${task.priority}`
    if (task.blockers !== 0) key += `b${task.blockers}`
    if (task.unplaced !== 0) key += `u${task.unplaced}`
    if (stopCause !== null) key += `x${stopCause[0]}`
    if (wakeAtMs !== null)
      key += wakeAtMs > nowMs ? `+${wakeAtMs - nowMs}` : `-${overdue.get(wakeAtMs)}`
    if (groupId !== null) key += 'g'
    if (parentId !== null) key += `p${numbers.get(parentId) ?? ''}`
    for (const run of runs)
      if (run.taskId === taskId)
        key += `r${run.stopping?.[0] ?? ''}${run.attempt === task.attempt ? '' : '?'}`
    if (attempts && task.attempt > 1) key += 'A'
    key += ';'
  }
  const held = tasks.flatMap(({ resources, place }) => (place === null ? [] : resources)).length
  if (rows.reservations.length !== held) key += `${rows.reservations.length} held`
  const uses = usesIn(rows, tasks, '1', '2')
  const swapped = usesIn(rows, tasks, '2', '1')
  key += uses < swapped ? uses : swapped
  for (const { dependencyId, dependantId, states } of rows.edges) {
    // To one that has ended nothing is said.
    if (numbers.has(dependantId))
      key += `${numbers.get(dependencyId) ?? '?'}>${numbers.get(dependantId)}${states} `
  }
  for (const { value, counts, canceled, onFailure } of rows.groups) {
    if (value === 'settled') continue
    const { waiting, suspended, running } = counts
    key += `|${value}${canceled ? 'X' : ''}${onFailure === 'cancel' ? 'F' : ''}${waiting},${suspended},${running}`
  }
  for (const { action } of fanOutsOf(world)) key += `/${action}`
  return key
}

/** What the tasks use, and which of it is granted, when the two repositories are called so. */
function usesIn(rows: Rows, tasks: readonly Task[], first: string, second: string): string {
  let key = ''
  for (const { taskId, place, resources } of tasks) {
    const uses = resources.map(use => {
      const { resource_type, resource_id, operation } = use
      const held = rows.reservations.find(each => each.place === place && sameResource(each, use))
      const id = resource_type === 'repo' ? (resource_id === '1' ? first : second) : resource_id
      const isRight = held?.taskId === taskId && held.operation === operation
      return `${resource_type[0]}${id}${operation[0]}${isRight ? (held.granted ? '' : 'W') : '?'}`
    })
    // In which order a task names its resources is its own business.
    key += uses.length > 1 ? uses.sort().join('') : (uses[0] ?? '')
    key += ';'
  }
  return key
}

/** Each number's position among them. */
function ranks(numbers: readonly (number | null)[]): Map<number, number> {
  const sorted = numbers.filter(each => each !== null).sort((a, b) => a - b)
  const found = new Map<number, number>()
  for (const each of sorted) if (!found.has(each)) found.set(each, found.size)
  return found
}
