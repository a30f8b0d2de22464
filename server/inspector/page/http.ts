// Requests to this server, and to no other: data for the page, and actions through the REST interface.
import { signal } from '@preact/signals'

/** Where the page lives; its routes and its data are below. */
export const BASE = '/inspect'

/** Where the REST interface is mounted, as the server wrote it into the page. */
export const MOUNT =
  document.querySelector<HTMLMetaElement>('meta[name="rollcall-mount"]')?.content ?? '/pulp/api'

/** Server's clock minus the browser's, in ms: ages are right on a computer whose clock is not. */
export const clockSkewMs = signal(0)

/** An answer that is no success, or no answer at all (`status` 0). */
export class AnswerError extends Error {
  readonly status: number
  readonly code: string | null

  constructor(status: number, code: string | null, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** Reads `/inspect/data/<path>`. @throws {AnswerError} */
export async function read<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await request('GET', `${BASE}/data/${path}`, signal)) as T
}

/** Reads `<mount>/v2/<path>`. @throws {AnswerError} */
export async function readRest<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await request('GET', `${MOUNT}/v2/${path}`, signal)) as T
}

/** Sends an action to `<mount>/v2/<path>`. @throws {AnswerError} */
export async function act(method: 'POST' | 'DELETE', path: string): Promise<void> {
  await request(method, `${MOUNT}/v2/${path}`)
}

async function request(method: string, url: string, signal?: AbortSignal): Promise<unknown> {
  const response = await fetch(url, {
    method,
    headers: { accept: 'application/json' },
    ...(signal && { signal }),
  }).catch(error => {
    if (signal?.aborted) throw error
    throw new AnswerError(0, null, 'The server does not answer.')
  })
  noteTime(response)
  const text = await response.text()
  if (!response.ok) throw refusal(response.status, text)
  return text === '' ? null : JSON.parse(text)
}

/** The error that a refused request's body says. */
export function refusal(status: number, text: string): AnswerError {
  try {
    const { error, error_message: message } = JSON.parse(text)
    return new AnswerError(status, error?.code ?? null, String(message ?? `status ${status}`))
  } catch {
    return new AnswerError(status, null, `The server answered with status ${status}.`)
  }
}

/** The header has whole seconds, so that less than two say nothing. */
function noteTime(response: Response): void {
  const serverMs = Date.parse(response.headers.get('date') ?? '')
  if (Number.isNaN(serverMs)) return
  const skewMs = serverMs - Date.now()
  clockSkewMs.value = Math.abs(skewMs) < 2_000 ? 0 : skewMs
}

/** A query string of what is set; empty when nothing is. */
export function queryOf(
  params: Record<string, string | number | null | readonly string[]>,
): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(params)) {
    for (const each of [value].flat()) {
      if (each !== null && each !== '') query.append(name, String(each))
    }
  }
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}
