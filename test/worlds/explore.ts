// Walks every world that a family's steps lead to, breadth first, so that the first promise found broken
// is found by a shortest history. What must hold of paths is asked of the graph afterwards.
import { isFinal } from '../../machines/index.ts'
import { Arrows } from './graph.ts'
import { broken, checkState } from './invariants.ts'
import { keyOf } from './key.ts'
import { checkMove, type Move } from './moves.ts'
import { type Family, isProgress, stepsOf, walk } from './steps.ts'
import type { World } from './world.ts'

export interface Explored {
  states: number
  transitions: number
  /** Steps of the longest of the shortest histories. */
  depth: number
  /** Histories of at most `depth` steps: paths from the start, steps that change nothing left out. */
  histories: number
}

/** Where a promise was broken: each number says which of the possible steps was taken. */
export class BrokenHistory extends Error {
  readonly choices: number[]

  constructor(choices: number[], cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.choices = choices
  }
}

interface State {
  /** How it was reached first. */
  parent: number
  choice: number
  depth: number
  /** Null once its steps have been taken. */
  world: World | null
}

/** A world that was met before, as one with the same key. */
interface Twin {
  world: World
  state: number
  choices: () => number[]
}

/** Of how many worlds that are met again one is walked again. */
const TWINS_EVERY = 64

/**
 * Takes every step in every world.
 *
 * @param check Looks at each move; throws when it breaks a promise.
 * @throws {BrokenHistory} A promise was broken.
 */
export async function explore(
  family: Family,
  check: (move: Move) => void | Promise<void> = checkMove,
): Promise<Explored> {
  const { start, attempts } = family
  const states: State[] = [{ parent: -1, choice: -1, depth: 0, world: start }]
  const known = new Map([[keyOf(start, attempts), 0]])
  const arrows = new Arrows()
  const ended: number[] = []
  const twins: Twin[] = []
  let transitions = 0
  let again = 0
  for (let at = 0; at < states.length; at += 1) {
    const before = states[at]!.world!
    states[at]!.world = null
    let isAtRest = true
    for (const [choice, step] of stepsOf(before, family).entries()) {
      transitions += 1
      const choices = () => [...choicesTo(states, at), choice]
      try {
        const walked = walk(before, step, family)
        const { world: after, reply } = walked instanceof Promise ? await walked : walked
        const checked = check({ before, step, after, reply })
        if (checked !== undefined) await checked
        const key = keyOf(after, attempts)
        let to = known.get(key)
        if (to === undefined) {
          checkState(after)
          to = states.length
          known.set(key, to)
          states.push({ parent: at, choice, depth: states[at]!.depth + 1, world: after })
        } else if (to !== at) {
          again += 1
          if (again % TWINS_EVERY === 0) twins.push({ world: after, state: to, choices })
        }
        if (to === at) continue
        const progress = isProgress(step)
        if (progress) isAtRest = false
        arrows.add(at, to, progress)
      } catch (error) {
        throw new BrokenHistory(choices(), error)
      }
    }
    const waits = before.rows.tasks.find(({ value }) => !isFinal(value))
    if (waits === undefined) ended.push(at)
    else if (isAtRest) {
      const error = `all is at rest, and ${waits.taskId} is ${waits.value}`
      throw new BrokenHistory(choicesTo(states, at), error)
    }
  }
  const stuck = arrows.firstThatNeverEnds(states.length, ended)
  if (stuck !== null)
    throw new BrokenHistory(choicesTo(states, stuck), 'from here not all tasks can end')
  await checkTwins(family, twins, arrows, known)
  const { depth } = states.at(-1)!
  const histories = arrows.countHistories(states.length, depth)
  return { states: states.length, transitions, depth, histories }
}

function choicesTo(states: readonly State[], at: number): number[] {
  const choices: number[] = []
  for (let each = states[at]!; each.parent !== -1; each = states[each.parent]!)
    choices.unshift(each.choice)
  return choices
}

/** Worlds with one key have one future, so that walking the first of them walks them all. */
async function checkTwins(
  family: Family,
  twins: readonly Twin[],
  arrows: Arrows,
  known: ReadonlyMap<string, number>,
): Promise<void> {
  const futures = new Map(twins.map(({ state }) => [state, new Set<number>()]))
  for (const [from, to] of arrows) futures.get(from)?.add(to)
  for (const { world, state, choices } of twins) {
    try {
      checkState(world)
      const future = new Set<number>()
      for (const step of stepsOf(world, family)) {
        const { world: after } = await walk(world, step, family)
        const next = known.get(keyOf(after, family.attempts))
        if (next === undefined) broken('from here a world is reached that was not met')
        if (next !== state) future.add(next)
      }
      const same = futures.get(state)!
      if (future.size !== same.size || [...future].some(each => !same.has(each)))
        broken('from here other worlds are reached than from one with the same key')
    } catch (error) {
      throw new BrokenHistory(choices(), error)
    }
  }
}
