// What each action of a history does to the world; the numbers in it choose among what there is.
import type { Attempts } from './attempts.ts'
import { report as reportProgress } from './handlers.ts'
import { type Action, choose, type ReportType } from './history.ts'
import { short } from './journal.ts'
import { reportOf } from './reports.ts'
import type { World } from './world.ts'

/** Unfinished tasks beyond which nothing more is submitted. */
const UNFINISHED_MAX = 150
/** Open groups beyond which groups are submitted closed. */
const OPEN_MAX = 20

export async function act(world: World, action: Action): Promise<void> {
  const { ledger, life, clients, submissions, tally } = world
  const isFull = ledger.unfinished.size >= UNFINISHED_MAX
  switch (action.type) {
    case 'submit':
      if (!isFull) submissions.submit(life, [action.task], { kind: 'task' }, action.keyed)
      return
    case 'submit group': {
      if (isFull || action.tasks.length === 0) return
      const { tasks, onFailure, keyed } = action
      const open = action.open && openGroups(world) < OPEN_MAX
      submissions.submit(life, tasks, { kind: 'group', onFailure, open }, keyed)
      return
    }
    case 'add': {
      const groupId = group(world, action.group)
      if (isFull || groupId === undefined) return
      submissions.submit(life, action.tasks, { kind: 'add', groupId }, action.keyed)
      return
    }
    case 'send again':
      submissions.again(life, action.request, action.changed)
      return
    case 'cancel':
    case 'read':
    case 'wait': {
      const taskId = task(world, action.task)
      if (taskId === undefined) return
      if (action.type === 'wait') clients.wait(life, taskId, action.ms)
      else clients[action.type](life, taskId)
      return
    }
    case 'cancel group':
    case 'suspend':
    case 'resume':
    case 'close': {
      const groupId = group(world, action.group)
      if (groupId === undefined) return
      if (action.type === 'cancel group') clients.cancelGroup(life, groupId)
      else clients.change(life, groupId, action.type)
      return
    }
    case 'purge':
      clients.purge(life, action.states)
      return
    case 'end':
    case 'spawn':
    case 'progress':
      handle(world, action)
      return
    case 'late report': {
      const attempt = choose(overAttempts(world, action.attempt), action.attempt)
      if (attempt === undefined) return
      tally['late report'] += 1
      report(world, action.report, attempt, ['stale'])
      return
    }
    case 'advance':
      await world.advance(action.ms)
      return
    case 'jump':
      tally['clock set'] += 1
      world.jump(action.ms)
      return
    case 'slow commit':
      if (life.isHeld) return
      tally['slow commit'] += 1
      world.clock.after(action.ms, life.hold())
      return
    case 'full disk':
      tally['full disk'] += 1
      life.store.refuse(action.times)
      return
    case 'crash':
      world.next = action.next
      if (action.moment === 'now') life.kill()
      else life.dieAt(action.moment, action.commits)
      return
    case 'shut down':
      world.next = action.next
      life.close(action.graceMs)
      return
  }
}

/** Something that a handler does of its own. */
function handle(world: World, action: Extract<Action, { handler: number }>): void {
  const live = choose([...world.handlers.live.values()], action.handler)
  if (live === undefined) return
  switch (action.type) {
    case 'spawn':
      world.submissions.spawn(world.life, action.child, live)
      return
    case 'progress':
      reportProgress(live, action.good)
      return
    case 'end': {
      live.end(action.how)
      // Only where it would be true, and all: a run that is asked to stop, or spoiled, has not succeeded.
      const { askedBy, spoiled, timeoutMs, progress } = live
      const isTrue = askedBy === null && !spoiled && timeoutMs === null && !('done' in progress)
      if (!action.twice || action.how !== 'returns' || !isTrue) return
      world.tally['report twice'] += 1
      report(world, 'task.succeeded', live, ['taken', 'stale'])
    }
  }
}

/** Tells the engine of an attempt, past the runner. */
function report(
  world: World,
  type: ReportType,
  { taskId, attempt }: { taskId: string; attempt: number },
  outcomes: readonly string[],
): void {
  world.requests.send(world.life, {
    name: `${type} of attempt ${attempt} of ${short(taskId)} beside the runner's`,
    send: ({ engine }) => engine.sendReliably(reportOf(type, taskId, attempt)),
    commits: true,
    granted: ({ outcome }) => {
      if (!outcomes.includes(outcome))
        world.findings.note('A late or repeated report changes nothing', `${taskId}: ${outcome}`)
      return outcome
    },
    refused: () => 'it is no request of a client',
  })
}

/** Mostly of tasks that go on with another attempt. */
function overAttempts({ attempts, ledger }: World, nth: number): Attempts['over'] {
  const ofUnfinished = attempts.over.filter(({ taskId }) => ledger.unfinished.has(taskId))
  return nth % 4 === 3 || ofUnfinished.length === 0 ? attempts.over : ofUnfinished
}

/** Mostly one that has not ended. */
function task({ ledger }: World, nth: number): string | undefined {
  return nth % 6 === 5
    ? choose(ledger.recentTasks, nth)
    : choose([...ledger.unfinished.keys()], nth)
}

function group({ ledger }: World, nth: number): string | undefined {
  return nth % 8 === 7
    ? choose(ledger.recentGroups, nth)
    : choose([...ledger.unsettled.keys()], nth)
}

function openGroups({ ledger }: World): number {
  return [...ledger.unsettled.values()].filter(each => each.value.endsWith('.open')).length
}
