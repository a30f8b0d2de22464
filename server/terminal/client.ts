// What `rollcall watch` asks a server: reports over REST, and what happens over an event stream.
import { NotFoundError } from '../errors.ts'

/** One event of a stream. */
export interface StreamEvent {
  /** What the stream said last that its reader shall come back with; empty when it said nothing. */
  lastId: string
  data: { type: string; [field: string]: unknown }
}

export class Client {
  readonly #base: string

  /** @param base The server's URL, without a slash at its end. */
  constructor(base: string) {
    this.#base = base
  }

  /**
   * Reads JSON.
   *
   * @throws {NotFoundError} There is nothing at the path.
   * @throws {Error} The server does not answer, or not with JSON.
   */
  async get(path: string, signal: AbortSignal): Promise<unknown> {
    const response = await this.#fetch(path, { signal })
    return response.json()
  }

  /**
   * Follows a stream until it ends.
   *
   * @param lastId Where an earlier stream ended; empty: what comes.
   * @throws {Error} As `get`; also when the connection breaks.
   */
  async *events(path: string, lastId: string, signal: AbortSignal): AsyncGenerator<StreamEvent> {
    const headers = { accept: 'text/event-stream', ...(lastId && { 'last-event-id': lastId }) }
    const response = await this.#fetch(path, { signal, headers })
    let id = lastId
    let data = ''
    for await (const line of linesOf(response)) {
      const [, field, value = ''] = /^(\w+):? ?(.*)$/.exec(line) ?? []
      if (field === 'id') id = value
      else if (field === 'data') data += value
      else if (line === '' && data !== '') {
        yield { lastId: id, data: JSON.parse(data) }
        data = ''
      }
    }
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const response = await fetch(this.#base + path, init)
    if (response.ok) return response
    const body = await response.text()
    const message = messageIn(body) ?? `${response.status} ${response.statusText}`
    throw response.status === 404 ? new NotFoundError(message) : new Error(message)
  }
}

function messageIn(body: string): string | null {
  try {
    const { error_message } = JSON.parse(body)
    return typeof error_message === 'string' ? error_message : null
  } catch {
    // A proxy in between answers in its own way.
    return null
  }
}

async function* linesOf({ body }: Response): AsyncGenerator<string> {
  let text = ''
  for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const lines = (text + chunk).split('\n')
    text = lines.pop() ?? ''
    yield* lines
  }
}
