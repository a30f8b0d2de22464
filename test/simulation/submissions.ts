// Submissions: what was asked for, under which key, and what must have become of it on disk.
import type { Task } from '../../machines/index.ts'
import type { CallRequest } from '../../server/calls.ts'
import type { Clock } from '../../server/ports.ts'
import type { Submitted } from '../../server/submission.ts'
import { callsOf, childOf, fingerprintOf, type Kind, type Submission, submitTo } from './drafts.ts'
import type { Findings } from './findings.ts'
import type { Live } from './handlers.ts'
import { type ChildDraw, choose, type TaskDraw } from './history.ts'
import { short } from './journal.ts'
import type { Ledger } from './ledger.ts'
import type { Life } from './life.ts'
import type { Requests } from './requests.ts'

/** Keyed submissions that can be sent again. */
const RECENT_KEYED = 20

export class Submissions {
  readonly #ledger: Ledger
  readonly #findings: Findings
  readonly #requests: Requests
  readonly #clock: Clock
  readonly #acknowledgedIds = new Set<string>()
  readonly #all = new Map<string, Submission>()
  readonly #keyed: Submission[] = []

  constructor(parts: { ledger: Ledger; findings: Findings; requests: Requests; clock: Clock }) {
    this.#ledger = parts.ledger
    this.#findings = parts.findings
    this.#requests = parts.requests
    this.#clock = parts.clock
  }

  /** Submits tasks; those that they depend on are chosen among what exists. */
  submit(life: Life, draws: TaskDraw[], what: Kind, keyed: boolean): void {
    const submission = this.#make(what, request =>
      callsOf(draws, request, this.#ledger, this.#clock.nowMs()),
    )
    if (keyed) {
      submission.key = `key of ${submission.request}`
      this.#keyed.push(submission)
      if (this.#keyed.length > RECENT_KEYED) this.#keyed.shift()
    }
    this.#send(life, submission)
  }

  /** A running handler's child, through what its context offers. */
  spawn(life: Life, draw: ChildDraw, parent: Live): void {
    const { taskId: parentId, attempt, context } = parent
    const what = { kind: 'child' as const, parentId, attempt }
    const submission = this.#make(what, request => [childOf(draw, request)])
    this.#send(life, submission, async () => {
      const { call, args, ...options } = childOf(draw, submission.request)
      const taskId = await context.spawn<object>(call, args, options)
      return { groupId: null, taskIds: [taskId], response: 'postponed', replayed: null }
    })
  }

  /** Sends a keyed submission once more, or another one under its key. */
  again(life: Life, nth: number, changed: boolean): void {
    const submission = choose(this.#keyed, nth)
    if (submission === undefined) return
    if (!changed) {
      this.#send(life, submission)
      return
    }
    const { what, calls, key } = submission
    const other = this.#make(what, request => calls.map(call => ({ ...call, tags: [request] })))
    other.key = key
    this.#send(life, other)
  }

  /** Looks at the very end whether all that was acknowledged has ended. */
  checkEnds(): void {
    for (const taskId of this.#acknowledgedIds)
      if (!this.#ledger.ends.has(taskId))
        this.#findings.note('All that was acknowledged ends', `${taskId} has not`)
  }

  /** A commit brought tasks of a request. */
  born(request: string, tasks: readonly Task[]): void {
    const submission = this.#all.get(request)
    const note = (rule: string, found: string) => this.#findings.note(rule, `${request}: ${found}`)
    if (submission === undefined) {
      note('Only what was asked for comes about', 'nobody asked')
      return
    }
    const { calls, isVoid, what } = submission
    const ids = this.#ledger.byRequest.get(request) ?? []
    if (ids.length > tasks.length)
      note('What is asked for twice under one key comes about once', `${ids.length} tasks`)
    else if (tasks.length !== calls.length)
      note('A submission is there whole or not at all', `${tasks.length} of ${calls.length}`)
    if (isVoid) note('What was refused does not come about', `${tasks.length} tasks`)
    const groups = new Set(tasks.map(each => each.groupId))
    const isRight =
      groups.size === 1 &&
      (what.kind !== 'add' || groups.has(what.groupId)) &&
      (what.kind !== 'task' || groups.has(null))
    if (!isRight) note('Members are in the group that was asked for', [...groups].join())
  }

  #make(what: Kind, calls: (request: string) => CallRequest[]): Submission {
    const request = `request:${this.#all.size + 1}`
    const made = {
      request,
      what,
      calls: calls(request),
      key: null,
      wasRejected: false,
      isVoid: false,
    }
    this.#all.set(request, made)
    return made
  }

  #send(life: Life, submission: Submission, spawn?: () => Promise<Submitted>): void {
    const { request, calls, key } = submission
    const { kind } = submission.what
    const known = key === null ? undefined : this.#ledger.keys.get(key)
    const isOurs = known?.fingerprint === fingerprintOf(submission)
    const wasRejected = submission.wasRejected && known !== undefined
    this.#requests.send(life, {
      name: `submit ${kind} ${request} of ${calls.length}${key === null ? '' : ` under ${key}`}`,
      send: rollcall => spawn?.() ?? submitTo(rollcall, submission),
      commits: true,
      granted: answer => {
        if (known !== undefined && (!isOurs || answer.replayed === null))
          this.#findings.note('A key stands for one request and one answer', `${request} was taken`)
        if (wasRejected) this.#findings.note('The same key gives the same answer', request)
        this.#acknowledged(submission, answer)
        const replayed = answer.replayed === null ? '' : ' again'
        return `submitted${replayed} ${answer.taskIds.map(short).join(' ')}`
      },
      refused: code => {
        if (code === 'RCL0011') {
          const holder = this.#ledger.keys.get(key ?? '')
          if (holder !== undefined && holder.fingerprint !== fingerprintOf(submission)) return null
          return 'nobody else has used the key'
        }
        if (known !== undefined && isOurs && !wasRejected && this.#isThere(submission))
          return 'it was submitted under the same key before'
        if (key === null) this.#mustNotBe(submission)
        if (code === 'RCL0009') submission.wasRejected = true
        return this.#refused(submission, code)
      },
    })
  }

  #acknowledged({ request, what, calls }: Submission, { taskIds, groupId }: Submitted): void {
    for (const taskId of taskIds) this.#acknowledgedIds.add(taskId)
    const onDisk = this.#ledger.byRequest.get(request) ?? []
    if (taskIds.length !== calls.length || taskIds.toSorted().join() !== onDisk.toSorted().join())
      this.#findings.note(
        'What is acknowledged is on disk',
        `${request} was answered ${taskIds.join(' ')}, and there is ${onDisk.join(' ')}`,
      )
    const isGroupThere = groupId !== null && this.#wasGroup(groupId)
    if (what.kind === 'group' && !isGroupThere)
      this.#findings.note('What is acknowledged is on disk', `${request} has no group ${groupId}`)
    if (what.kind !== 'child') return
    const parent = this.#ledger.tasks.get(what.parentId)
    if (parent !== undefined && !parent.spawned.includes(taskIds[0] as string))
      this.#findings.note('A parent names its children', `${request} of ${what.parentId}`)
  }

  #wasGroup(groupId: string): boolean {
    return this.#ledger.groups.has(groupId) || this.#ledger.deletedGroups.has(groupId)
  }

  /** A request without a key that was refused leaves nothing. */
  #mustNotBe(submission: Submission): void {
    submission.isVoid = true
    if (this.#isThere(submission))
      this.#findings.note('What was refused does not come about', submission.request)
  }

  #isThere({ request }: Submission): boolean {
    return this.#ledger.byRequest.has(request)
  }

  #refused({ what, calls }: Submission, code: string): string | null {
    const isGroupOpen = (groupId: string) =>
      this.#ledger.groups.get(groupId)?.value.endsWith('.open')
    switch (code) {
      case 'RCL0009':
        return calls.some(({ resources = [] }) => resources.length > 0) ? null : 'it uses nothing'
      case 'RCL0004':
        return calls.some(({ depends_on = [] }) => depends_on.length > 0)
          ? null
          : 'it depends on nothing'
      case 'RCL0005':
        return what.kind === 'add' && !this.#ledger.groups.has(what.groupId)
          ? null
          : 'what it names exists'
      case 'RCL0010':
        if (what.kind === 'add') return isGroupOpen(what.groupId) ? 'the group is open' : null
        return what.kind === 'child' && this.#isOver(what, true) ? null : 'its group takes tasks'
      case 'RCL0014':
        return what.kind === 'child' && this.#isOver(what, false) ? null : 'the process serves'
      default:
        return 'there is no such reason'
    }
  }

  /** Whether a parent cannot spawn any more: its attempt is over, or its group was cancelled. */
  #isOver(child: { parentId: string; attempt: number }, orCanceled: boolean): boolean {
    const parent = this.#ledger.tasks.get(child.parentId)
    if (parent === undefined) return true
    if (orCanceled && this.#ledger.groupOf(parent)?.canceled) return true
    return parent.value !== 'running.executing' || parent.attempt !== child.attempt
  }
}
