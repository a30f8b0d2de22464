// All orders in which the running tasks of a scenario may end, tried one after the other: each order is a
// fresh world, led down its own path of choices.
import { begin, type Choice, type TestEngine, type TestEngineOptions } from './test-engine.ts'

export interface ExploreOptions extends TestEngineOptions {
  /** How often the process may die, at any moment when a task runs; default 0. */
  crashes?: number
  /** More orders than this are refused; default 10 000. */
  ordersMax?: number
  /** Tries this order alone, as the message of a failure gives it. */
  order?: readonly number[]
}

/** What is wrong is the order that was asked for, and not the scenario. */
class WrongOrder extends RangeError {}

function isOrder(order: unknown): order is readonly number[] {
  return Array.isArray(order) && order.every(step => Number.isInteger(step) && step >= 0)
}

interface Step {
  /** Which of the choices was taken, from 0. */
  taken: number
  says: readonly string[]
}

/**
 * Runs a scenario once for each order in which running tasks can end (`run()` in it asks which is next).
 * How long a run takes plays no part: any of those that run may be the next.
 *
 * @param scenario Submits, runs, and asserts; it must do the same every time.
 * @returns How many orders there are.
 * @throws {Error} The first order that breaks the scenario: with the order in words, the way to try it
 *   alone, and what the scenario threw as its `cause`.
 */
export async function explore(
  options: ExploreOptions,
  scenario: (engine: TestEngine) => Promise<void>,
): Promise<{ orders: number }> {
  const { crashes = 0, ordersMax = 10_000, order } = options
  if (order !== undefined && !isOrder(order)) {
    throw new WrongOrder(`order is a list of whole numbers from 0; found ${JSON.stringify(order)}`)
  }
  let path: readonly Step[] = (order ?? []).map(taken => ({ taken, says: [] }))
  for (let orders = 1; ; orders += 1) {
    const steps = await attempt(options, crashes, path, scenario, orders)
    if (order !== undefined && order.length > steps.length) {
      throw new WrongOrder(`the order has ${order.length} steps, and the scenario ${steps.length}`)
    }
    const next = order === undefined ? following(steps) : null
    if (next === null) return { orders }
    if (orders === ordersMax) {
      throw new RangeError(
        `there are more than ${ordersMax} orders; make the scenario smaller, or raise ordersMax`,
      )
    }
    path = next
  }
}

async function attempt(
  options: ExploreOptions,
  crashes: number,
  path: readonly Step[],
  scenario: (engine: TestEngine) => Promise<void>,
  nth: number,
): Promise<Step[]> {
  const steps: Step[] = []
  const choose = (choices: readonly Choice[]): Choice => {
    const says = choices.map(choice => choice.says)
    const planned = path[steps.length]
    if (planned !== undefined && planned.says.length > 0) assertSame(planned.says, says)
    const taken = planned?.taken ?? 0
    const choice = choices[taken]
    if (choice === undefined) {
      throw new WrongOrder(
        `step ${steps.length + 1} of the order is ${taken}; there are ${choices.length} choices: ${says.join(', ')}`,
      )
    }
    steps.push({ taken, says })
    return choice
  }
  const engine = await begin(options, { choose, crashes })
  try {
    await scenario(engine)
  } catch (error) {
    if (error instanceof WrongOrder) throw error
    throw broken(steps, nth, error)
  }
  return steps
}

/** The path to the next order, depth first; null after the last. */
function following(steps: readonly Step[]): Step[] | null {
  const at = steps.findLastIndex(({ taken, says }) => taken + 1 < says.length)
  const last = steps[at]
  return last === undefined ? null : [...steps.slice(0, at), { ...last, taken: last.taken + 1 }]
}

function assertSame(before: readonly string[], after: readonly string[]): void {
  if (before.length === after.length && before.every((says, nth) => says === after[nth])) return
  throw new Error(
    `the scenario does not do the same every time: where it could go on with ${before.join('; ')}, it could the next time with ${after.join('; ')}`,
  )
}

function broken(steps: readonly Step[], nth: number, error: unknown): Error {
  const said = error instanceof Error ? error.message : String(error)
  const order = steps.map(({ taken }) => taken)
  const lines = steps.map(({ taken, says }, index) => `  ${index + 1}. ${says[taken]}`)
  const message = [
    `Order ${nth} breaks the scenario: ${said}`,
    ...lines,
    `To try it alone: explore({ …, order: [${order.join(', ')}] }, …)`,
  ].join('\n')
  return new Error(message, { cause: error })
}
