// A client of the event streams: reads frames off a response as the standard says, and nothing more.
import type { TestContext } from 'node:test'

export interface Frame {
  /** What the stream said last that a client shall come back with. */
  lastId: string
  event: string
  // biome-ignore lint/suspicious/noExplicitAny: a test asserts on data of every shape.
  data: any
}

export class EventStream {
  readonly response: Response
  readonly #stop: AbortController
  readonly #frames: AsyncGenerator<Frame>
  /** What the client would come back with. */
  lastId = ''
  /** Comments so far. */
  comments: string[] = []

  constructor(response: Response, stop: AbortController) {
    this.response = response
    this.#stop = stop
    this.#frames = this.#read()
  }

  /** The next event; rejects when the stream has ended. */
  async next(): Promise<Frame> {
    const { value, done } = await this.#frames.next()
    if (done) throw new Error('the stream has ended')
    return value
  }

  /** Events up to one of this type, which is the last. */
  async until(type: string): Promise<Frame[]> {
    const frames: Frame[] = []
    while (frames.at(-1)?.data.type !== type) frames.push(await this.next())
    return frames
  }

  /** Cuts the connection. */
  cut(): void {
    this.#stop.abort()
  }

  async *#read(): AsyncGenerator<Frame> {
    let [event, data] = ['message', '']
    for await (const line of linesOf(this.response)) {
      const [, field, value = ''] = /^(\w*):? ?(.*)$/.exec(line) ?? []
      if (line === '') {
        if (data !== '') yield { lastId: this.lastId, event, data: JSON.parse(data) }
        event = 'message'
        data = ''
      } else if (line.startsWith(':')) this.comments.push(line.slice(1))
      else if (field === 'id') this.lastId = value
      else if (field === 'event') event = value
      else if (field === 'data') data += value
    }
  }
}

/** Opens a stream; it is cut when the test ends. */
export async function openStream(
  t: TestContext,
  url: string,
  lastId?: string,
): Promise<EventStream> {
  const stop = new AbortController()
  t.after(() => stop.abort())
  const response = await fetch(url, {
    headers: lastId === undefined ? {} : { 'last-event-id': lastId },
    signal: stop.signal,
  })
  return new EventStream(response, stop)
}

async function* linesOf({ body }: Response): AsyncGenerator<string> {
  let text = ''
  for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const lines = (text + chunk).split('\n')
    text = lines.pop() ?? ''
    yield* lines
  }
}
