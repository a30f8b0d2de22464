// The handlers: each does what its task's arguments plan, on the virtual clock, or ends when a step says
// so. They know which process they run in, and end with it.
import { Type } from 'typebox'
import type { JsonObject } from '../../machines/index.ts'
import { type Call, defineCall, type RunContext } from '../../server/calls.ts'
import type { Clock } from '../../server/ports.ts'
import { type ChildDraw, type Ending, type Plan, POLICIES } from './history.ts'

/** A handler that runs. */
export interface Live {
  taskId: string
  attempt: number
  /** Number of the process that it runs in. */
  life: number
  plan: Plan
  timeoutMs: number | null
  context: RunContext
  /** Why its signal was aborted, if it was. */
  askedBy: string | null
  /** The last progress that it gave. */
  progress: JsonObject
  /** Whether it gave one that JSON cannot carry. */
  spoiled: boolean
  /** Whether its promise has settled. */
  isOver: boolean
  /** Settles its promise. */
  end: (how: Ending | 'stops') => void
}

/** What is told of handlers as it happens. */
export interface HandlerWatcher {
  started(live: Live): void
  asked(live: Live): void
  ended(live: Live, how: Ending | 'stops'): void
  /** It wants a child; the promise is the engine's. */
  spawns(live: Live, child: ChildDraw): void
}

export class Handlers {
  /** By task: no task may have two. */
  readonly live = new Map<string, Live>()
  /** When true, none goes on without end. */
  hurry = false
  readonly #clock: Clock
  readonly #watcher: HandlerWatcher

  constructor(clock: Clock, watcher: HandlerWatcher) {
    this.#clock = clock
    this.#watcher = watcher
  }

  /** The calls as one process registers them; `isAlive` says whether it still is. */
  calls(life: number, isAlive: () => boolean): Call[] {
    return Object.entries(POLICIES).map(([name, { timeoutMs, retry, ...policy }]) =>
      defineCall({
        name,
        ...policy,
        ...(timeoutMs === null ? {} : { timeoutMs }),
        ...(retry === null ? {} : { retry }),
        args: Type.Object({ plan: Type.Unknown() }),
        run: ({ plan }, context) =>
          this.#run({ plan: plan as Plan, timeoutMs, life }, context, isAlive),
      }),
    )
  }

  /** Ends all that would go on until they are asked to stop. */
  endAll(): void {
    for (const live of [...this.live.values()]) live.end('returns')
  }

  /** All of them end without a word: their process has. */
  forget(): void {
    this.live.clear()
  }

  #run(
    given: Pick<Live, 'plan' | 'timeoutMs' | 'life'>,
    context: RunContext,
    isAlive: () => boolean,
  ): Promise<unknown> {
    if (!isAlive()) return new Promise(() => {})
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const { taskId, attempt, signal } = context
    const live: Live = {
      taskId,
      attempt,
      ...given,
      context,
      askedBy: null,
      progress: {},
      spoiled: false,
      isOver: false,
      end: how => {
        if (live.isOver || !isAlive()) return
        live.isOver = true
        this.live.delete(taskId)
        this.#watcher.ended(live, how)
        if (how === 'returns') resolve({ attempt })
        else if (how === 'garbage') resolve({ attempt: BigInt(attempt) })
        else reject(how === 'stops' ? signal.reason : broke(attempt))
      },
    }
    this.#watcher.started(live)
    this.live.set(taskId, live)
    signal.addEventListener('abort', () => {
      if (live.isOver || !isAlive()) return
      live.askedBy = (signal.reason as DOMException).name
      this.#watcher.asked(live)
      const { stopsAfterMs } = given.plan
      if (stopsAfterMs === 0) live.end('stops')
      else this.#clock.after(stopsAfterMs, () => live.end('stops'))
    })
    this.#act(live, attempt)
    return promise
  }

  #act(live: Live, attempt: number): void {
    const { plan } = live
    if (plan.progress !== 'none') report(live, plan.progress === 'good')
    for (const child of plan.spawns) this.#watcher.spawns(live, child)
    const takesMs = plan.takesMs ?? (this.hurry ? 0 : null)
    if (takesMs === null) return
    const how = plan.ends[Math.min(attempt, plan.ends.length) - 1] as Ending
    if (takesMs === 0) live.end(how)
    else this.#clock.after(takesMs, () => live.end(how))
  }
}

/** Without a stack: its lines are another text whenever a file changes. */
function broke(attempt: number): Error {
  return Object.assign(new Error(`attempt ${attempt} broke`), { stack: '' })
}

/** Reports progress, or what is none: then the handler goes on after it was refused. */
export function report(live: Live, good: boolean): void {
  const { attempt, context } = live
  if (good) {
    live.progress = { attempt, done: Number(live.progress.done ?? 0) + 1 }
    context.progress(live.progress)
    return
  }
  live.spoiled = true
  try {
    context.progress([attempt])
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
  }
}

/** The plan of a child. */
export function planOf({ takesMs }: ChildDraw): Plan {
  return { takesMs, ends: ['returns'], stopsAfterMs: 0, progress: 'none', spawns: [] }
}
