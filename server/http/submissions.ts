// Submissions over HTTP: what ran now is answered with its result, what is queued with a report of it.
// An idempotency key gives the first answer again.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isFinal, type Json, stateOf, type Task, taskLink } from '../../machines/index.ts'
import type { CallRequest, Log } from '../calls.ts'
import { BadRequestError, NoResultError } from '../errors.ts'
import type { Rollcall } from '../rollcall.ts'
import { idempotencyOf, type Submitted } from '../submission.ts'
import type { GroupRequest } from '../submitter.ts'
import { type Answer, headerUrl } from './answer.ts'
import { errorAnswer, failureAnswer, pathOf } from './error-body.ts'
import { disconnection } from './long-poll.ts'
import { preferenceApplied, preferencesOf } from './prefer.ts'

/** Seconds after which a client that polls may look again. */
const RETRY_AFTER_S = '1'

type Idempotency = { key: string; request: Json }

interface Wait {
  /** 0: it is not. */
  timeoutMs: number
  /** Whether also while the task has to wait itself: the client asked for it. */
  patient: boolean
  /** The header that says so. */
  applied: Record<string, string>
}

export interface SubmissionParts {
  rollcall: Rollcall
  /** How long a synchronous call is waited for, in ms. */
  syncWaitMs: number
  /** Aborted when the server stops. */
  closing: AbortSignal
  log: Log
}

export class Submissions {
  readonly #parts: SubmissionParts
  /** Answers to requests with a key that are under way, by their fingerprint. */
  readonly #underWay = new Map<string, Promise<Answer>>()

  constructor(parts: SubmissionParts) {
    this.#parts = parts
  }

  /**
   * Submits one task and answers 200, 201, or the error of a call that ran now; otherwise 202.
   *
   * @throws {BadRequestError} The request's idempotency key is none.
   */
  task(request: FastifyRequest, reply: FastifyReply, asked: CallRequest): Promise<Answer> {
    return this.#once(request, idempotency => this.#task(request, reply, asked, idempotency))
  }

  async #task(
    request: FastifyRequest,
    reply: FastifyReply,
    asked: CallRequest,
    idempotency: Idempotency | null,
  ): Promise<Answer> {
    const { rollcall } = this.#parts
    const submitted = await rollcall.submit(asked, idempotency === null ? {} : { idempotency })
    if (submitted.replayed !== null && submitted.replayed.answer !== null) {
      return submitted.replayed.answer as unknown as Answer
    }
    const { execution } = rollcall.registry.get(asked.call)
    // What an asynchronous call answered at once is not kept: its task tells it.
    if (submitted.replayed !== null && execution === 'async') return this.#queued(submitted, {})
    const wait = this.#waitOf(request, execution)
    // Whoever sends the same key at the same time waits for this answer too: it must not end early.
    const waitsFor = idempotency === null ? reply : null
    const answer =
      wait.timeoutMs === 0
        ? this.#queued(submitted, wait.applied)
        : await this.#ranNowOrQueued(request, submitted, wait, waitsFor)
    const kept = execution === 'sync' || answer.status !== 202
    if (idempotency !== null && kept) await this.#remember(idempotency.key, answer)
    return answer
  }

  /** Submits a group: always 202. */
  group(request: FastifyRequest, asked: GroupRequest): Promise<Answer> {
    return this.#once(request, async idempotency => {
      const { groupId } = await this.#parts.rollcall.submitGroup(asked, {
        ...(idempotency && { idempotency }),
      })
      return this.#groupQueued(groupId)
    })
  }

  /** Adds calls to an open group: 202. */
  addition(request: FastifyRequest, groupId: string, calls: CallRequest[]): Promise<Answer> {
    return this.#once(request, async idempotency => {
      await this.#parts.rollcall.addToGroup(groupId, calls, { ...(idempotency && { idempotency }) })
      return this.#groupQueued(groupId)
    })
  }

  /** Requests with one key at one time share one answer; later ones get it from the store. */
  #once(
    request: FastifyRequest,
    answer: (idempotency: Idempotency | null) => Promise<Answer>,
  ): Promise<Answer> {
    const idempotency = idempotencyOfRequest(request)
    if (idempotency === null) return answer(null)
    const { key, fingerprint } = idempotencyOf({ idempotency }) ?? { key: '', fingerprint: '' }
    const name = `${fingerprint} ${key}`
    const known = this.#underWay.get(name)
    if (known !== undefined) return known
    const first = answer(idempotency).finally(() => this.#underWay.delete(name))
    this.#underWay.set(name, first)
    return first
  }

  /** How long a request's result is waited for. */
  #waitOf(request: FastifyRequest, execution: 'sync' | 'async'): Wait {
    const { respondAsync, waitMs: preferredMs } = preferencesOf(request.headers.prefer)
    const waitMs = respondAsync ? null : preferredMs
    return {
      timeoutMs: waitMs ?? (execution === 'sync' && !respondAsync ? this.#parts.syncWaitMs : 0),
      patient: waitMs !== null,
      applied: preferenceApplied({ respondAsync, waitMs }),
    }
  }

  async #ranNowOrQueued(
    request: FastifyRequest,
    submitted: Submitted,
    { timeoutMs, patient, applied }: Wait,
    waitsFor: FastifyReply | null,
  ): Promise<Answer> {
    const taskId = submitted.taskIds[0] as string
    const { rollcall, closing } = this.#parts
    const signal = waitsFor === null ? closing : AbortSignal.any([closing, disconnection(waitsFor)])
    const task = await rollcall.until({
      read: () => rollcall.task(taskId),
      done: each => isFinal(each.value) || (!patient && hasToWait(each)),
      concerns: ({ tasks }) => tasks.has(taskId),
      timeoutMs,
      signal,
    })
    if (!isFinal(task.value)) return this.#queued(submitted, applied)
    const answer = this.#ended(task, pathOf(request))
    return { ...answer, headers: { ...applied, ...answer.headers } }
  }

  #ended(task: Task, href: string): Answer {
    const state = stateOf(task.value)
    if (state === 'finished') {
      return task.location === null
        ? { status: 200, headers: {}, body: task.result }
        : { status: 201, headers: { location: headerUrl(task.location) }, body: task.result }
    }
    return state === 'error' && task.failure !== null
      ? failureAnswer(task.failure, href)
      : errorAnswer(new NoResultError(task.taskId, state), href)
  }

  #queued({ taskIds }: Submitted, applied: Record<string, string>): Answer {
    const links = taskIds.map(taskId => ({ ...taskLink(taskId, this.#parts.rollcall.hrefs) }))
    const location = links[0]?._href ?? ''
    return {
      status: 202,
      headers: { ...applied, location, 'retry-after': RETRY_AFTER_S },
      body: { result: null, error: null, spawned_tasks: links },
    }
  }

  #groupQueued(groupId: string): Answer {
    const _href = this.#parts.rollcall.hrefs.group(groupId)
    return {
      status: 202,
      headers: { location: _href, 'retry-after': RETRY_AFTER_S },
      body: { _href, group_id: groupId },
    }
  }

  /** The task has ended on disk whatever comes of this: a later request would look at it again. */
  async #remember(key: string, answer: Answer): Promise<void> {
    try {
      await this.#parts.rollcall.rememberAnswer(key, { ...answer })
    } catch (error) {
      this.#parts.log.warn({ err: error }, 'an answer was not kept for its idempotency key')
    }
  }
}

/** Whether a task did not start at once: another attempt that waits is still the same run to its caller. */
function hasToWait({ value, attempt }: Task): boolean {
  return attempt === 1 && (stateOf(value) === 'waiting' || stateOf(value) === 'suspended')
}

/** The key that a request brings, and what it stands for; null when it brings none. */
export function idempotencyOfRequest(request: FastifyRequest): Idempotency | null {
  const key = request.headers['idempotency-key']
  if (key === undefined) return null
  if (typeof key !== 'string' || !/^[\x20-\x7e]{1,255}$/.test(key)) {
    throw new BadRequestError('the Idempotency-Key is 1 to 255 printable ASCII characters')
  }
  const { method, originalUrl } = request
  const url = originalUrl.replace(/\/(?=\?|$)/, '')
  return { key, request: { method, url, body: (request.body ?? null) as Json } }
}
