// Requests become commands and replies become answers: what the library's face does to submit.
import type { Replayed, SubmitReply, TaskSpec } from '../machines/index.ts'
import type { CallRequest, Registry } from './calls.ts'
import type { Engine } from './engine.ts'
import { BadRequestError } from './errors.ts'
import type { Clock } from './ports.ts'
import { specOf } from './specs.ts'
import type { Store } from './store/store.ts'
import { idempotencyOf, refusal, type SubmitOptions, type Submitted } from './submission.ts'

/** Calls of a submission that are checked at once. */
const SPECS_SLICE = 256

export interface GroupRequest {
  calls: CallRequest[]
  tags?: string[]
  on_failure?: 'continue' | 'cancel'
  open?: boolean
}

export interface SubmitterParts {
  engine: Engine
  registry: Registry
  store: Store
  clock: Clock
}

export class Submitter {
  readonly #engine: Engine
  readonly #registry: Registry
  readonly #store: Store
  readonly #clock: Clock

  constructor({ engine, registry, store, clock }: SubmitterParts) {
    this.#engine = engine
    this.#registry = registry
    this.#store = store
    this.#clock = clock
  }

  async submit(request: CallRequest, options: SubmitOptions): Promise<Submitted> {
    const { principal = null } = options
    const reply = await this.#engine.send({
      type: 'tasks.submit',
      specs: [this.#spec(request, [], principal)],
      group: null,
      idempotency: idempotencyOf(options),
    })
    return this.#submitted(reply, options)
  }

  /** Submits a group, whole or not at all. */
  async submitGroup(
    request: GroupRequest,
    options: SubmitOptions,
  ): Promise<Submitted & { groupId: string }> {
    const { calls, tags = [], on_failure = 'continue', open = false } = request
    if (on_failure !== 'continue' && on_failure !== 'cancel') {
      throw new BadRequestError(
        `on_failure is continue or cancel; found ${JSON.stringify(on_failure)}`,
      )
    }
    if (calls.length === 0 && !open) {
      throw new BadRequestError(
        'a group without calls must be open, so that calls can be added to it',
      )
    }
    const specs = await this.#specs(calls, tags, options)
    const reply = await this.#engine.send({
      type: 'tasks.submit',
      specs,
      group: { tags, onFailure: on_failure, open },
      idempotency: idempotencyOf(options),
    })
    return this.#submitted(reply, options) as Submitted & { groupId: string }
  }

  /** Adds calls to a group that was submitted open. */
  async addToGroup(
    groupId: string,
    calls: CallRequest[],
    options: SubmitOptions,
  ): Promise<Submitted> {
    // A group that was deleted may have answered this key before: that answer is given again.
    const tags = (await this.#store.group(groupId))?.tags ?? []
    const specs = await this.#specs(calls, tags, options)
    const reply = await this.#engine.send({
      type: 'group.add',
      groupId,
      specs,
      idempotency: idempotencyOf(options),
    })
    return this.#submitted(reply, options)
  }

  /** Slice by slice: whoever asks for something small does not wait for the whole of a group. */
  async #specs(
    calls: CallRequest[],
    groupTags: string[],
    { principal = null }: SubmitOptions,
  ): Promise<TaskSpec[]> {
    const specs: TaskSpec[] = []
    for (const call of calls) {
      if (specs.length > 0 && specs.length % SPECS_SLICE === 0) await this.#clock.turn()
      specs.push(this.#spec(call, groupTags, principal))
    }
    return specs
  }

  #spec(request: CallRequest, groupTags: string[], principal: string | null): TaskSpec {
    return specOf(this.#registry.get(request.call), request, groupTags, principal)
  }

  #submitted(reply: SubmitReply & Replayed, options: SubmitOptions): Submitted {
    if (reply.outcome !== 'submitted') throw refusal(reply, options.idempotency?.key)
    const [first] = reply.tasks
    return {
      groupId: reply.groupId,
      taskIds: reply.tasks.map(task => task.taskId),
      response: first?.response ?? 'accepted',
      replayed: reply.replayed ?? null,
    }
  }
}
