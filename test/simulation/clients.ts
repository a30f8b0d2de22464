// What clients ask about tasks and groups that exist: cancel, hold, purge, read, wait.
import { type FinalState, isFinal, type Task } from '../../machines/index.ts'
import type { Findings } from './findings.ts'
import { short } from './journal.ts'
import type { Ledger } from './ledger.ts'
import type { Life } from './life.ts'
import type { Requests } from './requests.ts'

export class Clients {
  /** How many purges under way name each state. */
  readonly #purging = new Map<FinalState, number>()
  readonly #ledger: Ledger
  readonly #findings: Findings
  readonly #requests: Requests
  /** What the clock really went on, in ms. */
  readonly #elapsedMs: () => number
  /** The newest version of each task that somebody has read. */
  readonly #seen = new Map<string, number>()

  constructor(parts: {
    ledger: Ledger
    findings: Findings
    requests: Requests
    elapsedMs: () => number
  }) {
    this.#ledger = parts.ledger
    this.#findings = parts.findings
    this.#requests = parts.requests
    this.#elapsedMs = parts.elapsedMs
  }

  /** Whether a purge under way names that state. */
  isPurging(state: string): boolean {
    return (this.#purging.get(state as FinalState) ?? 0) > 0
  }

  cancel(life: Life, taskId: string): void {
    this.#requests.send(life, {
      name: `cancel ${short(taskId)}`,
      send: rollcall => rollcall.cancel(taskId),
      commits: true,
      granted: () => {
        const task = this.#ledger.tasks.get(taskId)
        if (task !== undefined && !isFinal(task.value) && task.stopCause !== 'cancel')
          this.#findings.note(
            'A cancellation that was accepted holds',
            `${taskId} is ${task.value}`,
          )
        return task?.value ?? 'gone'
      },
      refused: code => {
        const task = this.#ledger.tasks.get(taskId)
        if (code === 'RCL0005') return task === undefined ? null : 'it exists'
        if (code !== 'RCL0012') return 'there is no such reason'
        return task === undefined || !task.cancellable ? null : 'it can be cancelled'
      },
    })
  }

  cancelGroup(life: Life, groupId: string): void {
    this.#requests.send(life, {
      name: `cancel group ${short(groupId)}`,
      send: rollcall => rollcall.cancelGroup(groupId),
      commits: true,
      granted: () => {
        const group = this.#ledger.groups.get(groupId)
        if (group !== undefined && !group.canceled && group.value !== 'settled')
          this.#findings.note(
            'A cancellation that was accepted holds',
            `${groupId}: ${group.value}`,
          )
        const left = this.#ledger
          .membersOf(groupId)
          .find(each => each.value === 'waiting' || each.value === 'suspended')
        if (left !== undefined)
          this.#findings.note(
            'A group is cancelled when all that had not started are',
            `${left.taskId} of ${groupId} is ${left.value}`,
          )
        return group?.value ?? 'gone'
      },
      refused: code => {
        const group = this.#ledger.groups.get(groupId)
        if (code === 'RCL0005') return group === undefined ? null : 'it exists'
        return code === 'RCL0012' ? null : 'there is no such reason'
      },
    })
  }

  change(life: Life, groupId: string, change: 'suspend' | 'resume' | 'close'): void {
    this.#requests.send(life, {
      name: `${change} ${short(groupId)}`,
      send: rollcall => rollcall.changeGroup(groupId, change),
      commits: true,
      granted: () => this.#ledger.groups.get(groupId)?.value ?? 'gone',
      refused: code => {
        const group = this.#ledger.groups.get(groupId)
        if (code === 'RCL0005') return group === undefined ? null : 'it exists'
        if (code !== 'RCL0010') return 'there is no such reason'
        const cannot = group === undefined || group.canceled || !group.value.endsWith('.open')
        return cannot ? null : 'the group takes any change'
      },
    })
  }

  purge(life: Life, states: FinalState[]): void {
    const named = [...this.#ledger.tasks.values()].filter(({ value }) =>
      states.includes(value as FinalState),
    )
    const count = (by: number) => {
      for (const state of states) this.#purging.set(state, (this.#purging.get(state) ?? 0) + by)
    }
    count(1)
    this.#requests.send(life, {
      name: `purge ${states.join(' ')}`,
      send: rollcall => rollcall.purge(states),
      commits: true,
      granted: () => {
        count(-1)
        const left = named.find(({ taskId }) => this.#ledger.tasks.has(taskId))
        if (left !== undefined)
          this.#findings.note('A purge deletes all that it names', `${left.taskId} is there`)
        return `${named.length} at least`
      },
      refused: () => {
        count(-1)
        return 'there is no such reason'
      },
    })
  }

  read(life: Life, taskId: string): void {
    const seen = this.#seen.get(taskId) ?? 0
    this.#requests.send(life, {
      name: `read ${short(taskId)}`,
      send: rollcall => rollcall.task(taskId),
      commits: false,
      granted: task => this.#read(task, seen),
      refused: code => this.#isGone(taskId, code),
    })
  }

  /** Waits for a task's end, and is told at once. */
  wait(life: Life, taskId: string, ms: number): void {
    const seen = this.#seen.get(taskId) ?? 0
    const untilMs = this.#elapsedMs() + ms
    this.#requests.send(life, {
      name: `wait ${ms} ms for ${short(taskId)}`,
      send: rollcall => rollcall.ended(taskId, ms),
      commits: false,
      granted: task => {
        const early = !isFinal(task.value) && this.#elapsedMs() < untilMs && !life.isClosing
        if (early) this.#findings.note('A wait goes on to its end', `${taskId} is ${task.value}`)
        return this.#read(task, seen)
      },
      refused: code => this.#isGone(taskId, code),
      mayWait: () => !this.#ledger.ends.has(taskId),
    })
  }

  /** Nobody asks any more: the process has ended. */
  forget(): void {
    this.#purging.clear()
  }

  /** A reader sees what is on disk, and nothing older than what it has seen. */
  #read(task: Task, seen: number): string {
    const { taskId, rev } = task
    const versions = this.#ledger.versions.get(taskId)
    const isKnown = versions === undefined || versions.get(rev) === JSON.stringify(task)
    if (!isKnown || !this.#ledger.knew(taskId))
      this.#findings.note(
        'A reader sees only what is on disk',
        `${taskId} at ${rev}: ${task.value}`,
      )
    if (rev < seen)
      this.#findings.note('What a reader saw is not taken back', `${taskId}: ${rev} after ${seen}`)
    this.#seen.set(taskId, Math.max(seen, rev))
    return `${task.value} at ${rev}`
  }

  #isGone(taskId: string, code: string): string | null {
    if (code !== 'RCL0005') return 'there is no such reason'
    return this.#ledger.tasks.has(taskId) ? 'it exists' : null
  }
}
