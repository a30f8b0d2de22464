// A client of the REST interface, as small as one can be: what the demo needs.

/** The parts of a task's call report that the demo shows. */
export interface TaskReport {
  task_id: string
  task_group_id: string | null
  task_type: string
  tags: string[]
  state: string
  progress: { done?: number; total?: number; current?: string | null }
  result: unknown
  error: { code: string; description: string } | null
  start_time: string | null
}

/** How many tasks of a group are in each state. */
export interface StateSummary {
  waiting: number
  running: number
  suspended: number
  finished: number
  error: number
  canceled: number
  skipped: number
  total: number
}

/** A client of the server at `origin`, without a slash at its end. */
export class Client {
  readonly origin: string
  readonly #signal: AbortSignal

  /** @param signal Ends every request under way, and refuses later ones. */
  constructor(origin: string, signal: AbortSignal) {
    this.origin = origin
    this.#signal = signal
  }

  async get<Body>(path: string): Promise<Body> {
    const { status, body } = await this.#request('GET', path)
    if (status !== 200) throw new Error(`GET ${path} answered ${status}: ${JSON.stringify(body)}`)
    return body as Body
  }

  /** @param expected The statuses that the caller can handle; any other throws. */
  async post<Body>(
    path: string,
    body: unknown,
    expected: number[],
  ): Promise<{ status: number; body: Body }> {
    const answer = await this.#request('POST', path, body)
    if (!expected.includes(answer.status)) {
      throw new Error(`POST ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`)
    }
    return { status: answer.status, body: answer.body as Body }
  }

  async #request(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: unknown }> {
    const response = await fetch(this.origin + path, {
      method,
      signal: this.#signal,
      ...(body !== undefined && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    })
    return { status: response.status, body: await response.json() }
  }
}
