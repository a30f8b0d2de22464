// Sees every commit in the moment in which it is kept: holds it against the rules, writes it to the
// journal and takes it into the ledger.
import {
  apart,
  type Change,
  type Group,
  type HistoryEvent,
  isFinal,
  type Slice,
  type Task,
} from '../../machines/index.ts'
import type { Clock } from '../../server/ports.ts'
import type { Watcher } from './disk.ts'
import type { Findings } from './findings.ts'
import { type Journal, short } from './journal.ts'
import { type Ledger, requestOf } from './ledger.ts'
import { groupBroken } from './rules/commits.ts'
import type { Scene } from './rules/moves.ts'
import type { Rules } from './rules/rules.ts'

/** What the observer asks of those around it. */
export interface Surroundings {
  clock: Clock
  runs: Scene['runs']
  outcome: Scene['outcome']
  deaths: Scene['deaths']
  /** Whether somebody asked to delete tasks in that state. */
  isPurged: (state: string) => boolean
  /** What a commit changed. */
  changed: (tasks: ReadonlySet<string>, events: readonly HistoryEvent[]) => void
  /** The tasks of one request that a commit brought. */
  born: (request: string, tasks: readonly Task[]) => void
  /** An attempt was over. */
  over: (taskId: string, attempt: number) => void
}

/** Keys are remembered at least so long, in ms (CONTRACT §4). */
const KEYS_KEPT_MS = 24 * 60 * 60 * 1000

export class Observer implements Watcher {
  commits = 0
  readonly #ledger: Ledger
  readonly #findings: Findings
  readonly #journal: Journal
  readonly #rules: Rules
  readonly #around: Surroundings

  constructor(
    { ledger, findings, journal }: { ledger: Ledger; findings: Findings; journal: Journal },
    rules: Rules,
    around: Surroundings,
  ) {
    this.#ledger = ledger
    this.#findings = findings
    this.#journal = journal
    this.#rules = rules
    this.#around = around
  }

  committed(decisions: readonly (readonly Change[])[]): void {
    this.commits += 1
    if (decisions.length === 0) return
    const tasks = new Set<string>()
    const groups = new Set<string>()
    const events: HistoryEvent[] = []
    const born = new Map<string, Task[]>()
    for (const changes of decisions.map(apart)) {
      const isNewGroup = newGroups(changes, this.#ledger)
      for (const change of changes) {
        if (change.type === 'task.put') {
          const { task } = change
          const isNew = !this.#ledger.knew(task.taskId)
          if (isNew) born.set(requestOf(task), [...(born.get(requestOf(task)) ?? []), task])
          this.#move(this.#ledger.tasks.get(task.taskId) ?? null, task, isNewGroup)
          tasks.add(task.taskId)
        } else if (change.type === 'group.put') groups.add(change.group.groupId)
        else if (change.type === 'event.append') events.push(change.event)
        this.#judge(change)
        this.#ledger.apply(change)
      }
    }
    this.#ledger.keepVersions(tasks)
    for (const event of events) this.#journal.write(lineOf(event))
    this.#journal.write(`  commit ${this.commits} up to ${this.#ledger.counters.rev}`)
    this.#around.changed(tasks, events)
    for (const [request, members] of born) this.#around.born(request, members)
    const ledger = this.#ledger
    const changed = { ledger, tasks, groups, events }
    for (const { rule, broken } of this.#rules.commits) this.#findings.check(rule, broken(changed))
  }

  counted(found: Slice['counters']): void {
    const kept = JSON.stringify(this.#ledger.counters)
    if (JSON.stringify(found) !== kept)
      this.#findings.note(
        'What was not committed leaves no trace',
        `the counters are ${JSON.stringify(found)}, and ${kept} was committed last`,
      )
  }

  wroteAfterClose(): void {
    this.#findings.note('A process that has closed its store writes no more', 'it did')
  }

  #move(from: Task | null, to: Task, isNewGroup: (groupId: string) => boolean): void {
    const { runs, outcome, deaths, over } = this.#around
    const scene = { ledger: this.#ledger, isNewGroup, runs, outcome, deaths }
    for (const { rule, broken } of this.#rules.moves) {
      const found = broken({ from, to }, scene)
      if (found !== null) this.#findings.note(rule, `${to.taskId}: ${found}`)
    }
    if (from?.value.startsWith('running') && !to.value.startsWith('running'))
      over(from.taskId, from.attempt)
  }

  #judge(change: Change): void {
    switch (change.type) {
      case 'task.delete': {
        const task = this.#ledger.tasks.get(change.taskId)
        if (task === undefined || !isFinal(task.value) || !this.#around.isPurged(task.value))
          this.#findings.note(
            'Only what a purge names is deleted',
            `${change.taskId} was ${task?.value ?? 'gone'}`,
          )
        return
      }
      case 'group.put': {
        const before: Group | undefined = this.#ledger.groups.get(change.group.groupId)
        this.#findings.check('A cancelled group stays so', groupBroken(before, change.group))
        return
      }
      case 'idempotency.expire':
        if (change.beforeMs > this.#around.clock.nowMs() - KEYS_KEPT_MS)
          this.#findings.note('A key is remembered for 24 hours', 'it was forgotten before')
        return
      default:
    }
  }
}

function newGroups(changes: readonly Change[], ledger: Ledger): (groupId: string) => boolean {
  const fresh = new Set<string>()
  for (const change of changes)
    if (change.type === 'group.put' && !ledger.groups.has(change.group.groupId))
      fresh.add(change.group.groupId)
  return groupId => fresh.has(groupId)
}

function lineOf({ eventId, atMs, taskId, groupId, type, attempt, value, data }: HistoryEvent) {
  const ofGroup = groupId === null ? 'store' : `group ${short(groupId)}`
  const whose = taskId === null ? ofGroup : `task ${short(taskId)}`
  const tried = attempt === null ? '' : ` attempt ${attempt}`
  return `  ${eventId} at ${atMs} ${whose}${tried} ${type} → ${value} ${JSON.stringify(data)}`
}
