// The bytes of the requests that servers are measured with.
import { FILLER } from './payload.ts'

export const API = '/pulp/api/v2'

export function getRequest(path: string, headers: Record<string, string> = {}): string {
  return requestBytes('GET', path, headers)
}

/** A task with a tag and a resource of its own: the load's client puts a number for the `#`. */
export function postTaskRequest(): string {
  const body = JSON.stringify({
    call: 'nothing',
    args: { filler: FILLER },
    tags: ['pulp:repository:##########'],
    resources: [{ resource_type: 'repository', resource_id: '##########', operation: 'update' }],
  })
  const headers = { 'content-type': 'application/json', 'content-length': `${body.length}` }
  return requestBytes('POST', `${API}/tasks/`, headers) + body
}

function requestBytes(method: string, path: string, headers: Record<string, string>): string {
  const lines = Object.entries({ host: '127.0.0.1', accept: 'application/json', ...headers })
  return `${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}
