// Text of an event stream → its events (WHATWG HTML, "Server-sent events"), whole ones only.

/** One event; its JSON is read when somebody asks for it. */
export class LiveEvent {
  readonly id: string | null
  readonly name: string
  readonly #text: string
  #body: EventBody | null = null

  constructor(id: string | null, name: string, text: string) {
    this.id = id
    this.name = name
    this.#text = text
  }

  get body(): EventBody {
    this.#body ??= JSON.parse(this.#text) as EventBody
    return this.#body
  }
}

/** What an event of the server says; which keys there are depends on its type. */
export interface EventBody {
  type: string
  event_id?: number
  at_ms?: number
  task_id?: string | null
  task_group_id?: string | null
  attempt?: number | null
  value: string
  data?: unknown
  merged?: number
  progress?: Record<string, unknown>
  state_summary?: Record<string, number>
}

/** Takes the whole events off the text; `rest` is the beginning of the next. */
export function takeFrames(text: string): { events: LiveEvent[]; rest: string } {
  const events: LiveEvent[] = []
  let from = 0
  for (;;) {
    const end = text.indexOf('\n\n', from)
    if (end < 0) return { events, rest: text.slice(from) }
    const event = eventOf(text.slice(from, end))
    if (event !== null) events.push(event)
    from = end + 2
  }
}

/** Null for what carries nothing: a comment, the time to wait. */
function eventOf(frame: string): LiveEvent | null {
  let id: string | null = null
  let name = 'message'
  let data: string | null = null
  for (const line of frame.split('\n')) {
    if (line.startsWith('data: '))
      data = data === null ? line.slice(6) : `${data}\n${line.slice(6)}`
    else if (line.startsWith('id: ')) id = line.slice(4)
    else if (line.startsWith('event: ')) name = line.slice(7)
  }
  return data === null ? null : new LiveEvent(id, name, data)
}
